"""The rehearsal's clock: study time that runs with a virtual loop, and leaps where nothing would happen."""

from collections.abc import Callable
from datetime import datetime, timedelta


class LeapingClock:
    """Study time and elapsed time run with `elapsed` and leap; security time runs, but never leaps.

    So a leap is a step of the study clock, not a silence of the service: only one that passes over an
    instant at which something was due counts as an outage, as with `CDAI_STUDY_CLOCK`.
    """

    def __init__(self, start: datetime, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._start = start
        self._base, self._based_at = start, elapsed()
        self._leapt = 0.0

    @property
    def shifted(self) -> bool:
        return True

    def now(self) -> datetime:
        return self._base + timedelta(seconds=self._elapsed() - self._based_at)

    def system_now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed())

    def monotonic(self) -> float:
        return self._elapsed() + self._leapt

    def leap(self, at: datetime) -> None:
        """Make it this instant; a step backwards raises ValueError."""
        step = (at - self.now()).total_seconds()
        if step < 0:
            raise ValueError("The rehearsal's time moves only forward.")
        self._leapt += step
        self._base, self._based_at = at, self._elapsed()
