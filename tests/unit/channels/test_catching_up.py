"""After a silence planned messages wait for what the channel has kept, but never for ever."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bot.actions.prepare_message import Ready
from bot.channels.catching_up import SILENCE, UNANSWERED, CatchingUp
from bot.channels.outcomes import Delivered, Outcome, Refused, Retry, Unknown
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.storage.database import Database
from bot.storage.inbox import store_updates
from tests.support.carrying import Network, text_update
from tests.support.database import T0, study_database
from tests.support.lab import LabClock

WITHIN = 40.0
READY = Ready("send", 1, "words", ())


class Scene:
    """Something that holds back, on virtual time, before a channel that says what the test has it say."""

    def __init__(self, database: Database, loop: VirtualLoop) -> None:
        self.database, self.loop = database, loop
        self.clock = LabClock(T0, loop.time)
        self.says: bool | None = True
        self.let_go_at: list[float] = []
        self.subject = CatchingUp(
            database, self.clock, self._fetched, within=WITHIN, look_every=0.5,
            let_go=lambda: self.let_go_at.append(loop.time()),
        )  # fmt: skip
        self._task = loop.create_task(self.subject.run())

    async def _fetched(self) -> bool | None:
        return self.says


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Coroutine[Any, Any, None]]], None]:
    def run(story: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
        loop = VirtualLoop()
        with study_database(tmp_path, inline=True) as database, asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.get_loop()
            runner.run(story(Scene(database, loop)))

    return run


Play = Callable[[Callable[[Scene], Coroutine[Any, Any, None]]], None]


def test_nothing_is_held_back_unless_there_was_a_silence(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(100)
        assert not scene.subject.holds()
        scene.subject.begin()
        assert scene.subject.holds()
        await asyncio.sleep(0.1)
        assert not scene.subject.holds()
        assert scene.let_go_at == [100.0]

    play(story)


def test_planned_messages_wait_until_the_channel_keeps_nothing_and_all_of_it_is_handled(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.says = False
        scene.subject.begin()
        await asyncio.sleep(20)
        assert scene.subject.holds()
        with scene.database.write() as session:
            store_updates(session, [text_update(7, 1)], now=T0)
        scene.says = True
        await asyncio.sleep(10)
        assert scene.subject.holds()
        with scene.database.write() as session:
            session.connection().exec_driver_sql("UPDATE inbox SET state = 'done'")
        await asyncio.sleep(1)
        assert not scene.subject.holds()

    play(story)


@pytest.mark.parametrize(("says", "for_seconds"), [(None, UNANSWERED), (False, WITHIN)])
def test_a_channel_that_is_never_done_or_never_answers_does_not_silence_us(
    play: Play, says: bool | None, for_seconds: float
) -> None:
    async def story(scene: Scene) -> None:
        scene.says = says
        scene.subject.begin()
        await asyncio.sleep(for_seconds - 1)
        assert scene.subject.holds()
        await asyncio.sleep(2)
        assert not scene.subject.holds()
        assert len(scene.let_go_at) == 1

    play(story)


@pytest.mark.parametrize(
    ("outcomes", "held"),
    [
        ((Retry("not_connected"), Retry("not_connected")), True),
        ((Unknown("timed_out"), Retry("not_connected")), True),
        ((Retry("not_connected"), Delivered(1), Retry("not_connected")), False),
        ((Retry("not_connected"), Refused("blocked"), Retry("not_connected")), False),
        ((Retry("not_connected"), Retry("too_many_requests", 3.0, everyone=True), Retry("not_connected")), False),
    ],
)
def test_only_failures_with_no_answer_between_them_make_a_silence(
    play: Play, outcomes: tuple[Outcome, ...], held: bool
) -> None:
    async def story(scene: Scene) -> None:
        scene.says = False
        sender = scene.subject.heed(Network(list(outcomes)))
        for number, outcome in enumerate(outcomes):
            assert not scene.subject.holds(), number
            assert await sender.send(READY) == outcome
            await asyncio.sleep(SILENCE if number + 1 < len(outcomes) else 0)
        assert scene.subject.holds() is held

    play(story)
