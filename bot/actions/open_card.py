"""The card of a diary day: made when the day is first shown, found again ever after."""

from datetime import date

from sqlmodel import Session

from bot.actions.study import Study
from bot.diary.card import Shown
from bot.storage.diary import card_of
from bot.storage.tables import CardRow


def open_card(session: Session, participant_id: int, day: date, visit: str, *, study: Study) -> CardRow:
    """The card of this day; a card holds no health data of its own, so making one leaves no audit event."""
    card = card_of(session, participant_id, day)
    if card is None:
        card = CardRow(
            participant_id=participant_id,
            diary_day=day,
            visit=visit,
            key=study.keys.card_key(),
            shown=Shown.NEUTRAL.value,
        )
        session.add(card)
        session.flush()
    return card
