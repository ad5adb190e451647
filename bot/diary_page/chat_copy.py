"""What the chat's copy of a card shows, while the card is being filled in on the page."""

from typing import Final

from sqlmodel import Session, col, select

from bot.diary.card import Shown
from bot.storage.tables import CardRow, ChatRow, MessageRow

BY_PAGE: Final = "page/"  # begins the reference of everything that the page causes
WITHOUT_ANSWERS: Final = frozenset({Shown.SAVED.value, Shown.CLOSED.value})


def wants_redraw(session: Session, card: CardRow, chat: ChatRow | None) -> bool:
    """Whether the copy in the chat is to follow what was done on the page.

    A copy that still shows its neutral words keeps them until the day is saved: answers given on the page
    are no business of the chat's servers. A card begun in the chat follows every step.
    """
    if chat is None or chat.blocked_at is not None or card.provider_msg_id is None:
        return False
    if card.chat_id not in (None, chat.id):
        return False
    return card.shown in WITHOUT_ANSWERS or _was_begun_in_chat(session, card)


def _was_begun_in_chat(session: Session, card: CardRow) -> bool:
    """A fresh copy is a message of its own; an edit that the page did not cause shows the card itself."""
    query = select(MessageRow.kind).where(MessageRow.card_id == card.id)
    query = query.where(col(MessageRow.dedupe_key).not_like(f"{BY_PAGE}%"))
    return session.exec(query.order_by(col(MessageRow.id).desc()).limit(1)).first() == "edit"
