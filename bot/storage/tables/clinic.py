"""Visits, preparation days, clinic components, and what waits for the site team."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of
from bot.storage.tables.diary import SOURCES


class VisitRow(SQLModel, table=True):
    """What has been decided or has happened for one visit; an untouched visit has no row."""

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("participant_id", "code"),
        one_of("state", ("planned", "held", "no_show", "not_done", "terminated")),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    code: str
    scheduled_on: date | None = None
    moved_against: date | None = None  # the planned date when it was set by hand
    time: str | None = None  # HH:MM, planned check-in, site zone
    held_at: datetime | None = None
    held_on: date | None = None
    state: str = "planned"
    outside_tolerance: bool = False
    protocol: str | None = None  # fingerprint of the version in force when held


class PreparationRow(SQLModel, table=True):
    """A day of bowel preparation or endoscopy before a visit; it never counts."""

    __tablename__ = "preparation"
    __table_args__ = (one_of("kind", ("bowel_prep", "endoscopy")),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    code: str
    on: date
    kind: str
    removed_at: datetime | None = None


class AssessmentRow(SQLModel, table=True):
    """One revision of one clinic component; insert-only, the highest revision counts."""

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint("participant_id", "visit", "component", "revision"),
        one_of("component", ("hct", "weight", "mass", "complications", "antidiarrhoeal", "sescd", "accepted")),
        one_of("source", SOURCES),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    visit: str
    component: str
    revision: int
    value: str  # JSON, as the clinic entered it
    measured_on: date | None = None
    source: str
    entered_at: datetime
    entered_by: str


class SiteMessageRow(SQLModel, table=True):
    """A participant's own words to the site team; never an answer, never in a log."""

    __tablename__ = "site_message"

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    received_at: datetime
    text: str
    reference: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


class CorrectionRow(SQLModel, table=True):
    """A request to correct a closed day: by the participant or by staff, with values once known; the site decides."""

    __tablename__ = "correction"
    __table_args__ = (one_of("state", ("open", "approved", "declined")),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    diary_day: date
    requested_at: datetime
    state: str = "open"
    reference: str
    requested_by: str | None = None  # the account; None: the participant
    stools: int | None = None
    pain: int | None = None
    wellbeing: int | None = None
    antidiarrhoeal: int | None = None
    request_reason: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None


class SiteTaskRow(SQLModel, table=True):
    """Something a coordinator should look at: a chat that refused, a participant who stopped."""

    __tablename__ = "site_task"
    __table_args__ = (one_of("kind", ("stopped", "blocked", "correction", "message")),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    kind: str
    opened_at: datetime
    closed_at: datetime | None = None
