"""Stored drafts: what was signed, printed or exported, with guards against every change."""

import sqlalchemy as sa
from alembic import op

revision = "0003_stored_drafts"
down_revision = "0002_clinic"
branch_labels = None
depends_on = None

TABLE = "stored_draft"
REFUSE = f"BEGIN SELECT RAISE(ABORT, '{TABLE} is insert-only'); END"
KNOWN = f"EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id)"  # noqa: S608  # a constant, no input
SQLITE_GUARDS = (
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} {REFUSE}",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} {REFUSE}",
    f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} WHEN {KNOWN} {REFUSE}",
)
POSTGRES_GUARD = (
    f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
)


def upgrade() -> None:
    """Create the table and its guards."""
    create_stored_draft()
    guards = SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else (POSTGRES_GUARD,)
    for statement in guards:
        op.execute(statement)


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    op.drop_table(TABLE)


def create_stored_draft() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("visit", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("canon_version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.CheckConstraint(
            "occasion IN ('signed', 'printed', 'exported')", name=op.f("ck_stored_draft_occasion_known")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_stored_draft_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_draft")),
    )
    op.create_index(op.f("ix_stored_draft_participant_id_visit"), TABLE, ["participant_id", "visit"])
