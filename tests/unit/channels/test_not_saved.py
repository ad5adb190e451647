"""When the database takes nothing, whoever waits at a button hears that nothing is saved yet; once."""

import asyncio
from typing import Any

from sqlalchemy.exc import OperationalError

from bot.channels.intake import Intake
from bot.channels.telegram.not_saved import NotSaved
from bot.chat.incoming import CallbackAnswer
from bot.storage.database import Database
from bot.storage.inbox import store_updates
from schedules.clock import SystemClock
from tests.support.carrying import Desk, seed_study, tap_update, text_update
from tests.support.database import T0


class Answers:
    """Keeps the answers to taps."""

    def __init__(self) -> None:
        self.given: list[CallbackAnswer] = []

    async def answer(self, answer: CallbackAnswer) -> None:
        self.given.append(answer)


async def test_each_tap_that_could_not_be_stored_is_answered_once_until_storing_works_again() -> None:
    answers = Answers()
    unsaved = NotSaved(answers.answer, lambda hint: f"not saved ({hint})")
    batch: list[Any] = [tap_update(1, 5001), text_update(2, 5001), {"update_id": "rubbish"}, None, tap_update(3, 5002)]
    for _ in range(3):
        unsaved.tell(batch)
    await asyncio.sleep(0)
    assert answers.given == [CallbackAnswer("c1", "not saved (en)"), CallbackAnswer("c3", "not saved (en)")]
    unsaved.forget()
    unsaved.tell(batch[:1])
    await asyncio.sleep(0)
    assert [answer.callback_id for answer in answers.given] == ["c1", "c3", "c1"]


async def test_a_stored_tap_is_told_even_if_the_database_does_not_let_a_transaction_begin(database: Database) -> None:
    class Locked(Database):
        troubles = 2

        def write(self) -> Any:
            if self.troubles:
                self.troubles -= 1
                raise OperationalError("planted", {}, Exception("database is locked"))
            return super().write()

    with database.write() as session:
        store_updates(session, [tap_update(1, 5001)], now=T0)
    locked, answers = Locked(database.url, synchronous="OFF"), Answers()
    intake = Intake(
        locked, SystemClock(), seed_study, handle=Desk(), answer=answers.answer, queued=lambda: None,
        trouble=lambda hint: f"not saved ({hint})",
    )  # fmt: skip
    task = asyncio.create_task(intake.run())
    async with asyncio.timeout(8):
        while len(answers.given) < 2:  # noqa: ASYNC110  # the fact lies in another task
            await asyncio.sleep(0.01)
    await intake.stop()
    await task
    locked.close()
    assert [answer.toast for answer in answers.given] == ["not saved (en)", "noted"]
