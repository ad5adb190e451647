"""The clinic: credentials, setup links, sessions, attempts, kept forms, and the chain of access events."""

import sqlalchemy as sa
from alembic import op

revision = "0002_clinic"
down_revision = "0001_spine"
branch_labels = None
depends_on = None

TABLES = (
    "access_event",
    "staff_credential",
    "staff_setup",
    "recovery_code",
    "staff_session",
    "sign_in_attempt",
    "kept_form",
)
REFUSE = "BEGIN SELECT RAISE(ABORT, 'access_event is insert-only'); END"
REFUSE_WRONG_SEQ = """
CREATE FUNCTION refuse_wrong_access_seq() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq IS DISTINCT FROM (SELECT COALESCE(MAX(seq), 0) + 1 FROM access_event)
     OR EXISTS (SELECT 1 FROM access_event WHERE hash = NEW.hash) THEN
    RAISE EXCEPTION 'access_event is insert-only' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""
NO_REPLACE = """
CREATE TRIGGER access_event_no_replace BEFORE INSERT ON access_event
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM access_event)
  OR EXISTS (SELECT 1 FROM access_event WHERE hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'access_event is insert-only'); END
"""


def upgrade() -> None:
    """Create the tables and the guards of the access chain."""
    create_access_event()
    create_staff_credential()
    create_staff_setup()
    create_recovery_code()
    create_staff_session()
    create_sign_in_attempt()
    create_kept_form()
    put_up_access_guards()


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_wrong_access_seq")


def put_up_access_guards() -> None:
    """The database refuses to change, delete, replace or misnumber an access event."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(REFUSE_WRONG_SEQ)
        op.execute(
            "CREATE TRIGGER access_event_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON access_event "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            "CREATE TRIGGER access_event_no_replace BEFORE INSERT ON access_event "
            "FOR EACH ROW EXECUTE FUNCTION refuse_wrong_access_seq()"
        )
        return
    op.execute(f"CREATE TRIGGER access_event_no_update BEFORE UPDATE ON access_event {REFUSE}")
    op.execute(f"CREATE TRIGGER access_event_no_delete BEFORE DELETE ON access_event {REFUSE}")
    op.execute(NO_REPLACE)


def create_access_event() -> None:
    op.create_table(
        "access_event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shifted", sa.Boolean(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("participant", sa.String(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("old", sa.String(), nullable=True),
        sa.Column("new", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_access_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_access_event_hash")),
    )
    op.create_index(op.f("ix_access_event_participant"), "access_event", ["participant"])


def create_staff_credential() -> None:
    op.create_table(
        "staff_credential",
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("printed_name", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("seed_sealed", sa.String(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("set_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_staff_credential_language_known")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_credential_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_credential")),
    )


def create_staff_setup() -> None:
    op.create_table(
        "staff_setup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("seed_sealed", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_setup_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_setup")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_setup_token_hash")),
    )
    op.create_index(op.f("ix_staff_setup_staff_id"), "staff_setup", ["staff_id"])


def create_recovery_code() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_staff_id"), "recovery_code", ["staff_id"])


def create_staff_session() -> None:
    op.create_table(
        "staff_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "end_reason IN ('signed_out', 'idle', 'expired', 'displaced', 'revoked', 'disabled', 'reset', 'locked')",
            name=op.f("ck_staff_session_end_reason_known"),
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("id_hash", name=op.f("uq_staff_session_id_hash")),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"])


def create_sign_in_attempt() -> None:
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.CheckConstraint("outcome IN ('passed', 'failed', 'locked')", name=op.f("ck_sign_in_attempt_outcome_known")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sign_in_attempt_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_at"), "sign_in_attempt", ["at"])
    op.create_index(op.f("ix_sign_in_attempt_staff_id"), "sign_in_attempt", ["staff_id"])


def create_kept_form() -> None:
    op.create_table(
        "kept_form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_kept_form_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
    )
    op.create_index(op.f("ix_kept_form_staff_id"), "kept_form", ["staff_id"])
