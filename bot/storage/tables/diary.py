"""Cards, answers and entries: the card is where a conversation stands; answers and entries are only ever added."""

from datetime import date, datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import between, one_of
from bot.storage.tables.often import MadeOften

SOURCES = ("participant", "staff", "operator")


class CardRow(SQLModel, table=True):
    """The card of one participant's diary day: a random key, a revision, and what it shows."""

    __tablename__ = "card"
    __table_args__ = (UniqueConstraint("participant_id", "diary_day"),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    diary_day: date
    visit: str
    key: str = Field(unique=True)
    revision: int = 0
    shown: str
    item: str | None = None
    pending: int | None = None
    touched_at: datetime | None = None
    moved_by: int | None = Field(default=None, sa_type=BigInteger)  # number of the update that last moved it
    snoozed_until: datetime | None = None
    snooze_count: int = 0
    chat_id: int | None = Field(default=None, foreign_key="chat.id")
    provider_msg_id: int | None = Field(default=None, sa_type=BigInteger)  # the newest copy


class AnswerRow(MadeOften, table=True):
    """One tapped or typed answer, before or after Submit; insert-only, the highest ordinal is current."""

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("participant_id", "diary_day", "item", "ordinal"),
        one_of("item", ("stools", "pain", "wellbeing", "antidiarrhoeal")),
        one_of("source", SOURCES),
        one_of("language", ("zh", "en")),
        between("value", 0, 50),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    diary_day: date
    item: str
    ordinal: int
    value: int
    source: str
    language: str
    wording_version: str
    protocol: str
    answered_at: datetime
    reference: str  # the update or request that carried it


class EntryRow(MadeOften, table=True):
    """One revision of a diary day's entry: all responses as submitted; insert-only, the highest revision counts."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("participant_id", "diary_day", "revision"),
        between("stools", 0, 50),
        between("pain", 0, 3),
        between("wellbeing", 0, 4),
        between("antidiarrhoeal", 0, 1),
        one_of("source", SOURCES),
        one_of("language", ("zh", "en")),
        one_of("timing", ("on_time", "late", "after_closing")),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    diary_day: date
    revision: int
    stools: int
    pain: int
    wellbeing: int
    antidiarrhoeal: int | None = None
    submitted_at: datetime
    timing: str  # of the first submission; a correction inherits it
    tzid: str
    utc_offset_minutes: int
    source: str
    language: str
    wording_version: str
    protocol: str  # fingerprint of the protocol in force
    rules: str  # hash of the rule set in force
    reason: str | None = None
    reference: str


class HelpedRow(SQLModel, table=True):
    """Someone helped the participant enter this day."""

    __tablename__ = "helped"
    __table_args__ = (UniqueConstraint("participant_id", "diary_day"),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    diary_day: date
    said_at: datetime
