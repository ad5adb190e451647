"""The protocol in force, facts about this instance, heartbeats, outages, and the audit trail."""

from datetime import date, datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel


class ProtocolRow(SQLModel, table=True):
    """A protocol file put in force, word for word."""

    __tablename__ = "protocol"

    id: int | None = Field(default=None, primary_key=True)
    fingerprint: str
    version: str
    text: str = Field(sa_type=Text)
    from_on: date
    adopted_at: datetime
    reason: str


class InstanceRow(SQLModel, table=True):
    """A small fact this instance has learnt, such as the bot's user name."""

    __tablename__ = "instance"

    key: str = Field(primary_key=True)
    value: str
    learnt_at: datetime


class HeartbeatRow(SQLModel, table=True):
    """When a part of the service was last alive, by the system clock and by study time."""

    __tablename__ = "heartbeat"

    part: str = Field(primary_key=True)
    system_at: datetime
    study_at: datetime


class OutageRow(SQLModel, table=True):
    """A stretch of study time in which the service took no answers."""

    __tablename__ = "outage"

    id: int | None = Field(default=None, primary_key=True)
    started_at: datetime
    ended_at: datetime


class AuditRow(SQLModel, table=True):
    """One audit event and its place in the hash chain; the database refuses to change or delete it."""

    __tablename__ = "audit_event"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    shifted: bool
    actor_kind: str
    actor_id: str
    actor_role: str
    origin: str
    action: str
    entity: str
    entity_id: str
    participant: str | None = Field(default=None, index=True)
    field: str | None = None
    old: str | None = None
    new: str | None = None
    reason: str | None = None
    request_id: str
    app_version: str
    prev_hash: str
    hash: str = Field(unique=True)
