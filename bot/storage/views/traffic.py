"""What has come in lately."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, select

from bot.storage.tables import InboxRow


def updates_since(session: Session, address: int, since: datetime) -> int:
    """How many updates this address has sent since an instant."""
    query = select(func.count()).select_from(InboxRow).where(InboxRow.address == address, InboxRow.received_at > since)
    return session.exec(query).one()
