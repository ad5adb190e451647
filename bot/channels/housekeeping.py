"""What must happen again and again: the plan, the heartbeat, and a look at the clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sqlmodel import Session

from bot.log import get_logger
from bot.storage.database import Database
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock

log = get_logger(__name__)

LOOK_EVERY = 0.5  # seconds between looks at the clock
STEPS = 80  # of the plan, in one tick: a study of up to 400 participants is gone through every time
BUDGET = 5.0  # seconds at a stretch, when all must be gone through
JUMP = 2.0  # seconds by which wall and elapsed time may drift apart between two looks


class Plan(Protocol):
    """Brings the planned messages in step with what should exist now; answers what is left for a next transaction."""

    def __call__(self, session: Session, *, now: datetime) -> "Plan | None": ...


class Beat(Protocol):
    """Notes that answers can come in; True when the silence before was an outage."""

    def __call__(self, session: Session, *, system_now: datetime, now: datetime, shifted: bool) -> bool: ...


class ComeBack(Protocol):
    """Sees to the next few participants after a silence; answers whether more are left."""

    def __call__(self, session: Session, *, now: datetime) -> bool: ...


class Stepped(Protocol):
    """Notes that the system clock was stepped."""

    def __call__(self, session: Session, *, by: timedelta, now: datetime, shifted: bool) -> None: ...


def not_noted(session: Session, *, by: timedelta, now: datetime, shifted: bool) -> None:  # a stand-in
    """Where time is made up, nobody needs to know of its steps."""


@dataclass
class Housekeeper:
    """Plans and beats; after a jump of the clock at once, before anybody is told that we are ready.

    Of several replicas the one that sends keeps the plan (`leads`); planning twice equals planning once.
    """

    database: Database
    clock: Clock
    plan: Plan
    beat: Beat
    come_back: ComeBack
    hears: Callable[[], bool]
    planned: Callable[[], None]
    leads: Callable[[], bool] = lambda: True
    stepped: Stepped = not_noted

    def __post_init__(self) -> None:
        self._lock = asyncio.Lock()
        self._settled: int | None = None
        self._going_through: int | None = None  # the study time for which all are being gone through
        self._next: Plan | None = None  # what is left of a pass through everybody
        self._wall: tuple[datetime, float] | None = None

    def shift(self) -> int:
        """Seconds by which study time runs ahead of the system clock."""
        return round((self.clock.now() - self.clock.system_now()).total_seconds())

    @property
    def settled(self) -> bool:
        """Whether everything that the present study time makes due has been planned."""
        return self._settled == self.shift()

    async def settle(self, *, within: float = BUDGET) -> None:
        """Plan for the present study time, unless that has been done; what takes longer is gone on with later."""
        async with self._lock:
            if not self.settled:
                await self.tick_beat()
                await self._go_through(within)

    async def tick_plan(self) -> None:
        """Look at the next few participants, or at all when something concerns all; unless another replica does."""
        if not self.leads():
            return
        async with self._lock:
            await self.tick_beat()
            if not self.settled:
                await self._go_through(BUDGET)
                return
            for _ in range(STEPS):
                if await self._plan_more():
                    break
            self.planned()

    async def tick_beat(self) -> None:
        """Note that we can hear participants, when we can; and see to those whose taps a silence may have cost."""
        if self.hears():
            await self.database.writing(self._beat)
        await self._come_back()

    async def _come_back(self) -> None:
        """One short transaction after the other; what takes longer is gone on with at the next beat."""
        until = self.clock.monotonic() + BUDGET
        while await self.database.writing(self._see_to_some):
            if self.clock.monotonic() >= until:
                return

    async def watch(self) -> None:
        """Look at the clock until cancelled, and settle after every jump."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                step = self._step()
                if step:
                    await self.database.writing(partial(self._note_step, step))
                    self._settled = self._going_through = None
                if not self.settled:
                    await self._after_jump()
            except DATABASE_TROUBLE as error:
                log.warning("database_trouble", part="clock_watch", error=type(error).__name__)

    async def _after_jump(self) -> None:
        if self._going_through != self.shift():
            log.info("clock_moved", shift_seconds=self.shift(), study_now=self.clock.now())
        await self.settle()

    def _step(self) -> timedelta:
        """By how much the wall clock moved otherwise than elapsed time since the last look; small drift is none."""
        wall, elapsed = self.clock.system_now(), self.clock.monotonic()
        before, self._wall = self._wall, (wall, elapsed)
        if before is None:
            return timedelta(0)
        step = wall - before[0] - timedelta(seconds=elapsed - before[1])
        return step if abs(step) > timedelta(seconds=JUMP) else timedelta(0)

    def _note_step(self, by: timedelta) -> None:
        with self.database.write() as session:
            self.stepped(session, by=by, now=self.clock.now(), shifted=self.clock.shifted)
        log.warning("clock_stepped", seconds=round(by.total_seconds()))

    async def _go_through(self, seconds: float) -> None:
        """Look at everybody, from where we stopped when that was for the same study time."""
        shift, until = self.shift(), self.clock.monotonic() + seconds
        if self._going_through != shift:
            self._going_through, self._next = shift, None
        while not await self._plan_more():
            if self.clock.monotonic() >= until:
                return
        self._settled, self._going_through = shift, None
        self.planned()

    async def _plan_more(self) -> bool:
        """One transaction, short enough for a tap to wait for it; True when everybody has been looked at."""
        self._next = await self.database.writing(partial(self._plan, self._next or self.plan))
        return self._next is None

    def _beat(self) -> None:
        now, system_now = self.clock.now(), self.clock.system_now()
        with self.database.write() as session:
            if self.beat(session, system_now=system_now, now=now, shifted=self.clock.shifted):
                log.warning("outage_noted", study_now=now)
                self._settled = self._going_through = None  # every open day may be longer now

    def _see_to_some(self) -> bool:
        with self.database.write() as session:
            return self.come_back(session, now=self.clock.now())

    def _plan(self, step: Plan) -> Plan | None:
        with self.database.write() as session:
            return step(session, now=self.clock.now())
