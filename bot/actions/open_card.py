"""The card of a diary day: made when the day is first shown, found again ever after."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlmodel import Session

from bot.actions.study import Study
from bot.diary.card import Shown
from bot.storage.diary import add_cards, card_of
from bot.storage.tables import CardRow

ENDED = (Shown.SAVED.value, Shown.CLOSED.value)
NEUTRAL = (Shown.NEUTRAL.value, None, None)


def open_card(session: Session, participant_id: int, day: date, visit: str, *, study: Study) -> CardRow:
    """The card of this day; a card holds no health data of its own, so making one leaves no audit event."""
    card = card_of(session, participant_id, day)
    if card is None:
        card = CardRow(**_new_card(participant_id, day, visit, study))
        session.add(card)
        session.flush()
    return card


def _new_card(participant_id: int, day: date, visit: str, study: Study) -> dict[str, Any]:
    return {
        "participant_id": participant_id,
        "diary_day": day,
        "visit": visit,
        "key": study.keys.card_key(),
        "shown": Shown.NEUTRAL.value,
    }


def open_cards(
    session: Session, wanted: Mapping[tuple[int, date], tuple[str, CardRow | None]], *, study: Study
) -> Mapping[tuple[int, date], CardRow]:
    """The cards of several days, of each its visit and the card that has been read.

    Those that are missing are made, and answered as plain rows: a new card asks nothing yet.
    """
    found = {day: card for day, (_visit, card) in wanted.items() if card is not None}
    new = [_new_card(*day, visit, study) for day, (visit, card) in wanted.items() if card is None]
    return {**found, **add_cards(session, new)}


def to_neutral(card: CardRow) -> None:
    """A fresh copy shows no question, so a typed number answers none until Start is tapped."""
    if card.shown not in ENDED and (card.shown, card.item, card.pending) != NEUTRAL:
        card.shown, card.item, card.pending = NEUTRAL
