"""How staff get in (credentials, setup links, sessions, attempts, kept forms), and what they looked at."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of

STAFF_LANGUAGES = ("zh", "en")
ATTEMPT_OUTCOMES = ("passed", "failed", "locked")
SESSION_ENDS = ("signed_out", "idle", "expired", "displaced", "revoked", "disabled", "reset", "locked")


class StaffCredentialRow(SQLModel, table=True):
    """What an account signs in with; made with the account, filled when its setup link is used."""

    __tablename__ = "staff_credential"
    __table_args__ = (one_of("language", STAFF_LANGUAGES),)

    staff_id: int = Field(primary_key=True, foreign_key="staff.id", sa_column_kwargs={"autoincrement": False})
    printed_name: str | None = None  # the name that a signature prints
    language: str = "en"
    password_hash: str | None = None
    seed_sealed: str | None = None  # the authenticator's secret, encrypted
    last_step: int = 0  # the 30-second step of the last one-time code: each is accepted once
    set_up_at: datetime | None = None
    failures: int = 0  # in a row
    locked_until: datetime | None = None


class StaffSetupRow(SQLModel, table=True):
    """A single-use setup link; only the hash of its token is kept."""

    __tablename__ = "staff_setup"

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    token_hash: str = Field(unique=True)
    seed_sealed: str  # becomes the account's when the link is used
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class RecoveryCodeRow(SQLModel, table=True):
    """One of ten codes that stand in for the authenticator app, each once."""

    __tablename__ = "recovery_code"

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    stamp: str
    used_at: datetime | None = None


class StaffSessionRow(SQLModel, table=True):
    """One browser that is signed in; the cookie holds the id, this row only its hash."""

    __tablename__ = "staff_session"
    __table_args__ = (one_of("end_reason", SESSION_ENDS),)

    id: int | None = Field(default=None, primary_key=True)
    id_hash: str = Field(unique=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    created_at: datetime
    seen_at: datetime
    step_up_at: datetime | None = None
    ip: str
    agent: str
    ended_at: datetime | None = None
    end_reason: str | None = None


class SignInAttemptRow(SQLModel, table=True):
    """One try to sign in or to confirm an act; an unknown name is not kept, it may be a mistyped password."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (one_of("outcome", ATTEMPT_OUTCOMES),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    staff_id: int | None = Field(default=None, foreign_key="staff.id", index=True)
    ip: str
    outcome: str


class KeptFormRow(SQLModel, table=True):
    """A form that was posted after its session had ended: encrypted, for the same account, for an hour."""

    __tablename__ = "kept_form"

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    path: str
    sealed: str = Field(sa_type=Text)
    kept_at: datetime
    expires_at: datetime
    settled_at: datetime | None = None


class AccessRow(SQLModel, table=True):
    """One access that matters (a view, an export, a sign-in, a refusal) in a hash chain beside the audit trail's.

    The columns and the canonical form are the audit trail's, so that one verification serves both chains.
    """

    __tablename__ = "access_event"

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
