"""Signatures on CDAI drafts, what made one void, and requests to unlock; rows are only ever added."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of

MEANINGS = ("reviewed",)
METHODS = ("password_and_code", "password")
CAUSES = ("entry", "clinic", "visit", "preparation", "protocol", "unlock")


class SignatureRow(SQLModel, table=True):
    """One signature; `bundle` is the canonical text of what was signed, `hash` its SHA-256."""

    __tablename__ = "signature"
    __table_args__ = (
        one_of("meaning", MEANINGS),
        one_of("method", METHODS),
        one_of("language", ("zh", "en")),
        Index(None, "participant_id", "visit"),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    visit: str
    stored_draft_id: int = Field(foreign_key="stored_draft.id")
    at: datetime
    username: str
    printed_name: str
    role: str
    tzid: str  # the site's zone, in which the signer's clock showed the time
    meaning: str
    language: str  # in which the meaning was read
    method: str
    bundle: str = Field(sa_type=Text)
    canon_version: int
    hash: str  # sha256:... over the bundle
    audit_seq: int  # the audit event of the signature
    app_version: str


class SignatureVoidRow(SQLModel, table=True):
    """What made a signature void; a signature without such a row stands."""

    __tablename__ = "signature_void"
    __table_args__ = (one_of("cause", CAUSES),)

    id: int | None = Field(default=None, primary_key=True)
    signature_id: int = Field(foreign_key="signature.id", unique=True)
    at: datetime
    by: str
    role: str
    cause: str
    reason: str | None = None


class UnlockRequestRow(SQLModel, table=True):
    """A clinician's request to unlock a signed CDAI; a second person confirms it, which voids the signature."""

    __tablename__ = "unlock_request"

    id: int | None = Field(default=None, primary_key=True)
    signature_id: int = Field(foreign_key="signature.id", index=True)
    at: datetime
    by: str
    role: str
    reason: str
