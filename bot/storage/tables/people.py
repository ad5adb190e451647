"""Participants, their zones, invitations, chats and panels; staff accounts. No name and no phone number anywhere."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of


class ParticipantRow(SQLModel, table=True):
    """An enrolled participant, known by a code."""

    __tablename__ = "participant"
    __table_args__ = (one_of("sex", ("male", "female")), one_of("language", ("zh", "en")))

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    site: str
    sex: str
    height_cm: str  # decimal as text: exact
    standard_weight_kg: str | None = None  # frozen at screening, decimal as text
    language: str
    hour: str  # HH:MM in the participant's own zone
    baseline_on: date
    consent_on: date | None = None
    stoma: bool = False
    enrolled_at: datetime
    notice_version: str | None = None
    joined_at: datetime | None = None
    stopped_at: datetime | None = None
    withdrawn_at: datetime | None = None
    thanked_at: datetime | None = None
    plan_version: int = 0


class ZoneRow(SQLModel, table=True):
    """A time zone and the first diary day on which it holds; insert-only."""

    __tablename__ = "participant_zone"

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    from_on: date
    tzid: str
    set_at: datetime
    reason: str


class InvitationRow(SQLModel, table=True):
    """A single-use invitation; only the hash of its token is kept."""

    __tablename__ = "invitation"

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime
    expires_at: datetime
    claimed_chat: int | None = Field(default=None, sa_type=BigInteger)
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class ChatRow(SQLModel, table=True):
    """A participant's chat on a channel; at most one is bound at a time."""

    __tablename__ = "chat"
    __table_args__ = (
        one_of("channel", ("telegram",)),
        Index(
            "uq_chat_bound_participant",
            "participant_id",
            unique=True,
            sqlite_where=text("unbound_at IS NULL"),
            postgresql_where=text("unbound_at IS NULL"),
        ),
        Index(
            "uq_chat_bound_address",
            "channel",
            "address",
            unique=True,
            sqlite_where=text("unbound_at IS NULL"),
            postgresql_where=text("unbound_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    channel: str = "telegram"
    address: int = Field(sa_type=BigInteger)
    bound_at: datetime
    reach_at: datetime | None = None
    unbound_at: datetime | None = None
    blocked_at: datetime | None = None


class PanelRow(SQLModel, table=True):
    """One chat's dialogue outside the diary: joining, language, hour, stop, help."""

    __tablename__ = "panel"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str = "telegram"
    address: int = Field(sa_type=BigInteger)
    participant_id: int | None = Field(default=None, foreign_key="participant.id")
    invitation_id: int | None = Field(default=None, foreign_key="invitation.id")
    key: str = Field(unique=True)
    revision: int = 0
    step: str
    language: str
    hour: str | None = None
    provider_msg_id: int | None = Field(default=None, sa_type=BigInteger)
    correction_day: date | None = None


class StrangerRow(SQLModel, table=True):
    """A chat that belongs to nobody: counted, and answered once a day."""

    __tablename__ = "stranger"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str = "telegram"
    address: int = Field(sa_type=BigInteger)
    messages: int = 0
    refused_invitations: int = 0
    answered_on: date | None = None
    answers: int = 0


class StaffRow(SQLModel, table=True):
    """A staff account: the name under which an act is recorded, its role and site."""

    __tablename__ = "staff"
    __table_args__ = (one_of("role", ("coordinator", "clinician", "data_manager", "monitor", "admin")),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    role: str
    site: str
    created_at: datetime
    disabled_at: datetime | None = None
