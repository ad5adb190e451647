"""What a printed page says besides the draft: the signature, the audit anchor, and the course up to this visit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from bot.scoring.response import Interval


@dataclass(frozen=True, slots=True)
class VoidMark:
    """When, by whom and why a signature became void."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """One signature as it was given: `hash` is the SHA-256 of what was signed, in hexadecimal digits.

    `role` is a staff role or any other wording; `meaning` is the sentence that was signed; `tzid` is the zone in
    which the time is shown beside UTC. `username` and `method` (how the person proved to be themselves) are
    printed when given.
    """

    name: str
    role: str
    at: datetime
    tzid: str
    meaning: str
    hash: str
    void: VoidMark | None = None
    username: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the audit trail that the page is tied to: its sequence number and its hash in hexadecimal."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """An earlier visit's total, or the interval it must lie in while it is not known."""

    visit: str
    total: Fraction | None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class DayChange:
    """One answer that was corrected: `item` is a diary item, `by` participant, staff or operator."""

    on: date
    item: str
    before: int
    after: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Background:
    """What the draft itself does not hold; every part may be absent, and the page then does not mention it.

    `study` is the registration number; `late_at` says when a late day was entered; `trend` are the earlier visits,
    oldest first; `synthetic` marks the data of a demonstration.
    """

    study: str | None = None
    baseline_on: date | None = None
    trend: tuple[TrendPoint, ...] = ()
    changes: tuple[DayChange, ...] = ()
    late_at: Mapping[date, datetime] = field(default_factory=dict)
    synthetic: bool = False


NO_BACKGROUND = Background()
