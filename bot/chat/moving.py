"""Moving about on a card: back, change, submit, later; `None` means that the screen offers no such button."""

from dataclasses import replace

from bot.chat.outcomes import CardOutcome, MarkHelped, SnoozeUntil, SubmitEntry
from bot.diary.card import (
    SNOOZE_MORNING,
    CardContext,
    CardState,
    Shown,
    is_complete,
    offers_back,
    offers_later,
)
from bot.diary.items import ITEM_BY_LETTER, Item


def back(state: CardState, context: CardContext, _value: str) -> CardOutcome | None:
    """Go one screen back; `None` where no Back is offered."""
    if not offers_back(state, context):
        return None
    return CardOutcome(_one_back(state, context), redraw=True)


def _one_back(state: CardState, context: CardContext) -> CardState:
    if state.shown is Shown.REVIEW:
        return move(state, Shown.SAVED)
    if state.shown is Shown.TYPED:
        return move(state, Shown.MORE, state.item)
    if state.shown is not Shown.QUESTION or state.item is None:
        return move(state, Shown.QUESTION, state.item or context.items[0])
    if is_complete(state, context.items):
        return move(state, Shown.REVIEW)
    return move(state, Shown.QUESTION, context.items[context.items.index(state.item) - 1])


def define(state: CardState, _context: CardContext, _value: str) -> CardOutcome | None:
    """Explain what counts, from the stool question."""
    if state.shown is not Shown.QUESTION or state.item is not Item.STOOLS:
        return None
    return CardOutcome(move(state, Shown.DEFINITION, state.item), redraw=True)


def change(state: CardState, context: CardContext, letter: str) -> CardOutcome | None:
    """Open the review after saving, one question from the review, or the pad again instead of a "yes"."""
    if state.shown is Shown.SAVED and not letter:
        return CardOutcome(move(state, Shown.REVIEW), redraw=True)
    item = ITEM_BY_LETTER.get(letter)
    if state.shown is Shown.REVIEW and item in context.items:
        return CardOutcome(move(state, Shown.QUESTION, item), redraw=True)
    if state.shown is Shown.CONFIRM and item is not None and item is state.item:
        return CardOutcome(move(state, Shown.QUESTION, item), redraw=True)
    return None


def submit(state: CardState, context: CardContext, _value: str) -> CardOutcome | None:
    """Submit the reviewed answers; with nothing changed since, only put them away again."""
    if state.shown is not Shown.REVIEW or not is_complete(state, context.items):
        return None
    is_needed = state.changed or not state.submitted
    saved = replace(move(state, Shown.SAVED), submitted=True, changed=False)
    return CardOutcome(saved, (SubmitEntry(),) if is_needed else (), redraw=True)


def mark_helped(state: CardState, _context: CardContext, _value: str) -> CardOutcome | None:
    """Note once, after saving, that somebody helped."""
    if state.shown is not Shown.SAVED or state.helped:
        return None
    helped = replace(move(state, Shown.SAVED), helped=True)
    return CardOutcome(helped, (MarkHelped(),), "toast.helped", redraw=True)


def snooze(state: CardState, context: CardContext, code: str) -> CardOutcome | None:
    """Offer the times to be asked again (no code), or take one that is still possible."""
    if not code:
        return CardOutcome(move(state, Shown.SNOOZE), redraw=True) if offers_later(state, context) else None
    if state.shown is not Shown.SNOOZE:
        return None
    if code not in context.snooze:
        return CardOutcome(ask_next(state, context), toast="toast.snooze_gone", redraw=True)
    toast = "toast.snoozed_830" if code == SNOOZE_MORNING else "toast.snoozed_30"
    return CardOutcome(move(state, Shown.NEUTRAL), (SnoozeUntil(code),), toast, redraw=True)


def ask_next(state: CardState, context: CardContext) -> CardState:
    """Show the first question without an answer, or the review when there is none."""
    for item in context.items:
        if item not in state.answers:
            return move(state, Shown.QUESTION, item)
    return move(state, Shown.REVIEW)


def move(state: CardState, shown: Shown, item: Item | None = None, *, pending: int | None = None) -> CardState:
    """Show something else; the buttons on screen so far turn stale."""
    return replace(state, revision=state.revision + 1, shown=shown, item=item, pending=pending)


def enter(state: CardState, context: CardContext) -> CardState:
    """Show what Start leads to: the saved card, the next question, or the review."""
    if state.submitted and not state.changed:
        return move(state, Shown.SAVED)
    return ask_next(state, context)
