"""The intake: every update has its effect once, in order within a chat, and none blocks another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from bot.channels.intake import Intake
from bot.chat.incoming import CallbackAnswer, Incoming
from bot.storage.database import Database
from bot.storage.inbox import count_waiting, store_updates
from bot.storage.tables import InboxRow, StrangerRow
from schedules.clock import SystemClock
from tests.support.carrying import Desk, seed_study, tap_update, text_update
from tests.support.database import T0


class Counter:
    """An intake with a desk, and what it answered and queued."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self.database, self.desk = database, desk
        self.answers: list[CallbackAnswer] = []
        self.queued = 0
        self.intake = Intake(
            database, SystemClock(), seed_study, handle=desk, answer=self._answer, queued=self._count,
            trouble=lambda hint: f"not saved ({hint})",
        )  # fmt: skip

    async def _answer(self, answer: CallbackAnswer) -> None:
        self.answers.append(answer)

    def _count(self) -> None:
        self.queued += 1

    def bring(self, *updates: Any, telling: bool = False) -> None:
        with self.database.write() as session:
            chats = store_updates(session, updates, now=T0)
        self.intake.wake(chats if telling else ())

    def states(self) -> dict[int, str]:
        with self.database.read() as session:
            return {row.update_id: row.state for row in session.exec(select(InboxRow))}

    def effects(self) -> list[int]:
        with self.database.read() as session:
            return sorted(row.address for row in session.exec(select(StrangerRow)))

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.intake.run())
        try:
            yield
            async with asyncio.timeout(8):
                while self._left():  # noqa: ASYNC110  # the fact lies in the database
                    await asyncio.sleep(0.01)
        finally:
            await self.intake.stop()
            await task

    def _left(self) -> bool:
        with self.database.read() as session:
            return count_waiting(session) > 0


@contextmanager
def looks(database: Database) -> Iterator[list[str]]:
    """What is asked of the readers meanwhile, but for how many wait."""
    asked: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "GROUP BY" in statement:
            asked.append(statement)

    event.listen(database.reader, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(database.reader, "before_cursor_execute", hear)


async def test_chats_that_are_named_are_served_without_looking_for_them(database: Database) -> None:
    counter = Counter(database, Desk())
    async with counter.working():
        await asyncio.sleep(0.05)
        with looks(database) as asked:
            for number in range(1, 21):
                counter.bring(text_update(number, 5001), telling=True)
                while len(counter.desk.handled) < number:  # noqa: ASYNC110  # a list wakes nobody
                    await asyncio.sleep(0.005)
                await asyncio.sleep(0.01)
    assert counter.effects() == list(range(1, 21))
    assert len(asked) < 10


async def test_more_chats_than_there_is_room_for_are_all_served_when_named(database: Database) -> None:
    counter = Counter(database, Desk())
    async with counter.working():
        await asyncio.sleep(0.05)
        counter.bring(*(text_update(number, 5000 + number) for number in range(1, 31)), telling=True)
        counter.bring(*(text_update(100 + number, 5000 + number) for number in range(1, 31)), telling=True)
    assert counter.effects() == [*range(1, 31), *range(101, 131)]


async def test_updates_of_a_chat_are_handled_in_order_each_once(database: Database) -> None:
    counter = Counter(database, Desk())
    async with counter.working():
        counter.bring(*(text_update(number, 5001 + number % 3) for number in range(1, 31)))
        counter.bring(*(text_update(number, 5001 + number % 3) for number in range(1, 31)))
    for chat in range(3):
        mine = [int(found[1:]) for found in counter.desk.handled if int(found[1:]) % 3 == chat]
        assert mine == sorted(mine)
    assert counter.effects() == list(range(1, 31))
    assert set(counter.states().values()) == {"done"}
    assert counter.queued >= 30


async def test_a_tap_is_answered_after_the_commit(database: Database) -> None:
    counter = Counter(database, Desk())
    async with counter.working():
        counter.bring(tap_update(7, 5001))
    assert counter.answers == [CallbackAnswer("c7", "noted")]
    assert counter.effects() == [7]


async def test_a_slow_chat_does_not_hold_up_the_others(database: Database) -> None:
    gate = asyncio.Event()
    desk = Desk()
    counter = Counter(database, desk)

    async def slow_answer(answer: CallbackAnswer) -> None:
        await gate.wait()
        counter.answers.append(answer)

    counter.intake._answer = slow_answer  # a slow network
    async with counter.working():
        counter.bring(tap_update(1, 5001), text_update(2, 5001), text_update(3, 5002))
        async with asyncio.timeout(5):
            while len(desk.handled) < 3:  # noqa: ASYNC110  # handled in another thread
                await asyncio.sleep(0.01)
        assert counter.answers == []
        gate.set()


async def test_malformed_updates_stand_aside_and_foreign_ones_are_done(database: Database) -> None:
    counter = Counter(database, Desk())
    group = text_update(2, 5001)
    group["message"]["chat"] = {"id": -100, "type": "group", "title": "x"}
    async with counter.working():
        counter.bring({"update_id": 1, "message": {"text": 5}}, group, "no object", text_update(3, 5001))
    states = counter.states()
    assert (states[1], states[2], states[3]) == ("aside", "done", "done")
    assert sorted(states.values()) == ["aside", "aside", "done", "done"]
    assert counter.effects() == [3]


async def test_an_update_that_cannot_be_handled_stands_aside_after_three_tries_and_leaves_nothing(
    database: Database,
) -> None:
    def fail(incoming: Incoming) -> None:
        if incoming.reference == "u1":
            raise KeyError("planted defect")

    counter = Counter(database, Desk(fail))
    async with counter.working():
        counter.bring(tap_update(1, 5001), text_update(2, 5001))
    assert counter.states() == {1: "aside", 2: "done"}
    assert counter.effects() == [2]
    assert counter.answers == [CallbackAnswer("c1", "not saved (en)")]
    with database.read() as session:
        row = session.exec(select(InboxRow).where(InboxRow.update_id == 1)).one()
        assert (row.problem, row.attempts) == ("handling_failed", 3)


async def test_trouble_of_the_database_is_waited_out_and_told_once_to_who_waits(database: Database) -> None:
    troubles = iter([True, True, False])

    def locked(incoming: Incoming) -> None:
        if next(troubles):
            raise OperationalError("planted", {}, Exception("database is locked"))

    counter = Counter(database, Desk(locked))
    async with counter.working():
        counter.bring(tap_update(1, 5001))
    assert counter.states() == {1: "done"}
    assert counter.effects() == [1]
    assert counter.answers == [CallbackAnswer("c1", "not saved (en)"), CallbackAnswer("c1", "noted")]


async def test_stopping_lets_the_update_in_hand_finish_and_leaves_the_rest(database: Database) -> None:
    begun, gate = threading.Event(), threading.Event()

    def hold(incoming: Incoming) -> None:
        begun.set()
        gate.wait(5)

    counter = Counter(database, Desk(hold))
    task = asyncio.create_task(counter.intake.run())
    counter.bring(text_update(1, 5001), text_update(2, 5001))
    await asyncio.to_thread(begun.wait, 5)
    stopping = asyncio.create_task(counter.intake.stop())
    await asyncio.sleep(0)
    gate.set()
    await stopping
    await task
    assert counter.states() == {1: "done", 2: "waiting"}
