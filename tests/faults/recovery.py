"""How long it takes until work goes on after the leader is killed, and after the database was restarted.

python -m tests.faults.recovery --times 5 --seed 1
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sqlmodel import col, func, select

from bot.channels.dispatcher import Dispatcher
from bot.channels.intake import Intake
from bot.channels.leadership import Elected
from bot.storage.database import Database
from bot.storage.inbox import store_updates
from bot.storage.tables import InboxRow, MessageRow, StrangerRow
from schedules.clock import SystemClock
from tests.faults.kill_torture import say
from tests.support.carrying import Desk, Ledger, Network, seed_study, text_update, wording
from tests.support.database import add_message
from tests.support.live import FIRST_USER, until
from tests.support.postgres import Cluster, clean_postgres, postgres_cluster
from tests.support.topology import topology

AFTER_KILL, AFTER_RESTART = 60.0, 5.0  # seconds, the promise
PATIENCE = 90.0


@dataclass
class Figures:
    """Seconds until work went on, each time; and what went wrong."""

    kills: list[float] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0

    def sentence(self) -> str:
        """The figures with their sample."""
        parts = []
        if self.kills:
            parts.append(f"after {len(self.kills)} kills of the leader with work claimed: {spread(self.kills)}")
        if self.restarts:
            parts.append(
                f"after {len(self.restarts)} restarts of the database, from its return to the first message and the "
                f"first handled update: {spread(self.restarts)}; {self.lost} lost, {self.doubled} doubled"
            )
        return "; ".join(parts)


def spread(found: list[float]) -> str:
    """Median and maximum."""
    return f"median {sorted(found)[len(found) // 2]:.1f} s, longest {max(found):.1f} s"


def after_kills(times: int, seed: int, figures: Figures) -> None:
    """Kill the leader while a reply of it hangs; measure until a standby has sent the reply once more."""
    with (
        tempfile.TemporaryDirectory(prefix="cdai-diary-recovery-") as folder,
        topology(Path(folder), rng=Random(seed)) as site,
    ):
        users = [FIRST_USER + number for number in range(1, times + 1)]
        site.run()
        site.await_all()
        for user in users:
            invitation = site.enrol(f"SH-{user - FIRST_USER:03d}", user, "en")
            leader = site.await_leader()
            killed = watch(site, leader)
            site.api.start(site_now(), user, invitation)
            until(lambda killed=killed: killed, "the reply on its way", within=PATIENCE)
            before = len(site.api.chat(user).messages)
            until(lambda user=user, before=before: len(site.api.chat(user).messages) > before, "it", within=PATIENCE)
            figures.kills.append(time.monotonic() - killed[0])
            assert leader.process is not None
            leader.process.wait(10)
            site.run()
            site.await_all()


def watch(site: Any, leader: Any) -> list[float]:
    """Kill the leader when its next message has come to the sandbox and nothing has been answered."""
    killed: list[float] = []

    def see(request: Any, phase: str) -> None:
        if request.method == "sendMessage" and phase == "came" and not killed:
            leader.process.kill()
            killed.append(time.monotonic())

    site.line.watcher = see
    return killed


def site_now() -> Any:
    """The machine's clock."""
    return SystemClock().now()


class Parts:
    """A dispatcher and an intake on the server, as `run` has them."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.network, self.desk = database, SystemClock(), Network(), Desk()
        self.dispatcher = Dispatcher(
            database, self.clock, seed_study, self.network, wording, Ledger(), owner="one", rng=Random(1),
            leadership=Elected("one", self.clock),
        )  # fmt: skip
        self.intake = Intake(
            database, self.clock, seed_study, handle=self.desk, answer=self._answer, queued=self.dispatcher.wake,
            trouble=lambda _hint: None,
        )  # fmt: skip
        self.brought = 0

    async def _answer(self, _answer: object) -> None:
        """Nobody waits for it."""

    async def bring(self) -> None:
        """Store one more update and one more message, as soon as the database takes them."""
        self.brought += 1
        number = self.brought
        await self._insist(lambda: self._store(number))

    async def _insist(self, act: Callable[[], None]) -> None:
        while True:
            try:
                await self.database.writing(act)
            except Exception:  # noqa: BLE001  # that is what is measured
                await asyncio.sleep(0.02)
            else:
                return

    def _store(self, number: int) -> None:
        with self.database.write() as session:
            store_updates(session, [text_update(number, 5001 + number % 7)], now=self.clock.now())
            add_message(session, dedupe_key=f"m{number}", due_at=self.clock.now(), address=6000 + number)

    def settled(self) -> bool:
        """Whether everything brought so far has had its effect."""
        with self.database.read() as session:
            done = session.exec(select(func.count()).where(col(InboxRow.state) == "done")).one()
            sent = session.exec(select(func.count()).where(col(MessageRow.state) == "sent")).one()
        return bool(done == sent == self.brought)


async def after_restarts(times: int, cluster: Cluster, database: Database, figures: Figures) -> None:
    """Crash and start the server under a working dispatcher and intake; measure until both have gone on."""
    parts = Parts(database)
    tasks = [asyncio.create_task(part.run()) for part in (parts.dispatcher, parts.intake)]
    for number in range(times):
        await parts.bring()
        await eventually(parts.settled)
        await asyncio.to_thread(cluster.stop, "immediate" if number % 2 else "fast")
        await asyncio.sleep(0.5)
        await asyncio.to_thread(cluster.start)
        back = time.monotonic()
        await parts.bring()
        await eventually(parts.settled)
        figures.restarts.append(time.monotonic() - back)
    await parts.intake.stop()
    await parts.dispatcher.stop()
    await asyncio.gather(*tasks)
    with database.read() as session:
        effects = session.exec(select(func.count()).select_from(StrangerRow)).one()
    figures.lost += parts.brought - effects
    figures.doubled += len(parts.network.sent) - parts.brought


async def eventually(fact: Callable[[], bool]) -> Awaitable[None] | None:
    """Wait until a fact holds, while the database may not answer."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                if await asyncio.to_thread(fact):
                    return None
            except Exception:  # noqa: BLE001, S110  # it is being restarted
                pass
            await asyncio.sleep(0.02)


def measure_restarts(times: int, figures: Figures) -> None:
    """The same with a server of its own."""
    with postgres_cluster() as cluster, clean_postgres(cluster.url) as database:
        asyncio.run(after_restarts(times, cluster, database, figures))


def main() -> int:
    """Read the command line, measure, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    figures = Figures()
    measure_restarts(given.times, figures)
    after_kills(given.times, given.seed, figures)
    say(figures.sentence())
    kept = max(figures.kills) <= AFTER_KILL and max(figures.restarts) <= AFTER_RESTART
    return 0 if kept and not figures.lost else 1


if __name__ == "__main__":
    sys.exit(main())
