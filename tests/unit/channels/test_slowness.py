"""Work that takes long is told about once, and its result or failure comes through all the same."""

import asyncio

import pytest

from bot.channels.slowness import or_tell


async def work(seconds: float, *, failing: bool = False) -> str:
    await asyncio.sleep(seconds)
    if failing:
        raise ValueError("planted")
    return "done"


async def test_quick_work_tells_nobody_and_slow_work_tells_once() -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("slow")

    assert await or_tell(work(0), tell, after=1) == "done"
    assert told == []
    assert await or_tell(work(0.1), tell, after=0.02) == "done"
    assert told == ["slow"]
    with pytest.raises(ValueError, match="planted"):
        await or_tell(work(0.1, failing=True), tell, after=0.02)
    assert told == ["slow", "slow"]
