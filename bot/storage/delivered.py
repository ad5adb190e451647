"""Where the first copies of cards stand that have just reached an open chat; for several at once."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Table, update
from sqlmodel import Session

from bot.storage.prepared import Prepared, among, given
from bot.storage.tables import CardRow, ChatRow

CARDS: Table = CardRow.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
CHATS: Table = ChatRow.__table__  # type: ignore[attr-defined]
FIRST = Prepared[Any](
    update(CARDS)
    .where(
        among(CARDS.c.id, "cards"),
        CARDS.c.provider_msg_id.is_(None),
        CHATS.c.participant_id == CARDS.c.participant_id,
        CHATS.c.unbound_at.is_(None),
        CHATS.c.blocked_at.is_(None),
    )
    .values(chat_id=CHATS.c.id, provider_msg_id=given(CARDS.c.id, "numbers"))
    .returning(CARDS.c.id)
)


def keep_first_copies(session: Session, numbers: Mapping[int, int]) -> Collection[int]:
    """Note the message's number of each card that has no copy so far and whose participant has an open chat.

    `numbers` are by card; answers the cards that were noted.
    """
    if not numbers:
        return frozenset()
    return frozenset(row.id for row in FIRST.all(session, cards=list(numbers), numbers=dict(numbers)))
