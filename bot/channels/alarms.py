"""What somebody should be called for: said once in the log when it begins and when it ends, and shown in metrics."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.channels.metrics import ALARM, INBOX_LAG, LEAD_AGE, POLL_AGE
from bot.log import get_logger

log = get_logger(__name__)

LONGEST_LAG = 60.0  # seconds that an update may wait
LONGEST_SILENCE = 120.0  # seconds without a poll that succeeded
LONGEST_LEADERLESS = 30.0  # seconds in which no leader has confirmed its lease
NAMES = ("inbox_lag", "poll_silent", "no_leader")


@dataclass(frozen=True, slots=True)
class Signs:
    """What is looked at, in monotonic seconds: `oldest` is the update that has waited longest; None: nothing to see."""

    at: float
    oldest: int | None = None
    poll_age: float | None = None
    lead_age: float | None = None


@dataclass
class Alarms:
    """Remembers what is wrong between two looks.

    How long an update waits is told by elapsed time since it was first seen to be the oldest, so that a moved clock
    neither raises an alarm nor hides one.
    """

    _oldest: tuple[int, float] | None = None
    raised: set[str] = field(default_factory=set)

    def look(self, signs: Signs) -> None:
        """Show the figures, and say what has begun or ended."""
        lag = self._lag(signs)
        INBOX_LAG.set(lag)
        POLL_AGE.set(signs.poll_age or 0.0)
        LEAD_AGE.set(signs.lead_age or 0.0)
        wrong = dict(self._wrong(lag, signs))
        for name in NAMES:
            ALARM.labels(name).set(name in wrong)
        for name, seconds in wrong.items():
            if name not in self.raised:
                log.error("alarm", code=name, seconds=round(seconds))
        for name in sorted(self.raised - wrong.keys()):
            log.info("alarm_over", code=name)
        self.raised = set(wrong)

    def _lag(self, signs: Signs) -> float:
        if signs.oldest is None:
            self._oldest = None
            return 0.0
        if self._oldest is None or self._oldest[0] != signs.oldest:
            self._oldest = (signs.oldest, signs.at)
        return signs.at - self._oldest[1]

    def _wrong(self, lag: float, signs: Signs) -> Iterator[tuple[str, float]]:
        if lag > LONGEST_LAG:
            yield "inbox_lag", lag
        if signs.poll_age is not None and signs.poll_age > LONGEST_SILENCE:
            yield "poll_silent", signs.poll_age
        if signs.lead_age is not None and signs.lead_age > LONGEST_LEADERLESS:
            yield "no_leader", signs.lead_age
