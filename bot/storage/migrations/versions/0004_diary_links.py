"""Personal links to the diary page, each known only by the hash of its token."""

import sqlalchemy as sa
from alembic import op

revision = "0004_diary_links"
down_revision = "0003_stored_drafts"
branch_labels = None
depends_on = None

TABLE = "diary_link"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_diary_link_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diary_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_diary_link_token_hash")),
    )
    op.create_index(op.f("ix_diary_link_participant_id"), TABLE, ["participant_id"], unique=False)


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    op.drop_table(TABLE)
