"""The spine: every table of the first release, and the triggers that keep what is insert-only insert-only."""

import sqlalchemy as sa
from alembic import op

from bot.storage.migrations.guards import put_up_guards, take_down_guards

revision = "0001_spine"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "audit_event",
    "heartbeat",
    "inbox",
    "instance",
    "outage",
    "participant",
    "protocol",
    "staff",
    "stranger",
    "answer",
    "assessment",
    "chat",
    "correction",
    "entry",
    "helped",
    "invitation",
    "participant_zone",
    "preparation",
    "site_message",
    "site_task",
    "visit",
    "card",
    "panel",
    "message",
)


def upgrade() -> None:
    """Create the tables in the order of their references, then the guards."""
    create_audit_event()
    create_heartbeat()
    create_inbox()
    create_instance()
    create_outage()
    create_participant()
    create_protocol()
    create_staff()
    create_stranger()
    create_answer()
    create_assessment()
    create_chat()
    create_correction()
    create_entry()
    create_helped()
    create_invitation()
    create_participant_zone()
    create_preparation()
    create_site_message()
    create_site_task()
    create_visit()
    create_card()
    create_panel()
    create_message()
    put_up_guards(op.get_bind())


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    take_down_guards(op.get_bind())
    for table in reversed(TABLES):
        op.drop_table(table)


def create_audit_event() -> None:
    op.create_table(
        "audit_event",
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
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_event_hash")),
    )
    op.create_index(op.f("ix_audit_event_participant"), "audit_event", ["participant"])


def create_heartbeat() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("system_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("study_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_heartbeat")),
    )


def create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'aside')", name=op.f("ck_inbox_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("update_id", name=op.f("uq_inbox_update_id")),
    )
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def create_instance() -> None:
    op.create_table(
        "instance",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("learnt_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_instance")),
    )


def create_outage() -> None:
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
    )


def create_participant() -> None:
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("height_cm", sa.String(), nullable=False),
        sa.Column("standard_weight_kg", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("hour", sa.String(), nullable=False),
        sa.Column("baseline_on", sa.Date(), nullable=False),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("stoma", sa.Boolean(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_version", sa.String(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thanked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_participant_language_known")),
        sa.CheckConstraint("sex IN ('male', 'female')", name=op.f("ck_participant_sex_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("code", name=op.f("uq_participant_code")),
    )


def create_protocol() -> None:
    op.create_table(
        "protocol",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol")),
    )


def create_staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('coordinator', 'clinician', 'data_manager', 'monitor', 'admin')",
            name=op.f("ck_staff_role_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_name")),
    )


def create_stranger() -> None:
    op.create_table(
        "stranger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("refused_invitations", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stranger")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_stranger_channel_address")),
    )


def create_answer() -> None:
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.CheckConstraint(
            "item IN ('stools', 'pain', 'wellbeing', 'antidiarrhoeal')", name=op.f("ck_answer_item_known")
        ),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_answer_language_known")),
        sa.CheckConstraint("source IN ('participant', 'staff', 'operator')", name=op.f("ck_answer_source_known")),
        sa.CheckConstraint("value BETWEEN 0 AND 50", name=op.f("ck_answer_value_range")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_answer_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint(
            "participant_id",
            "diary_day",
            "item",
            "ordinal",
            name=op.f("uq_answer_participant_id_diary_day_item_ordinal"),
        ),
    )


def create_assessment() -> None:
    op.create_table(
        "assessment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("visit", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "component IN ('hct', 'weight', 'mass', 'complications', 'antidiarrhoeal', 'sescd', 'accepted')",
            name=op.f("ck_assessment_component_known"),
        ),
        sa.CheckConstraint("source IN ('participant', 'staff', 'operator')", name=op.f("ck_assessment_source_known")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_assessment_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint(
            "participant_id",
            "visit",
            "component",
            "revision",
            name=op.f("uq_assessment_participant_id_visit_component_revision"),
        ),
    )


def create_chat() -> None:
    op.create_table(
        "chat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reach_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('telegram')", name=op.f("ck_chat_channel_known")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_chat_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat")),
    )
    op.create_index(op.f("ix_chat_participant_id"), "chat", ["participant_id"])
    op.create_index(
        "uq_chat_bound_address",
        "chat",
        ["channel", "address"],
        unique=True,
        sqlite_where=sa.text("unbound_at IS NULL"),
        postgresql_where=sa.text("unbound_at IS NULL"),
    )
    op.create_index(
        "uq_chat_bound_participant",
        "chat",
        ["participant_id"],
        unique=True,
        sqlite_where=sa.text("unbound_at IS NULL"),
        postgresql_where=sa.text("unbound_at IS NULL"),
    )


def create_correction() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'approved', 'declined')", name=op.f("ck_correction_state_known")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_correction_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_participant_id"), "correction", ["participant_id"])


