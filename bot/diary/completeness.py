"""The state of a diary day, computed from what is stored and from `now`; missing is a value of its own."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class DayState(StrEnum):
    """One word per diary day, the same in code, board, draft and export."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    ON_TIME = "on_time"
    LATE = "late"
    PARTIAL = "partial"
    MISSED = "missed"
    OUTAGE = "outage"
    EXCLUDED = "excluded"


class Timing(StrEnum):
    """When a day's entry was first submitted: on the day, before closing, or after it."""

    ON_TIME = "on_time"
    LATE = "late"
    AFTER_CLOSING = "after_closing"


SCORED = frozenset({DayState.ON_TIME, DayState.LATE})
UNDECIDED = frozenset({DayState.NOT_OPEN, DayState.OPEN})


class DayTimes(Protocol):
    """The instants of one diary day: opening, the midnight that ends the date, closing."""

    @property
    def opens_at(self) -> datetime: ...
    @property
    def midnight_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...


def timing_of(submitted_at: datetime, times: DayTimes) -> Timing:
    """On time before midnight of the day, late before closing, else after closing."""
    if submitted_at < times.midnight_at and submitted_at < times.closes_at:
        return Timing.ON_TIME
    return Timing.LATE if submitted_at < times.closes_at else Timing.AFTER_CLOSING


def day_state(
    times: DayTimes, now: datetime, *, excluded: bool, timing: Timing | None, has_answers: bool, outage: bool
) -> DayState:
    """The day's state at `now`; excluded wins over all, and a submitted day keeps its timing for good."""
    if excluded:
        return DayState.EXCLUDED
    if timing in (Timing.ON_TIME, Timing.LATE):
        return DayState(timing.value)
    if now < times.opens_at:
        return DayState.NOT_OPEN
    if now < times.closes_at:
        return DayState.OPEN
    if outage:
        return DayState.OUTAGE
    return DayState.PARTIAL if has_answers or timing is not None else DayState.MISSED
