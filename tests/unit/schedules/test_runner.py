import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from schedules.clock import SystemClock
from schedules.runner import Metronome, Tick

FAST = timedelta(milliseconds=20)


class Counter:
    """Counts its calls and can be told to fail or to take long."""

    def __init__(self) -> None:
        self.calls = 0
        self.running = 0
        self.most = 0
        self.pause = 0.0
        self.fault: Exception | None = None

    async def __call__(self) -> None:
        self.calls += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.pause)
            if self.fault is not None:
                raise self.fault
        finally:
            self.running -= 1


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the scheduler beneath offers no event to wait for
            await asyncio.sleep(0.01)


@pytest.fixture
async def counter() -> Counter:
    return Counter()


@pytest.fixture
async def metronome(counter: Counter) -> AsyncIterator[Metronome]:
    made = Metronome([Tick("plan", FAST, counter)])
    yield made
    made.stop()


async def test_a_tick_is_called_at_once_and_again(metronome: Metronome, counter: Counter) -> None:
    assert metronome.last_tick("plan") is None
    metronome.start()
    metronome.start()
    await until(lambda: counter.calls >= 3)
    last = metronome.last_tick("plan")
    assert last is not None
    assert abs(SystemClock().monotonic() - last) < 2


async def test_after_stop_nothing_is_called(metronome: Metronome, counter: Counter) -> None:
    metronome.start()
    await until(lambda: counter.calls >= 1)
    metronome.stop()
    await asyncio.sleep(0.03)
    calls = counter.calls
    await asyncio.sleep(0.1)
    assert counter.calls == calls


async def test_a_tick_that_a_stop_cuts_short_is_no_error(
    metronome: Metronome, counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.pause = 60.0
    metronome.start()
    await until(lambda: counter.running == 1)
    metronome.stop()
    await until(lambda: counter.running == 0)
    await asyncio.sleep(0.05)  # until the scheduler would have told of it
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_failing_tick_is_logged_without_its_message_and_goes_on(
    metronome: Metronome, counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.fault = RuntimeError("SH-001 pain 3")
    with caplog.at_level(logging.ERROR, logger="schedules.runner"):
        metronome.start()
        await until(lambda: counter.calls >= 3)
    record = next(record for record in caplog.records if record.name == "schedules.runner")
    assert (record.__dict__["tick"], record.__dict__["fault"]) == ("plan", "RuntimeError")
    assert "SH-001" not in caplog.text


async def test_a_slow_tick_never_runs_twice_at_a_time_even_over_a_restart(
    metronome: Metronome, counter: Counter
) -> None:
    counter.pause = 0.15
    metronome.start()
    await until(lambda: counter.calls == 1)
    metronome.restart()
    await until(lambda: counter.calls >= 3)
    assert counter.most == 1


async def test_a_silent_metronome_is_noticed_and_restarted(metronome: Metronome, counter: Counter) -> None:
    metronome.start()
    await until(lambda: counter.calls >= 1)
    now = SystemClock().monotonic()
    assert not metronome.stale(now)
    assert metronome.stale(now + 11)
    metronome.stop()
    calls = counter.calls
    metronome.restart()
    await until(lambda: counter.calls > calls)


async def test_a_slow_interval_is_not_taken_for_silence(counter: Counter) -> None:
    metronome = Metronome([Tick("morning", timedelta(minutes=1), counter)])
    metronome.start()
    try:
        now = SystemClock().monotonic()
        assert not metronome.stale(now + 179)
        assert metronome.stale(now + 190)
    finally:
        metronome.stop()


async def test_two_ticks_of_one_name_are_refused(counter: Counter) -> None:
    with pytest.raises(ValueError, match="name of its own"):
        Metronome([Tick("plan", FAST, counter), Tick("plan", FAST, counter)])