def create_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stools", sa.Integer(), nullable=False),
        sa.Column("pain", sa.Integer(), nullable=False),
        sa.Column("wellbeing", sa.Integer(), nullable=False),
        sa.Column("antidiarrhoeal", sa.Integer(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timing", sa.String(), nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("utc_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_entry_language_known")),
        sa.CheckConstraint("source IN ('participant', 'staff', 'operator')", name=op.f("ck_entry_source_known")),
        sa.CheckConstraint("timing IN ('on_time', 'late', 'after_closing')", name=op.f("ck_entry_timing_known")),
        sa.CheckConstraint("antidiarrhoeal BETWEEN 0 AND 1", name=op.f("ck_entry_antidiarrhoeal_range")),
        sa.CheckConstraint("pain BETWEEN 0 AND 3", name=op.f("ck_entry_pain_range")),
        sa.CheckConstraint("stools BETWEEN 0 AND 50", name=op.f("ck_entry_stools_range")),
        sa.CheckConstraint("wellbeing BETWEEN 0 AND 4", name=op.f("ck_entry_wellbeing_range")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_entry_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint(
            "participant_id", "diary_day", "revision", name=op.f("uq_entry_participant_id_diary_day_revision")
        ),
    )


def create_helped() -> None:
    op.create_table(
        "helped",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_helped_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helped")),
        sa.UniqueConstraint("participant_id", "diary_day", name=op.f("uq_helped_participant_id_diary_day")),
    )


def create_invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_chat", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_invitation_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_participant_id"), "invitation", ["participant_id"])


def create_participant_zone() -> None:
    op.create_table(
        "participant_zone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_zone_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant_zone")),
    )
    op.create_index(op.f("ix_participant_zone_participant_id"), "participant_zone", ["participant_id"])


def create_preparation() -> None:
    op.create_table(
        "preparation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('bowel_prep', 'endoscopy')", name=op.f("ck_preparation_kind_known")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_preparation_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preparation")),
    )
    op.create_index(op.f("ix_preparation_participant_id"), "preparation", ["participant_id"])


def create_site_message() -> None:
    op.create_table(
        "site_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_site_message_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_message")),
    )
    op.create_index(op.f("ix_site_message_participant_id"), "site_message", ["participant_id"])


def create_site_task() -> None:
    op.create_table(
        "site_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('stopped', 'blocked', 'correction', 'message')", name=op.f("ck_site_task_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_site_task_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_task")),
    )
    op.create_index(op.f("ix_site_task_participant_id"), "site_task", ["participant_id"])


def create_visit() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("scheduled_on", sa.Date(), nullable=True),
        sa.Column("moved_against", sa.Date(), nullable=True),
        sa.Column("time", sa.String(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outside_tolerance", sa.Boolean(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'held', 'no_show', 'not_done', 'terminated')",
            name=op.f("ck_visit_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_visit_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("participant_id", "code", name=op.f("uq_visit_participant_id_code")),
    )


def create_card() -> None:
    op.create_table(
        "card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=False),
        sa.Column("visit", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=True),
        sa.Column("pending", sa.Integer(), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_by", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snooze_count", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=True),
        sa.Column("provider_msg_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_card_chat_id_chat")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_card_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("key", name=op.f("uq_card_key")),
        sa.UniqueConstraint("participant_id", "diary_day", name=op.f("uq_card_participant_id_diary_day")),
    )


def create_panel() -> None:
    op.create_table(
        "panel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("hour", sa.String(), nullable=True),
        sa.Column("provider_msg_id", sa.BigInteger(), nullable=True),
        sa.Column("correction_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name=op.f("fk_panel_invitation_id_invitation")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_panel_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_panel_channel_address")),
        sa.UniqueConstraint("key", name=op.f("uq_panel_key")),
    )


def create_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=True),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("visit", sa.String(), nullable=True),
        sa.Column("diary_day", sa.Date(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("wall_date", sa.Date(), nullable=True),
        sa.Column("wall_time", sa.Time(), nullable=True),
        sa.Column("tzid", sa.String(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_msg_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("resend_of", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('prompt', 'second', 'last_call', 'snoozed', 'outage', 'thank_you', "
            "'closing', 'edit', 'reply', 'staff')",
            name=op.f("ck_message_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'claimed', 'sending', 'retry', 'sent', 'refused', 'expired', 'cancelled', 'unknown')",
            name=op.f("ck_message_state_known"),
        ),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_message_card_id_card")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_message_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(["resend_of"], ["message.id"], name=op.f("fk_message_resend_of_message")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_message_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_message_dedupe_key")),
    )
    op.create_index(
        "ix_message_due",
        "message",
        ["due_at", "id"],
        sqlite_where=sa.text("state IN ('planned', 'retry')"),
        postgresql_where=sa.text("state IN ('planned', 'retry')"),
    )
    op.create_index(
        "ix_message_held",
        "message",
        ["lease_until"],
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.create_index("ix_message_participant_day", "message", ["participant_id", "diary_day"])
