"""One step of a diary card: state and tap or text in, new state, intents and words out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bot.chat import moving
from bot.chat.answering import answer, confirm, step_text
from bot.chat.outcomes import CardOutcome, PassToSite, Reply, RequestCorrection
from bot.diary.answers import is_quantity
from bot.diary.card import CardContext, CardState, Code, Shown, Tap
from bot.diary.items import ITEM_BY_LETTER, Item

_Handler = Callable[[CardState, CardContext, str], CardOutcome | None]
_HANDLERS: Final[Mapping[str, _Handler]] = MappingProxyType(
    {
        Code.BACK: moving.back,
        Code.DEFINITION: moving.define,
        Code.CHANGE: moving.change,
        Code.SUBMIT: moving.submit,
        Code.HELPED: moving.mark_helped,
        Code.SNOOZE: moving.snooze,
        Code.CONFIRM: confirm,
    }
)


def step_card(state: CardState, context: CardContext, incoming: Tap | str) -> CardOutcome:
    """Take one tap or text of the card's owner one step further; nothing is stored, sent or guessed here.

    A tap on an older revision changes nothing, Start apart. A closed day takes only a correction request.
    """
    if not context.open:
        return _step_closed(state, context, incoming)
    if isinstance(incoming, str):
        return step_text(state, context, incoming)
    if state.shown is Shown.CLOSED:
        # The day is open after all (an outage extension): show where it stands, and let the person tap again.
        return CardOutcome(moving.enter(state, context), toast="toast.moved_on", redraw=True)
    if incoming.code == Code.START:
        return _start(state, context)
    if incoming.code == Code.CORRECTION:
        return CardOutcome(state, toast="toast.still_open", redraw=True)
    if incoming.revision != state.revision:
        return _refuse_stale(state, incoming)
    return _act(state, context, incoming) or CardOutcome(state, toast="toast.moved_on", redraw=True)


def _act(state: CardState, context: CardContext, tap: Tap) -> CardOutcome | None:
    handler = _HANDLERS.get(tap.code)
    return handler(state, context, tap.value) if handler else answer(state, context, tap)


def _step_closed(state: CardState, context: CardContext, incoming: Tap | str) -> CardOutcome:
    closed = state if state.shown is Shown.CLOSED else moving.move(state, Shown.CLOSED)
    if isinstance(incoming, str):
        if is_quantity(incoming):
            return CardOutcome(closed, reply=Reply("number.closed"), redraw=True)
        return CardOutcome(closed, (PassToSite(),), reply=Reply("passed_on"), redraw=True)
    if incoming.code == Code.CORRECTION:
        day = context.diary_day
        reply = Reply("correction.requested", {"day": day})
        return CardOutcome(closed, (RequestCorrection(day),), "toast.requested", reply, redraw=True)
    return CardOutcome(closed, toast="toast.closed", redraw=True)


def _refuse_stale(state: CardState, tap: Tap) -> CardOutcome:
    if _is_done_already(state, tap):
        # A finger that tapped twice; when the card has moved further meanwhile, its old copy is redrawn.
        return CardOutcome(state, redraw=tap.revision + 1 < state.revision)
    is_answer = tap.code in ITEM_BY_LETTER and tap.value.isdigit()
    return CardOutcome(state, toast="toast.stale" if is_answer else "toast.moved_on", redraw=True)


def _is_done_already(state: CardState, tap: Tap) -> bool:
    if tap.code == Code.SUBMIT:
        return state.submitted and not state.changed
    if tap.code == Code.HELPED:
        return state.helped
    item = Item.STOOLS if tap.code == Code.CONFIRM else ITEM_BY_LETTER.get(tap.code)
    return item is not None and item in state.answers and tap.value == str(state.answers[item])


def _start(state: CardState, context: CardContext) -> CardOutcome:
    """Continue where the card stands; the fresh copy that was tapped has to be drawn even so."""
    entered = moving.enter(state, context) if state.shown is Shown.NEUTRAL else state
    return CardOutcome(entered, redraw=True)
