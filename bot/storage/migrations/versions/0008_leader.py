"""Who leads the sending, and an index for what an address has sent lately."""

import sqlalchemy as sa
from alembic import op

revision = "0008_leader"
down_revision = "0007_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and the index."""
    op.create_table(
        "leader",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_leader")),
    )
    op.create_index("ix_inbox_address_received_at", "inbox", ["address", "received_at"])


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    op.drop_index("ix_inbox_address_received_at", "inbox")
    op.drop_table("leader")
