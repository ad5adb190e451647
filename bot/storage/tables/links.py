"""Personal links to the diary page."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class DiaryLinkRow(SQLModel, table=True):
    """A participant's link to the diary page; only the hash of its token is kept, and it works until revoked."""

    __tablename__ = "diary_link"

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime
    revoked_at: datetime | None = None
