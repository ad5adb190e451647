"""Moving study time: never over a due instant, never back, and only when the bot is at rest."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.sandbox.phone_routes import tomorrow_evening
from bot.sandbox.study_clock import ClockRefusedError, StudyClock, read_readiness
from schedules.clock import VirtualClock

T0 = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)


class BusyBot:
    """A bot behind `/readyz` that needs two looks to finish what has become due; it never sees the clock jump."""

    def __init__(self, clock, file, due):
        self.clock, self.file, self.due = clock, file, list(due)
        self.looks = 0
        self.done_at = []

    def answer(self, _request):
        now = self.clock.system_now() + timedelta(seconds=int(self.file.read_text()) if self.file.exists() else 0)
        waiting = bool(self.due and self.due[0] <= now)
        if waiting:
            self.looks += 1
            if self.looks % 2 == 0:
                self.done_at.append((self.due.pop(0), now))
        return httpx.Response(200, json={
            "ready": True, "reasons": [], "study_now": now.isoformat(), "inbox": 0, "outbox_due": int(waiting),
            "next_due": self.due[0].isoformat() if self.due else None,
        })  # fmt: skip


class TickingClock(VirtualClock):
    """A clock that moves a little with every look, so that waiting ends."""

    def monotonic(self):
        self.advance(timedelta(milliseconds=10))
        return super().monotonic()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "study-clock"


@pytest.fixture
def clock():
    return TickingClock(T0)


def study_clock(clock, file, answer, **options):
    study = StudyClock(clock, file, "http://bot/readyz", lambda _offset: None, **options)
    study.client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return study


async def test_every_due_instant_is_stopped_at_and_handled_before_time_goes_on(clock, file):
    due = [T0 + timedelta(hours=hours) for hours in (1, 2, 2, 5)]
    bot = BusyBot(clock, file, due)
    study = study_clock(clock, file, bot.answer)
    await study.move_to(T0 + timedelta(hours=4))

    assert [planned for planned, _ in bot.done_at] == due[:3]
    assert all(timedelta(0) <= done - planned < timedelta(seconds=2) for planned, done in bot.done_at)
    assert timedelta(0) <= study.now() - (T0 + timedelta(hours=4)) < timedelta(seconds=2)
    await study.client.aclose()


async def test_the_next_step_ends_at_the_next_due_instant(clock, file):
    bot = BusyBot(clock, file, [T0 + timedelta(minutes=90, milliseconds=1)])
    study = study_clock(clock, file, bot.answer)
    await study.step_next()

    assert bot.due == []
    assert int(file.read_text()) in (5400, 5401)
    with pytest.raises(ClockRefusedError) as refusal:
        await study.step_next()
    assert refusal.value.code == "nothing_planned"
    await study.client.aclose()


async def test_a_bot_that_never_comes_to_rest_stops_the_move_and_time_stays(clock, file):
    def busy(_request):
        body = {"ready": False, "reasons": ["no line"], "study_now": T0.isoformat(), "inbox": 3, "outbox_due": 0}
        return httpx.Response(503, json=body | {"next_due": None})

    study = study_clock(clock, file, busy, patience=0.5)
    with pytest.raises(ClockRefusedError, match="no line") as refusal:
        await study.move_to(T0 + timedelta(hours=1))
    assert (refusal.value.code, file.exists(), study.moving) == ("not_at_rest", False, False)
    await study.client.aclose()


async def test_without_a_bot_to_ask_time_moves_in_one_step_and_only_forward(file):
    file.write_text("3600\n")
    moved = []
    study = StudyClock(VirtualClock(T0), file, None, moved.append)
    assert study.now() == T0 + timedelta(hours=1)

    await study.move_to(T0 + timedelta(minutes=5))
    await study.move_to(T0 + timedelta(hours=3))
    assert (file.read_text(), moved) == ("10800\n", [3600, 10800])
    assert list(file.parent.iterdir()) == [file]


async def test_without_a_file_time_cannot_be_moved():
    study = StudyClock(VirtualClock(T0), None, None, lambda _offset: None)
    with pytest.raises(ClockRefusedError) as refusal:
        await study.move_to(T0 + timedelta(hours=1))
    assert (refusal.value.code, study.movable) == ("not_movable", False)


@pytest.mark.parametrize("body", [{}, {"next_due": None}, [], {"study_now": "soon"}])
def test_another_kind_of_answer_is_not_taken_for_readiness(body):
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_readiness(body)


@pytest.mark.parametrize(
    ("zone", "now", "evening"),
    [
        ("Asia/Shanghai", datetime(2026, 6, 8, 12, tzinfo=UTC), datetime(2026, 6, 9, 10, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2026, 6, 8, 17, tzinfo=UTC), datetime(2026, 6, 10, 10, tzinfo=UTC)),
        ("Europe/London", datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 18, tzinfo=UTC)),
    ],
)
def test_tomorrow_evening_is_six_by_the_participants_own_clock(zone, now, evening):
    assert tomorrow_evening(now, ZoneInfo(zone)) == evening
