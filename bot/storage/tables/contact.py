"""What the site team does by telephone and in words: calls, replies, and the chats of its own members."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of

CALL_OUTCOMES = ("will_enter", "dictated", "no_answer", "declined")
REPLY_FRAMES = ("call_you", "call_us", "noted", "at_visit", "words")


class PhoneCallRow(SQLModel, table=True):
    """One telephone call to a participant and how it ended; the number is the site's to know."""

    __tablename__ = "phone_call"
    __table_args__ = (one_of("outcome", CALL_OUTCOMES),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    diary_day: date | None = None
    called_at: datetime
    called_by: str
    outcome: str


class SiteReplyRow(SQLModel, table=True):
    """One reply to a participant's message: an approved frame, or the team's own words where the frame is `words`."""

    __tablename__ = "site_reply"
    __table_args__ = (one_of("frame", REPLY_FRAMES),)

    id: int | None = Field(default=None, primary_key=True)
    site_message_id: int = Field(foreign_key="site_message.id", index=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    frame: str
    words: str | None = None
    replied_at: datetime
    replied_by: str
    dedupe_key: str = Field(unique=True)  # of the message that carries it


class StaffChatRow(SQLModel, table=True):
    """A staff member's own chat, linked by a single-use token; it gets codes and counts only."""

    __tablename__ = "staff_chat"
    __table_args__ = (
        Index(
            "uq_staff_chat_bound_address",
            "address",
            unique=True,
            sqlite_where=text("address IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=text("address IS NOT NULL AND ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    token_hash: str = Field(unique=True)
    made_at: datetime
    expires_at: datetime
    address: int | None = Field(default=None, sa_type=BigInteger)
    linked_at: datetime | None = None
    ended_at: datetime | None = None
