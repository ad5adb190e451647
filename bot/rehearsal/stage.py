"""The product as `run` puts it together, on a given clock, database and sandbox, without sockets and threads."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import Engine, exists, func, select
from sqlmodel import col

from bot.actions import in_groups, record_delivery
from bot.actions.beat import beat
from bot.actions.come_back import come_back
from bot.actions.plan_messages import plan_due
from bot.actions.prepare_message import prepare
from bot.actions.study import Study
from bot.channels.dispatcher import Dispatcher
from bot.channels.housekeeping import Housekeeper
from bot.channels.intake import Intake
from bot.channels.telegram.direct import connect_directly
from bot.channels.telegram.introduction import choose_polling, introduce, learn_name
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.sender import TelegramSender
from bot.chat.desk import handle
from bot.i18n import resolve_language
from bot.messages.replies import render_toast
from bot.rehearsal.clock import LeapingClock
from bot.rehearsal.line import SandboxLine
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.sandbox.rules import BotApi
from bot.storage.database import Database
from bot.storage.inbox import WAITING
from bot.storage.outbox import HELD, UNSENT, in_states
from bot.storage.tables import MessageRow

SETTLES = 1.0  # seconds until the first poll hangs, waiting for updates


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the product still has to do: the next due instant, and whether work is in hand now."""

    next_due: datetime | None
    busy: bool


OUTLOOK = select(
    select(func.min(col(MessageRow.due_at))).where(in_states(UNSENT)).scalar_subquery(),
    exists().where(in_states(HELD)) | exists().where(WAITING),
)


class _Lookout:
    """Asks for the outlook between any two instants: on a connection of its own, without a session for each time."""

    def __init__(self, reader: Engine) -> None:
        self._connection = reader.raw_connection()
        self._question = str(OUTLOOK.compile(reader))

    def look(self) -> Outlook:
        driver: Any = self._connection.driver_connection
        due, busy = driver.execute(self._question).fetchone()
        return Outlook(None if due is None else datetime.fromisoformat(due).replace(tzinfo=UTC), bool(busy))

    def close(self) -> None:
        self._connection.close()


class Stage:
    """One instance of the product; `up` and `down` begin and end its service, as often as there are outages."""

    def __init__(
        self,
        api: BotApi,
        database: Database,
        study: Study,
        clock: LeapingClock,
        loop: VirtualLoop,
        *,
        rng: Random,
        arrived: Callable[[int, int], None],
    ) -> None:
        self.api, self.database, self.study, self.clock, self.loop = api, database, study, clock, loop
        self._rng = rng
        self.line = SandboxLine(api, clock, arrived=arrived)
        self._lookout = _Lookout(database.reader)
        self._connection = connect_directly(api.token, self.line.exchange)
        self._tasks: list[asyncio.Task[None]] = []
        self._dispatcher: Dispatcher | None = None
        self._intake: Intake | None = None
        self._next_due: datetime | None = None
        self.housekeeper = Housekeeper(
            database,
            clock,
            plan=partial(plan_due, study=study),
            beat=partial(beat, study=study),
            come_back=partial(come_back, study=study),
            hears=lambda: True,
            planned=self.wake,
        )

    async def greet(self) -> None:
        """Learn the bot's name and introduce it, once."""
        await learn_name(self._connection.bot)
        await choose_polling(self._connection.bot)
        await introduce(self._connection.bot)

    async def up(self) -> None:
        """Begin to serve: plan for the present study time, then take in, handle and send."""
        self._dispatcher, self._intake = self._make_dispatcher(), self._make_intake()
        bot, transport = self._connection.bot, self._connection.polling
        poller = Poller(bot, transport, self.database, self.clock, stored=self._intake.wake)
        await self.housekeeper.tick_plan()
        self._tasks = [asyncio.ensure_future(part.run()) for part in (poller, self._intake, self._dispatcher)]
        await asyncio.sleep(SETTLES)

    async def down(self) -> None:
        """End the service as `run` does: fetch nothing more, finish what is in hand, record it."""
        for task in self._tasks[:1]:
            task.cancel()
        if self._intake is not None and self._dispatcher is not None:
            await self._intake.stop()
            await self._dispatcher.stop()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def close(self) -> None:
        """End for good."""
        await self.down()
        self._lookout.close()
        await self._connection.close()

    @property
    def serving(self) -> bool:
        """Whether the service is up."""
        return bool(self._tasks)

    def wake(self) -> None:
        """Say that something may be due or has been queued."""
        if self._dispatcher is not None:
            self._dispatcher.wake()

    def wake_if_due(self) -> None:
        """Wake the dispatcher at a due instant; what is queued later by an update wakes it anyhow."""
        if self._next_due is not None and self._next_due <= self.clock.now():
            self.wake()

    def outlook(self) -> Outlook:
        """Look at what is left to do; raises what ended a part of the service."""
        for task in self._tasks:
            if task.done():
                task.result()
        found = self._lookout.look()
        self._next_due = found.next_due
        return found

    def _make_dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self.database, self.clock, lambda: self.study, TelegramSender(self._connection.bot), prepare,
            record_delivery, owner="rehearsal", rng=self._rng,
            groups=in_groups,
        )  # fmt: skip

    def _make_intake(self) -> Intake:
        return Intake(
            self.database, self.clock, lambda: self.study, handle=handle,
            answer=TelegramSender(self._connection.bot).answer, queued=self.wake,
            trouble=lambda hint: render_toast("toast.not_saved", resolve_language(hint)),
        )  # fmt: skip
