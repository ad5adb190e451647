"""Telephone calls as recorded: the latest of each participant."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.storage.tables import PhoneCallRow

OF_TODAY = timedelta(hours=14)


def last_calls(session: Session, people: Collection[int], now: datetime) -> Mapping[int, PhoneCallRow]:
    """The latest call of the last 14 hours, by participant."""
    rows = session.exec(
        select(PhoneCallRow)
        .where(col(PhoneCallRow.participant_id).in_(people), col(PhoneCallRow.called_at) >= now - OF_TODAY)
        .order_by(col(PhoneCallRow.called_at))
    ).all()
    return {row.participant_id: row for row in rows}
