"""The metronome for housekeeping: a handful of ticks and no memory; the only importer of apscheduler."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from schedules.clock import Clock, SystemClock

log = logging.getLogger(__name__)

STALE_AFTER_TICKS = 3
SHORTEST_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A function to be called again and again; it looks up what is to do, so a lost call loses nothing."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


class Metronome:
    """Calls each tick at once and then at its interval, never twice at the same time.

    The scheduler beneath can fall silent when the wall clock is set back; `stale` notices by elapsed time,
    and `restart` begins anew.
    """

    def __init__(self, ticks: Sequence[Tick], clock: Clock | None = None) -> None:
        names = [tick.name for tick in ticks]
        if len(set(names)) != len(names):
            raise ValueError("Every tick needs a name of its own.")
        self._ticks = tuple(ticks)
        self._clock = clock or SystemClock()
        self._scheduler: AsyncIOScheduler | None = None
        self._started_at = 0.0
        self._last: dict[str, float] = {}
        self._running: set[str] = set()

    def start(self) -> None:
        """Begin ticking in the running event loop; a second call changes nothing."""
        if self._scheduler is not None:
            return
        self._started_at = self._clock.monotonic()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        for tick in self._ticks:
            self._scheduler.add_job(
                self._beat,
                "interval",
                args=[tick],
                id=tick.name,
                seconds=tick.every.total_seconds(),
                next_run_time=self._clock.system_now(),
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; a tick that is running is cut short, what it does in a thread is not."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def restart(self) -> None:
        """Begin anew with a fresh scheduler."""
        self.stop()
        self.start()

    def last_tick(self, name: str) -> float | None:
        """Return the monotonic time at which a tick last began; None when it never did."""
        return self._last.get(name)

    def stale(self, now_monotonic: float) -> bool:
        """Say whether a tick has been silent for three intervals, and for ten seconds at least."""
        return any(now_monotonic - self._heard(tick) > _patience(tick) for tick in self._ticks)

    def _heard(self, tick: Tick) -> float:
        return max(self._last.get(tick.name, self._started_at), self._started_at)

    async def _beat(self, tick: Tick) -> None:
        self._last[tick.name] = self._clock.monotonic()
        if tick.name in self._running:
            return
        self._running.add(tick.name)
        try:
            await tick.run()
        except asyncio.CancelledError:
            return  # stopped in the middle of it, which is no error to tell anybody of
        except Exception as fault:  # noqa: BLE001 - one failing tick must never silence the others
            fields = {"tick": tick.name, "fault": type(fault).__name__}
            log.error("tick failed", extra=fields)  # noqa: TRY400 - a traceback could carry study data
        finally:
            self._running.discard(tick.name)


def _patience(tick: Tick) -> float:
    return max(STALE_AFTER_TICKS * tick.every.total_seconds(), SHORTEST_PATIENCE)
