"""What comes in and what goes out: the durable inbox, and one message table that is plan and outbox."""

from datetime import date, datetime, time

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of
from bot.storage.tables.often import MadeOften

ON_THE_WAY = ("planned", "claimed", "sending", "retry")
ENDS = ("sent", "refused", "expired", "cancelled", "unknown")
UNASKED = ("prompt", "second", "last_call", "snoozed", "outage", "thank_you")
KINDS = (*UNASKED, "closing", "edit", "reply", "staff")


class InboxRow(SQLModel, table=True):
    """One update as it came (names stripped), stored before it is confirmed; handled exactly once."""

    __tablename__ = "inbox"
    __table_args__ = (
        one_of("state", ("waiting", "done", "aside")),
        Index(
            "ix_inbox_waiting", "id", sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")
        ),
        Index("ix_inbox_address_received_at", "address", "received_at"),
        Index(
            "ix_inbox_turn",
            "address",
            "update_id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    update_id: int = Field(sa_type=BigInteger, unique=True)
    address: int | None = Field(default=None, sa_type=BigInteger)  # the chat whose order must be kept
    body: str = Field(sa_type=Text)
    received_at: datetime  # study time
    state: str = "waiting"
    attempts: int = 0
    problem: str | None = None
    handled_at: datetime | None = None


class LeaderRow(SQLModel, table=True):
    """Which process sends, of several on one database; a later term shuts out whoever led before."""

    __tablename__ = "leader"

    part: str = Field(primary_key=True)
    owner: str
    term: int
    lease_until: datetime  # by the database's clock


class MessageRow(MadeOften, table=True):
    """One message to a participant or staff member, from plan to receipt.

    Wall date, time and zone are the truth for planned rows; `due_at` is derived from them.
    A resend after an unknown outcome is a row of its own.
    """

    __tablename__ = "message"
    __table_args__ = (
        one_of("state", (*ON_THE_WAY, *ENDS)),
        one_of("kind", KINDS),
        Index(
            "ix_message_due",
            "due_at",
            "id",
            sqlite_where=text("state IN ('planned', 'retry')"),
            postgresql_where=text("state IN ('planned', 'retry')"),
        ),
        Index(
            "ix_message_answer",  # claimed before all others
            "due_at",
            "id",
            sqlite_where=text("state IN ('planned', 'retry') AND priority = 0"),
            postgresql_where=text("state IN ('planned', 'retry') AND priority = 0"),
        ),
        Index(
            "ix_message_held",
            "lease_until",
            sqlite_where=text("state IN ('claimed', 'sending')"),
            postgresql_where=text("state IN ('claimed', 'sending')"),
        ),
        Index("ix_message_participant_day", "participant_id", "diary_day"),
        Index("ix_message_all_due", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dedupe_key: str = Field(unique=True)
    participant_id: int | None = Field(default=None, foreign_key="participant.id")
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    channel: str = "telegram"
    address: int | None = Field(
        default=None, sa_type=BigInteger
    )  # for replies; planned rows look the chat up when sent
    card_id: int | None = Field(default=None, foreign_key="card.id")
    visit: str | None = None
    diary_day: date | None = None
    kind: str
    payload: str = Field(default="{}", sa_type=Text)
    wall_date: date | None = None
    wall_time: time | None = None
    tzid: str | None = None
    due_at: datetime
    not_after: datetime | None = None
    plan_version: int = 0
    priority: int = 5  # 0 replies and edits, 5 planned messages
    state: str = "planned"
    attempts: int = 0
    next_try_at: datetime | None = None  # system time
    lease_owner: str | None = None
    lease_until: datetime | None = None  # system time
    fence: int = 0
    sending_at: datetime | None = None
    sent_at: datetime | None = None
    provider_msg_id: int | None = Field(default=None, sa_type=BigInteger)
    outcome: str | None = None
    reason: str | None = None
    resend_of: int | None = Field(default=None, foreign_key="message.id")
    created_at: datetime
