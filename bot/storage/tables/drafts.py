"""Drafts as they were signed, printed or exported."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from bot.storage.tables.checks import one_of

OCCASIONS = ("signed", "printed", "exported")


class StoredDraftRow(SQLModel, table=True):
    """One draft with everything it was read from; insert-only, never overwritten."""

    __tablename__ = "stored_draft"
    __table_args__ = (one_of("occasion", OCCASIONS), Index(None, "participant_id", "visit"))

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    visit: str
    occasion: str
    at: datetime
    actor: str
    inputs: str = Field(sa_type=Text)  # canonical JSON of what the draft was read from
    result: str = Field(sa_type=Text)  # canonical JSON of the draft
    canon_version: int
    hash: str  # over inputs, result, rules and protocol, in the spelling of canon_version
    rules: str  # hash of the rule set
    protocol: str  # fingerprint of the protocol version
    app_version: str
