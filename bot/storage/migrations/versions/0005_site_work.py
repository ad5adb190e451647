"""What the site team does: telephone calls, replies to messages, chats of staff, and decisions on corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0005_site_work"
down_revision = "0004_diary_links"
branch_labels = None
depends_on = None

CORRECTION = (
    sa.Column("requested_by", sa.String(), nullable=True),
    sa.Column("stools", sa.Integer(), nullable=True),
    sa.Column("pain", sa.Integer(), nullable=True),
    sa.Column("wellbeing", sa.Integer(), nullable=True),
    sa.Column("antidiarrhoeal", sa.Integer(), nullable=True),
    sa.Column("request_reason", sa.String(), nullable=True),
    sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("decided_by", sa.String(), nullable=True),
    sa.Column("decision_reason", sa.String(), nullable=True),
)


def upgrade() -> None:
    """Create the tables and add the columns."""
    create_phone_call()
    create_site_reply()
    create_staff_chat()
    for column in CORRECTION:
        op.add_column("correction", sa.Column(column.name, column.type, nullable=True))
    op.add_column("site_message", sa.Column("acknowledged_by", sa.String(), nullable=True))


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    op.drop_column("site_message", "acknowledged_by")
    for column in reversed(CORRECTION):
        op.drop_column("correction", column.name)
    for table in ("staff_chat", "site_reply", "phone_call"):
        op.drop_table(table)


def create_phone_call() -> None:
    op.create_table(
        "phone_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_by", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('will_enter', 'dictated', 'no_answer', 'declined')",
            name=op.f("ck_phone_call_outcome_known"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_phone_call_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_call")),
    )
    op.create_index(op.f("ix_phone_call_participant_id"), "phone_call", ["participant_id"])


def create_site_reply() -> None:
    op.create_table(
        "site_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_message_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("frame", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replied_by", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.CheckConstraint(
            "frame IN ('call_you', 'call_us', 'noted', 'at_visit', 'words')", name=op.f("ck_site_reply_frame_known")
        ),
        sa.ForeignKeyConstraint(
            ["site_message_id"], ["site_message.id"], name=op.f("fk_site_reply_site_message_id_site_message")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_site_reply_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_reply")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_site_reply_dedupe_key")),
    )
    op.create_index(op.f("ix_site_reply_participant_id"), "site_reply", ["participant_id"])
    op.create_index(op.f("ix_site_reply_site_message_id"), "site_reply", ["site_message_id"])


def create_staff_chat() -> None:
    op.create_table(
        "staff_chat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_chat_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_chat")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_chat_token_hash")),
    )
    op.create_index(op.f("ix_staff_chat_staff_id"), "staff_chat", ["staff_id"])
    op.create_index(
        "uq_staff_chat_bound_address",
        "staff_chat",
        ["address"],
        unique=True,
        sqlite_where=sa.text("address IS NOT NULL AND ended_at IS NULL"),
        postgresql_where=sa.text("address IS NOT NULL AND ended_at IS NULL"),
    )
