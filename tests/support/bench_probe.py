"""What measurements share: calibration, a probe of the event loop, and tables that name goal, peer and ratio."""

import asyncio
import os
import platform
import resource
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.storage.database import Database

LOOK_EVERY = 0.002  # seconds
GOOD_COMMIT = 4.0  # ms; the figures to reach are stated for a commit below it


@dataclass
class LoopProbe:
    """Looks at the clock every two milliseconds; the longest gap is the longest time that the loop served nobody.

    `longest_own` counts only processor time that this process used in one gap, in whatever thread: the rest of a gap
    belongs to others on the same machine.
    """

    longest: float = 0.0
    longest_own: float = 0.0
    gaps: list[float] = field(default_factory=list)
    _task: "asyncio.Task[None] | None" = None

    async def __aenter__(self) -> "LoopProbe":
        self._task = asyncio.create_task(self._look())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _look(self) -> None:
        before, used = time.monotonic(), time.process_time()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now, using = time.monotonic(), time.process_time()
            self.gaps.append(now - before - LOOK_EVERY)
            self.longest = max(self.longest, self.gaps[-1])
            self.longest_own = max(self.longest_own, using - used)
            before, used = now, using


@dataclass(frozen=True)
class Cost:
    """What an act took by the wall and by this process's processor time, in seconds."""

    wall: float
    cpu: float


async def cost_of(act: Callable[[], Awaitable[Any]]) -> Cost:
    """Wait for the act, and say what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    await act()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def commit_ms(folder: Path, *, times: int = 200) -> float:
    """The median of one durable SQLite commit of one row in this folder, in ms."""
    connection = sqlite3.connect(folder / "calibration.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
    took = []
    for number in range(times):
        began = time.perf_counter()
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return statistics.median(took)


def empty_transaction_ms(database: Database, *, times: int = 200) -> float:
    """The median of an empty writing transaction of the product, in ms."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        with database.write() as session:
            session.connection()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def calibrate(folder: Path, database: Database) -> None:
    """Print what this machine can do at this moment."""
    commit = commit_ms(folder)
    say("calibration", commit_ms=f"{commit:.2f}", wanted_below=GOOD_COMMIT,
        empty_transaction_ms=f"{empty_transaction_ms(database):.2f}", on=machine())  # fmt: skip


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not pass."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def resident_mb() -> float:
    """Memory that this process holds, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine() -> str:
    """Processors, their load and the interpreter, in one line."""
    return f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def ms(seconds: float) -> str:
    """Seconds as whole milliseconds."""
    return f"{1000 * seconds:.0f}"


def say(title: str, **figures: object) -> None:
    """Print one line of figures."""
    print(f"{title:<34}", "  ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()), flush=True)
