"""Signatures, what made them void, and requests to unlock, with guards against every change."""

import sqlalchemy as sa
from alembic import op

revision = "0006_signatures"
down_revision = "0005_site_work"
branch_labels = None
depends_on = None

# Every set of columns by which a row could be replaced, the primary key first.
TABLES = {
    "signature": ("id",),
    "signature_void": ("id", "signature_id"),
    "unlock_request": ("id",),
}


def upgrade() -> None:
    """Create the tables and their guards."""
    create_signature()
    create_signature_void()
    create_unlock_request()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, keys in TABLES.items():
        for statement in sqlite_guards(table, keys) if sqlite else (postgres_guard(table),):
            op.execute(statement)


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    for table in reversed(TABLES):
        op.drop_table(table)


def sqlite_guards(table: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Triggers against changing, deleting and replacing a row."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
    same = " OR ".join(f"{key} = NEW.{key}" for key in keys)
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608  # constant names
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
        ),
    )


def postgres_guard(table: str) -> str:
    """A trigger against changing, deleting and emptying."""
    return (
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def create_signature() -> None:
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("visit", sa.String(), nullable=False),
        sa.Column("stored_draft_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("printed_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("canon_version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.Integer(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.CheckConstraint("meaning IN ('reviewed')", name=op.f("ck_signature_meaning_known")),
        sa.CheckConstraint("method IN ('password_and_code', 'password')", name=op.f("ck_signature_method_known")),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_signature_language_known")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_signature_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["stored_draft_id"], ["stored_draft.id"], name=op.f("fk_signature_stored_draft_id_stored_draft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    op.create_index(op.f("ix_signature_participant_id_visit"), "signature", ["participant_id", "visit"])


def create_signature_void() -> None:
    op.create_table(
        "signature_void",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "cause IN ('entry', 'clinic', 'visit', 'preparation', 'protocol', 'unlock')",
            name=op.f("ck_signature_void_cause_known"),
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name=op.f("fk_signature_void_signature_id_signature")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_void")),
        sa.UniqueConstraint("signature_id", name=op.f("uq_signature_void_signature_id")),
    )


def create_unlock_request() -> None:
    op.create_table(
        "unlock_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name=op.f("fk_unlock_request_signature_id_signature")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlock_request")),
    )
    op.create_index(op.f("ix_unlock_request_signature_id"), "unlock_request", ["signature_id"])
