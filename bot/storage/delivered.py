"""Which cards have just got their first copy in an open chat, and where that copy stands; for several at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlmodel import Session

from bot.storage.prepared import Prepared, among
from bot.storage.tables import CardRow, ChatRow

CARDS: Table = CardRow.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
CHATS: Table = ChatRow.__table__  # type: ignore[attr-defined]
FIRST = Prepared[Any](
    select(CARDS.c.id.label("card"), CHATS.c.id.label("chat"))
    .join_from(CARDS, CHATS, CHATS.c.participant_id == CARDS.c.participant_id)
    .where(
        among(CARDS.c.id, "cards"),
        CARDS.c.provider_msg_id.is_(None),
        CHATS.c.unbound_at.is_(None),
        CHATS.c.blocked_at.is_(None),
    )
)
KEEP = Prepared[CardRow](
    update(CARDS)
    .where(CARDS.c.id == bindparam("card"))
    .values(chat_id=bindparam("chat"), provider_msg_id=bindparam("number"))
)


def first_copies(session: Session, cards: Collection[int]) -> Mapping[int, int]:
    """Of these cards, those without a copy so far whose participant has an open chat: card to chat."""
    return {row.card: row.chat for row in FIRST.all(session, cards=list(cards))} if cards else {}


def keep_copies(session: Session, copies: Sequence[tuple[int, int, int]]) -> None:
    """Note where the copies stand: card, chat and the message's number in it."""
    KEEP.run_all(session, [{"card": card, "chat": chat, "number": number} for card, chat, number in copies])
