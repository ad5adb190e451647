"""The only reader of the clock: study time, which may be shifted, and security time, which never is."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

REREAD_AFTER = 0.1  # seconds
LONGEST_OFFSET = 100 * 366 * 24 * 3600


class Clock(Protocol):
    """Study time, security time and elapsed time from one source."""

    @property
    def shifted(self) -> bool:
        """True when study time is not the system's time."""
        ...

    def now(self) -> datetime:
        """Study time: diary days, reminders, closing, audit. Aware, in UTC."""
        ...

    def system_now(self) -> datetime:
        """Security time: sessions, one-time codes, rate limits. Aware, in UTC, never shifted."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, for measuring how long something took."""
        ...


class SystemClock:
    """The machine's own clock."""

    @property
    def shifted(self) -> bool:
        return False

    def now(self) -> datetime:
        return datetime.now(UTC)

    def system_now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ShiftedClock(SystemClock):
    """The machine's clock plus the whole seconds that a file holds; the offset may only grow.

    A missing file stands for 0. A value that is smaller than the last one, or no whole number, changes
    nothing and is described by `problem` until the file holds a good value again.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._offset = 0
        self._read_at: float | None = None
        self.problem: str | None = None

    @property
    def shifted(self) -> bool:
        return True

    def now(self) -> datetime:
        return self.system_now() + self.offset()

    def offset(self) -> timedelta:
        """The offset in force; the file is read again at most ten times a second."""
        with self._lock:
            moment = time.monotonic()
            if self._read_at is None or moment - self._read_at >= REREAD_AFTER:
                self._read_at = moment
                self._reread()
            return timedelta(seconds=self._offset)

    def _reread(self) -> None:
        # The content itself is read: two writes within one tick of the file's time stamp look alike.
        try:
            text = self._file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            text = "0"
        except (OSError, UnicodeDecodeError):
            self.problem = f"The study clock file {self._file} cannot be read; nothing was changed."
            return
        self._take(text)

    def _take(self, text: str) -> None:
        if not text.isdecimal() or not text.isascii() or len(text) > 12 or int(text) > LONGEST_OFFSET:
            self.problem = f"The study clock file {self._file} must hold whole seconds; nothing was changed."
        elif int(text) < self._offset:
            self.problem = f"The study clock file {self._file} holds less than before; study time only moves forward."
        else:
            self._offset, self.problem = int(text), None


class VirtualClock:
    """A clock that stands still until it is told to move; the rehearsal and the tests live by it."""

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)
        self._elapsed = 0.0

    @property
    def shifted(self) -> bool:
        return False

    def now(self) -> datetime:
        return self._now

    def system_now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, step: timedelta) -> None:
        """Let time pass; a negative step is refused with ValueError."""
        if step < timedelta(0):
            raise ValueError("Elapsed time cannot be negative; use set() to step the wall clock back.")
        self._now += step
        self._elapsed += step.total_seconds()

    def set(self, at: datetime) -> None:
        """Set the wall clock; forward steps also elapse, backward steps leave elapsed time as it is."""
        step = _aware(at) - self._now
        self._now = _aware(at)
        self._elapsed += max(step.total_seconds(), 0.0)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A clock needs an instant with a time zone.")
    return at.astimezone(UTC)
