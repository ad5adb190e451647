"""What a draft's document says besides the score: names, versions, and who entered which clinic value when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from bot.documents.words import LIST_SEPARATOR
from bot.i18n import Message, format_day, translate
from bot.scoring.changes import SinceStored
from bot.scoring.draft import Draft
from bot.scoring.inputs import DIARY_COMPONENTS

MINUS = "\N{MINUS SIGN}"
PLACES = 4


@dataclass(frozen=True, slots=True)
class Entered:
    """One revision of a clinic component: for which visit, by whom, when, and the value as it was typed."""

    visit: str
    by: str
    at: datetime
    revision: int
    value: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class DraftHeader:
    """Names by language, the site's zone, the protocol version, and the entries behind the clinic components.

    `since` is the last stored draft of the visit and what has changed since; None when none was stored.
    """

    visit_names: Mapping[str, str]
    site_names: Mapping[str, str]
    tzid: str
    protocol_version: str
    protocol_fingerprint: str
    entered: Mapping[str, Entered]
    since: SinceStored | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Words, numbers and dates in one language."""

    language: str
    tzid: str

    def __call__(self, message: Message, **params: object) -> str:
        return translate(message, self.language, **params)

    def day(self, day: date) -> str:
        return format_day(day, self.language)

    def moment(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self.tzid)).strftime("%Y-%m-%d %H:%M")

    def list(self, words: list[str]) -> str:
        return self(LIST_SEPARATOR).join(words)


def is_waiting(component: str, draft: Draft) -> bool:
    """Say whether a diary component is not known only because a scored day can still be filled."""
    return component in DIARY_COMPONENTS and bool(draft.diary.pending) and draft.interval is not None


def decimal(value: float | Decimal | Fraction, least: int = 0, places: int = PLACES) -> str:
    """A number with as many of `places` decimals as it has, at least `least`, and a true minus sign."""
    text = f"{float(value):.{places}f}".rstrip("0")
    whole, _, tail = text.partition(".")
    tail = tail.ljust(least, "0")
    text = f"{whole}.{tail}" if tail else whole
    return text.replace("-", MINUS)


def fixed(value: float, places: int) -> str:
    """A number with exactly so many decimals and a true minus sign."""
    return f"{value:.{places}f}".replace("-", MINUS)


def span(low: str, high: str) -> str:
    """A range in a table; one number where both ends agree."""
    return low if low == high else f"{low} – {high}"


def label(visit_on: date, day: date) -> str:
    """A diary day by its distance from the visit, with a true minus sign."""
    return f"D{MINUS}{(visit_on - day).days}"
