"""What has come in lately, what has reached the screen, and what is about to."""

from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.storage.tables import CardRow, InboxRow, MessageRow


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
    query = select(func.min(col(MessageRow.sent_at))).where(
        MessageRow.participant_id == card.participant_id, MessageRow.diary_day == card.diary_day,
        MessageRow.card_id == card.id, MessageRow.kind == "edit", MessageRow.state == "sent",
    )  # fmt: skip
    if card.touched_at is not None:
        query = query.where(col(MessageRow.created_at) >= card.touched_at)
    return session.exec(query).one()
