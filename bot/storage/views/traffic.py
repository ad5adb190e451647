"""What has come in lately, what has reached the screen, and what is about to."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from bot.storage.prepared import Prepared
from bot.storage.tables import CardRow, InboxRow, MessageRow

EVER = datetime.min.replace(tzinfo=UTC)
SHOWN = Prepared[Any](
    select(func.min(col(MessageRow.sent_at)).label("at")).where(
        MessageRow.participant_id == bindparam("participant"),
        MessageRow.diary_day == bindparam("day"),
        MessageRow.card_id == bindparam("card"),
        MessageRow.kind == "edit",
        MessageRow.state == "sent",
        col(MessageRow.created_at) >= bindparam("moved_at"),
    )
)


def updates_since(session: Session, address: int, since: datetime) -> int:
    """How many updates this address has sent since an instant."""
    query = select(func.count()).select_from(InboxRow).where(InboxRow.address == address, InboxRow.received_at > since)
    return session.exec(query).one()


def prompt_is_due(session: Session, participant_id: int, day: date, now: datetime) -> bool:
    """Whether the question of a diary day is on its way at this instant."""
    query = select(MessageRow.id).where(
        MessageRow.participant_id == participant_id, MessageRow.diary_day == day, MessageRow.kind == "prompt",
        col(MessageRow.state).in_(("planned", "claimed", "sending", "retry")), MessageRow.due_at <= now,
    )  # fmt: skip
    return session.exec(query).first() is not None


def on_screen_since(session: Session, card: CardRow) -> datetime | None:
    """Since when the chat shows the card as it last moved; None while the redraw is still on its way."""
    (shown,) = SHOWN.all(
        session, participant=card.participant_id, day=card.diary_day, card=card.id, moved_at=card.touched_at or EVER
    )
    at: datetime | None = shown.at
    return at
