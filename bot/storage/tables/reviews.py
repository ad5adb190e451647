"""Queries on values, and the marks of those who have reviewed a diary day."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of

QUERY_STATES = ("open", "answered", "closed")
MARK_KINDS = ("reviewed", "verified")


class QueryRow(SQLModel, table=True):
    """A question on one value: of a diary day, or of a component of a visit; the site answers it.

    The words stand here; the audit trail holds a hash of each with `salt`, so that they can be taken out and the
    trail still holds.
    """

    __tablename__ = "query"
    __table_args__ = (one_of("state", QUERY_STATES),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    diary_day: date | None = None
    visit: str | None = None
    item: str
    value: str | None = None  # as it stood when the query was raised
    question: str
    salt: str
    state: str = "open"
    raised_at: datetime
    raised_by: str
    raised_role: str
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None


class ReviewMarkRow(SQLModel, table=True):
    """Someone has reviewed one revision of a diary day, or verified it against its source; rows are only added."""

    __tablename__ = "review_mark"
    __table_args__ = (
        UniqueConstraint("participant_id", "diary_day", "revision", "kind"),
        one_of("kind", MARK_KINDS),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    diary_day: date
    revision: int
    kind: str
    marked_at: datetime
    marked_by: str
    marked_role: str
