"""Requests that leave at one moment have a connection each, and the one used last is used next."""

import asyncio

import pytest
from telegram.error import TimedOut
from telegram.request import BaseRequest

from bot.channels.outcomes import Retry
from bot.channels.telegram.failures import outcome_of
from bot.channels.telegram.lanes import Lanes


class Lane(BaseRequest):
    """A connection whose server answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.busy = 0
        self.answers = asyncio.Event()
        self.open = False

    @property
    def read_timeout(self) -> float:
        return 20.0

    async def initialize(self) -> None:
        self.open = True

    async def shutdown(self) -> None:
        self.open = False

    async def do_request(self, url: str, _method: str, *_: object, **__: object) -> tuple[int, bytes]:
        self.busy += 1
        assert self.busy == 1, "two requests on one connection"
        try:
            self.asked.append(url)
            await self.answers.wait()
        finally:
            self.busy -= 1
        return 200, b"{}"


def three() -> tuple[list[Lane], Lanes]:
    lanes = [Lane() for _ in range(3)]
    return lanes, Lanes(lanes, patience=0.05)


async def test_requests_of_one_moment_have_a_lane_each() -> None:
    lanes, together = three()
    asked = [asyncio.create_task(together.do_request(f"u{n}", "POST")) for n in range(3)]
    await asyncio.sleep(0)
    assert sorted(url for lane in lanes for url in lane.asked) == ["u0", "u1", "u2"]
    for lane in lanes:
        lane.answers.set()
    assert await asyncio.gather(*asked) == [(200, b"{}")] * 3


async def test_one_after_another_they_take_the_lane_that_was_used_last() -> None:
    lanes, together = three()
    for lane in lanes:
        lane.answers.set()
    for number in range(4):
        await together.do_request(f"u{number}", "POST")
    assert [len(lane.asked) for lane in lanes] == [0, 0, 4]


async def test_a_request_that_finds_no_lane_free_was_certainly_not_sent() -> None:
    lanes, together = three()
    held = [asyncio.create_task(together.do_request("u", "POST")) for _ in lanes]
    await asyncio.sleep(0)
    with pytest.raises(TimedOut) as raised:
        await together.do_request("late", "POST")
    assert outcome_of(raised.value, provider_msg_id=None) == Retry("not_connected")
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)


async def test_a_request_that_was_given_up_leaves_its_lane_to_the_next() -> None:
    lanes, together = three()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await together.do_request("u", "POST")
    lanes[2].answers.set()
    assert await together.do_request("u", "POST") == (200, b"{}")


async def test_all_lanes_are_opened_and_closed_together() -> None:
    lanes, together = three()
    await together.initialize()
    assert all(lane.open for lane in lanes)
    await together.shutdown()
    assert not any(lane.open for lane in lanes)
