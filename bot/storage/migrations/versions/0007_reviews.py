"""Queries on values, and the marks of review with guards against every change."""

import sqlalchemy as sa
from alembic import op

from bot.storage.guards import put_up_guards

revision = "0007_reviews"
down_revision = "0006_signatures"
branch_labels = None
depends_on = None

GUARDED = {"review_mark": (("id",), ("participant_id", "diary_day", "revision", "kind"))}


def upgrade() -> None:
    """Create the tables and the guards."""
    create_query()
    create_review_mark()
    put_up_guards(op.get_bind(), GUARDED)


def downgrade() -> None:
    """Take everything down again; only tests do this."""
    op.drop_table("review_mark")
    op.drop_table("query")


def create_query() -> None:
    op.create_table(
        "query",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=True),
        sa.Column("visit", sa.String(), nullable=True),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.String(), nullable=False),
        sa.Column("raised_role", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed')", name=op.f("ck_query_state_known")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_query_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query")),
    )
    op.create_index(op.f("ix_query_participant_id"), "query", ["participant_id"])


def create_review_mark() -> None:
    op.create_table(
        "review_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("diary_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by", sa.String(), nullable=False),
        sa.Column("marked_role", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('reviewed', 'verified')", name=op.f("ck_review_mark_kind_known")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_review_mark_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_mark")),
        sa.UniqueConstraint(
            "participant_id",
            "diary_day",
            "revision",
            "kind",
            name=op.f("uq_review_mark_participant_id_diary_day_revision_kind"),
        ),
    )
