"""Housekeeping: after a jump of the clock the plan is brought up to date before anything else."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlmodel import Session

from bot.channels.housekeeping import STEPS, Housekeeper, Plan
from bot.storage.database import Database
from schedules.clock import VirtualClock
from tests.support.database import T0


class Shifting(VirtualClock):
    """A clock whose study time runs ahead by whole seconds."""

    ahead = 0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead)


class Bench:
    """A housekeeper and what it did, in order."""

    def __init__(self, database: Database, *, hears: bool = True) -> None:
        self.clock, self.done, self.hearing = Shifting(T0), list[tuple[str, datetime]](), hears
        self.away = 0
        self.people, self.seen, self.takes = 1, list[int](), timedelta(0)
        self.keeper = Housekeeper(
            database, self.clock, plan=self._plan, beat=self._beat, come_back=self._come_back,
            hears=lambda: self.hearing, planned=lambda: self.done.append(("planned", self.clock.now())),
        )  # fmt: skip

    def _plan(self, _session: Session, *, now: datetime, number: int = 1) -> Plan | None:
        """Look at one participant at a time, of whom there are `people`."""
        self.done.append(("plan", now))
        self.seen.append(number)
        self.clock.advance(self.takes)
        return partial(self._plan, number=number + 1) if number < self.people else None

    def _beat(self, _session: Session, *, system_now: datetime, now: datetime, **_: bool) -> bool:
        assert system_now == self.clock.system_now()
        self.done.append(("beat", now))
        return False

    def _come_back(self, _session: Session, *, now: datetime) -> bool:
        """See to one participant at a time, of whom `away` are left."""
        if not self.away:
            return False
        self.done.append(("back", now))
        self.clock.advance(self.takes)
        self.away -= 1
        return self.away > 0


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


@pytest.mark.parametrize("hears", [True, False])
async def test_whoever_beats_goes_on_with_a_return_for_as_long_as_a_beat_may_last(
    database: Database, *, hears: bool
) -> None:
    bench = Bench(database, hears=hears)
    bench.away, bench.takes = 7, timedelta(seconds=1)
    await bench.keeper.tick_beat()
    assert [what for what, _at in bench.done if what == "back"] == ["back"] * 5
    await bench.keeper.tick_beat()
    assert bench.away == 0


async def test_settling_beats_plans_and_wakes_once_for_each_study_time(bench: Bench) -> None:
    await bench.keeper.settle()
    await bench.keeper.settle()
    assert bench.done == [("beat", T0), ("plan", T0), ("planned", T0)]
    bench.clock.ahead = 86_400
    assert not bench.keeper.settled
    await bench.keeper.settle()
    assert bench.done[3:] == [(what, T0 + timedelta(days=1)) for what in ("beat", "plan", "planned")]


async def test_without_ears_there_is_no_heartbeat(bench: Bench) -> None:
    bench.hearing = False
    await bench.keeper.tick_beat()
    await bench.keeper.tick_plan()
    assert [what for what, _ in bench.done] == ["plan", "planned"]


async def test_many_who_ask_at_once_cause_one_plan(bench: Bench) -> None:
    await asyncio.gather(*(bench.keeper.settle() for _ in range(5)))
    assert [what for what, _ in bench.done].count("plan") == 1


async def test_the_watch_notices_a_moved_study_clock_and_a_stepped_wall_clock(bench: Bench) -> None:
    await bench.keeper.settle()
    watching = asyncio.create_task(bench.keeper.watch())
    await asyncio.sleep(0.7)
    assert len(bench.done) == 3
    bench.clock.ahead = 60
    await asyncio.sleep(0.7)
    assert len(bench.done) == 6
    bench.clock.set(T0 - timedelta(hours=2))
    await asyncio.sleep(0.7)
    watching.cancel()
    assert len(bench.done) == 9


async def test_a_large_study_is_gone_through_a_part_at_every_tick(bench: Bench) -> None:
    bench.people = 2 * STEPS + 1
    everybody = list(range(1, bench.people + 1))
    await bench.keeper.settle()
    assert bench.seen == everybody
    await bench.keeper.tick_plan()
    assert bench.seen[bench.people :] == everybody[:STEPS]
    for _ in range(2):
        await bench.keeper.tick_plan()
    assert bench.seen[bench.people :] == everybody


async def test_a_plan_that_takes_long_is_gone_on_with(bench: Bench) -> None:
    bench.people, bench.takes = 8, timedelta(seconds=1)
    await bench.keeper.settle()
    assert bench.seen == [1, 2, 3, 4, 5]
    assert not bench.keeper.settled
    await bench.keeper.settle()
    assert bench.seen == list(range(1, 9))
    assert bench.keeper.settled
