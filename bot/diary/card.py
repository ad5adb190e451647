"""The card of one diary day: what it shows, what surrounds it, and the taps that act on it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.diary.items import Item

_NOTHING: Final[Mapping[Item, int]] = MappingProxyType({})
_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_DATA: Final = re.compile(r"1:([A-Za-z0-9_-]{16}):([a-z])([0-9a-z]{0,12}):(0|[1-9a-z][0-9a-z]{0,9})")


class Shown(StrEnum):
    """What the card has on screen."""

    NEUTRAL = "neutral"
    QUESTION = "question"
    MORE = "more"
    TYPED = "typed"
    CONFIRM = "confirm"
    DEFINITION = "definition"
    REVIEW = "review"
    SNOOZE = "snooze"
    SAVED = "saved"
    CLOSED = "closed"


ASKING: Final = frozenset({Shown.QUESTION, Shown.MORE, Shown.TYPED, Shown.CONFIRM, Shown.DEFINITION})


class Code:
    """The one letter of a tap; `s p w a` (see `items.LETTERS`) are answers."""

    START = "g"
    BACK = "b"
    DEFINITION = "d"
    SUBMIT = "y"
    CHANGE = "c"
    HELPED = "h"
    SNOOZE = "z"
    CONFIRM = "k"
    CORRECTION = "r"
    LANGUAGE = "l"
    NOTICE = "n"
    HOUR = "o"
    REACH = "t"
    STOP = "x"
    HELP = "q"


MORE_STOOLS: Final = "m"
TYPED_STOOLS: Final = "t"
SNOOZE_30_MINUTES: Final = "30"
SNOOZE_MORNING: Final = "830"


@dataclass(frozen=True)
class CardState:
    """One participant's diary day as the card stands; a new frozen state per accepted tap.

    `answers` are the working answers, `changed` says that they differ from what was submitted,
    `pending` is an unusual number waiting for its "yes".
    """

    key: str
    revision: int = 0
    shown: Shown = Shown.NEUTRAL
    item: Item | None = None
    pending: int | None = None
    answers: Mapping[Item, int] = field(default_factory=lambda: _NOTHING)
    submitted: bool = False
    changed: bool = False
    helped: bool = False

    @property
    def is_asking(self) -> bool:
        """Say whether a typed number would answer the question on screen."""
        return self.shown in ASKING and self.item is not None


@dataclass(frozen=True)
class CardContext:
    """The circumstances of a card: its day, its deadline and the reader's own zone.

    `number` is `None` on an extra day; `dots` hold one of done, late, current, open, missed, later,
    excluded per scoring day; `snooze` holds the offered codes, "30" and "830"; `finished` says that the
    window is complete with this day; a day no longer asked, excluded or left behind is not `needed`; instants
    are aware, `today` is the local date in `tzid`.
    """

    diary_day: date
    today: date
    of: int
    items: tuple[Item, ...]
    open: bool
    closes_at: datetime
    tzid: str
    now: datetime
    number: int | None = None
    dots: tuple[str, ...] = ()
    saved_at: datetime | None = None
    next_prompt_at: datetime | None = None
    snooze: tuple[str, ...] = ()
    finished: bool = False
    visit_last: bool = False
    language: str = "en"
    needed: bool = True


@dataclass(frozen=True)
class Tap:
    """One press of a button, as its data say: whose card, which deed, which revision was on screen."""

    key: str
    code: str
    value: str
    revision: int


def encode_tap(tap: Tap) -> str:
    """Write a tap as button data of at most 64 bytes; raises ValueError if it could not be read back."""
    data = f"1:{tap.key}:{tap.code}{tap.value}:{_to_base36(tap.revision)}"
    if decode_tap(data) != tap:
        raise ValueError("This tap cannot be written as button data: check key, code, value and revision.")
    return data


def decode_tap(data: bytes | str) -> Tap | None:
    """Read button data back; anything malformed is `None`, since button data can be forged."""
    if isinstance(data, bytes):
        data = data.decode("ascii", errors="replace")
    match = _DATA.fullmatch(data)
    return Tap(match[1], match[2], match[3], int(match[4], 36)) if match else None


def is_complete(state: CardState, items: tuple[Item, ...]) -> bool:
    """Say whether every asked item has an answer."""
    return all(item in state.answers for item in items)


def only_saving_is_left(state: CardState, items: tuple[Item, ...]) -> bool:
    """Say whether all answers are in and nothing but Submit is missing."""
    return is_complete(state, items) and (state.changed or not state.submitted)


def offers_later(state: CardState, context: CardContext) -> bool:
    """Say whether the question on screen carries Later: the first one, not begun, with a time to offer."""
    is_first = state.shown is Shown.QUESTION and state.item is context.items[0]
    return is_first and not is_complete(state, context.items) and bool(context.snooze)


def offers_back(state: CardState, context: CardContext) -> bool:
    """Say whether the screen carries Back: not on the first question, at a confirmation or after saving."""
    if state.shown is Shown.QUESTION:
        return state.item is not context.items[0] or is_complete(state, context.items)
    if state.shown is Shown.REVIEW:
        return state.submitted and not state.changed
    return state.shown in (Shown.MORE, Shown.TYPED, Shown.DEFINITION, Shown.SNOOZE)


def rest(state: CardState) -> CardState:
    """Put the card back to its neutral text, as a fresh copy does; answers stay, older buttons turn stale."""
    return replace(state, revision=state.revision + 1, shown=Shown.NEUTRAL, item=None, pending=None)


def _to_base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
        if number <= 0:
            return digits
