"""What a hand does next, from the buttons in sight and what its owner means to answer (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.diary.card import MORE_STOOLS, Code, Tap
from bot.diary.items import ITEM_BY_LETTER, LETTERS, Item

PAD_ENDS: Final = 9


@dataclass(frozen=True, slots=True)
class Button:
    """A button in sight: what it would send, as read and as it stands."""

    tap: Tap
    data: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody means to answer for a day, and the ways about it that are still before them.

    `snooze` is the code to put the card off with, `abandons` stops short of Submit once, `correction` is an
    item and the value to change it to after saving.
    """

    answers: Mapping[str, int]
    types: bool = False
    snooze: str | None = None
    abandons: bool = False
    helped: bool = False
    correction: tuple[str, int] | None = None
    doubles: bool = False


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody wants of a panel: a language, an hour ("2000"), an end to messages."""

    language: str
    hour: str


@dataclass(frozen=True, slots=True)
class Move:
    """One thing done: button data tapped or a text typed; `submits` marks the tap that means the answers."""

    data: str | None = None
    text: str | None = None
    submits: bool = False


def next_move(buttons: Sequence[Button], intent: Intent, errand: Errand) -> tuple[Move | None, Intent]:
    """The next move, None when there is nothing to do, and the intent as it then stands."""
    codes = {button.tap.code for button in buttons}
    if codes & {Code.LANGUAGE, Code.NOTICE, Code.HOUR, Code.REACH, Code.STOP}:
        return _on_panel(buttons, errand), intent
    if Code.START in codes:
        return Move(_find(buttons, Code.START)), intent
    if Code.CONFIRM in codes:
        return Move(_find(buttons, Code.CONFIRM)), intent
    if Code.SUBMIT in codes:
        return _on_review(buttons, intent)
    if Code.SNOOZE in codes and intent.snooze is not None:
        return _on_snooze(buttons, intent)
    item = next((ITEM_BY_LETTER[code] for code in sorted(codes) if code in ITEM_BY_LETTER), None)
    if item is not None:
        return _on_question(buttons, item, intent), intent
    if Code.CHANGE in codes:
        return _on_saved(buttons, intent)
    return None, intent


def is_saved(buttons: Sequence[Button]) -> bool:
    """Whether the card says that the day is saved."""
    return any(button.tap.code == Code.CHANGE and not button.tap.value for button in buttons)


def _on_panel(buttons: Sequence[Button], errand: Errand) -> Move | None:
    wanted = (
        (Code.LANGUAGE, errand.language),
        (Code.NOTICE, "y"),
        (Code.HOUR, errand.hour),
        (Code.REACH, ""),
        (Code.STOP, "y"),
    )
    found = next((data for code, value in wanted if (data := _find(buttons, code, value))), None)
    return Move(found) if found else None


def _on_review(buttons: Sequence[Button], intent: Intent) -> tuple[Move | None, Intent]:
    if intent.correction is not None and is_changeable(buttons, intent):
        item, value = intent.correction
        changed = replace(intent, answers={**intent.answers, item: value}, correction=None)
        return Move(_find(buttons, Code.CHANGE, LETTERS[Item(item)])), changed
    if intent.abandons:
        return None, replace(intent, abandons=False)
    return Move(_find(buttons, Code.SUBMIT), submits=True), intent


def is_changeable(buttons: Sequence[Button], intent: Intent) -> bool:
    """Whether the correction in mind comes after saving: such a review offers the way back to the saved card."""
    return intent.correction is not None and _find(buttons, Code.BACK) is not None


def _on_snooze(buttons: Sequence[Button], intent: Intent) -> tuple[Move | None, Intent]:
    opens = _find(buttons, Code.SNOOZE)
    if opens is not None:
        return Move(opens), intent
    offered = _find(buttons, Code.SNOOZE, intent.snooze or "") or next(
        button.data for button in buttons if button.tap.code == Code.SNOOZE
    )
    return Move(offered), replace(intent, snooze=None)


def _on_question(buttons: Sequence[Button], item: Item, intent: Intent) -> Move | None:
    value = intent.answers[item.value]
    if intent.types:
        return Move(text=str(value))
    tapped = _find(buttons, LETTERS[item], str(value))
    if tapped is None and item is Item.STOOLS and value > PAD_ENDS:
        tapped = _find(buttons, LETTERS[item], MORE_STOOLS)
    return Move(tapped) if tapped else Move(text=str(value))


def _on_saved(buttons: Sequence[Button], intent: Intent) -> tuple[Move | None, Intent]:
    if intent.correction is not None:
        return Move(_find(buttons, Code.CHANGE)), intent
    helped = _find(buttons, Code.HELPED)
    if intent.helped and helped is not None:
        return Move(helped), replace(intent, helped=False)
    return None, intent


def _find(buttons: Sequence[Button], code: str, value: str = "") -> str | None:
    return next((one.data for one in buttons if (one.tap.code, one.tap.value) == (code, value)), None)
