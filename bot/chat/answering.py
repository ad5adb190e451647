"""Answering the question on a card, by tap or by typing; nothing doubtful becomes an answer."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.chat.moving import ask_next, move
from bot.chat.outcomes import CardOutcome, Intent, PassToSite, RecordAnswer, Reply
from bot.diary.answers import Parsed, Reason, is_no, is_quantity, is_yes, parse_answer
from bot.diary.card import MORE_STOOLS, TYPED_STOOLS, CardContext, CardState, Shown, Tap
from bot.diary.items import ITEM_BY_LETTER, Item, is_in_range, needs_confirmation

PAD_ENDS: Final = 9
MORE_ENDS: Final = 19


def answer(state: CardState, context: CardContext, tap: Tap) -> CardOutcome | None:
    """Take a tapped answer, if the screen offers it for the question that it shows."""
    item = ITEM_BY_LETTER.get(tap.code)
    if item is None or item is not state.item:
        return None
    if tap.value == MORE_STOOLS and state.shown is Shown.QUESTION and item is Item.STOOLS:
        return CardOutcome(move(state, Shown.MORE, item), redraw=True)
    if tap.value == TYPED_STOOLS and state.shown is Shown.MORE:
        return CardOutcome(move(state, Shown.TYPED, item), redraw=True)
    if tap.value in _offered_values(state, item):
        return _take_value(state, context, item, int(tap.value))
    return None


def _offered_values(state: CardState, item: Item) -> frozenset[str]:
    if state.shown is Shown.MORE:
        return frozenset(str(value) for value in range(PAD_ENDS + 1, MORE_ENDS + 1))
    if state.shown is Shown.QUESTION:
        return frozenset(str(value) for value in range(PAD_ENDS + 1) if is_in_range(item, value))
    return frozenset()


def _take_value(state: CardState, context: CardContext, item: Item, value: int) -> CardOutcome:
    if needs_confirmation(item, value):
        return CardOutcome(move(state, Shown.CONFIRM, item, pending=value), redraw=True)
    return _record(state, context, item, value)


def _record(state: CardState, context: CardContext, item: Item, value: int) -> CardOutcome:
    is_new = state.answers.get(item) != value
    answers = MappingProxyType({**state.answers, item: value})
    kept = replace(state, answers=answers, changed=state.changed or (state.submitted and is_new))
    intents: tuple[Intent, ...] = (RecordAnswer(item, value),) if is_new else ()
    return CardOutcome(ask_next(kept, context), intents, redraw=True)


def confirm(state: CardState, context: CardContext, value: str) -> CardOutcome | None:
    """Take the "yes" to an unusual number."""
    if state.shown is not Shown.CONFIRM or state.item is None or value != str(state.pending):
        return None
    return _record(state, context, state.item, int(value))


def step_text(state: CardState, context: CardContext, text: str) -> CardOutcome:
    """Take a typed text as the answer to the question on screen, or explain, or pass it on to the site."""
    item = state.item
    if not state.is_asking or item is None:
        return _step_loose_text(state, text)
    if state.shown is Shown.CONFIRM:
        if is_yes(text):
            return confirm(state, context, str(state.pending)) or CardOutcome(state)
        if is_no(text):
            return CardOutcome(move(state, Shown.QUESTION, item), redraw=True)
    parsed = parse_answer(text, item)
    if isinstance(parsed, Parsed):
        if state.shown is Shown.CONFIRM and parsed.value == state.pending:
            return CardOutcome(state, reply=Reply("typed.please_confirm"))
        return _take_value(state, context, item, parsed.value)
    if parsed.reason is Reason.PROSE:
        return CardOutcome(state, (PassToSite(),), reply=Reply("typed.passed_on", {"item": item}))
    return CardOutcome(state, reply=Reply(f"typed.{parsed.reason}", {"item": item}))


def _step_loose_text(state: CardState, text: str) -> CardOutcome:
    if is_quantity(text):
        return CardOutcome(state, reply=Reply(_NUMBER_REPLIES.get(state.shown, "number.waiting")))
    return CardOutcome(state, (PassToSite(),), reply=Reply("passed_on"))


_NUMBER_REPLIES: Final[Mapping[Shown, str]] = MappingProxyType(
    {Shown.REVIEW: "number.review", Shown.SAVED: "number.saved"}
)
