"""Intake, dispatcher and housekeeping of the product in one process, on virtual time, before the sandbox's Telegram.

What is put together here is what `run` puts together, without sockets, threads and web pages; it can die at any
point (`fuse`) and be started again over the same file, and its system clock can be stepped.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import structlog
from sqlmodel import Session, SQLModel, select

from bot.actions import in_groups, record_delivery
from bot.actions.beat import beat
from bot.actions.come_back import come_back
from bot.actions.enrol import Enrolment, enrol
from bot.actions.keep_time import is_outage, note_step
from bot.actions.plan_messages import plan_due
from bot.actions.prepare_message import prepare
from bot.actions.study import Study
from bot.channels.catching_up import CatchingUp
from bot.channels.dispatcher import Dispatcher
from bot.channels.housekeeping import Housekeeper
from bot.channels.intake import Intake
from bot.channels.telegram.direct import connect_directly
from bot.channels.telegram.not_saved import NotSaved
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.sender import TelegramSender
from bot.chat.desk import handle
from bot.diary.card import decode_tap
from bot.diary.items import Item
from bot.i18n import resolve_language
from bot.messages.replies import render_toast
from bot.people.actor import Origin, operator_actor, participant_actor
from bot.people.keys import Keys
from bot.rehearsal.hand import Button, Errand, Intent, is_saved, next_move
from bot.rehearsal.line import SandboxLine
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.sandbox.limits import NO_LIMITS, Limits
from bot.sandbox.people import Message
from bot.sandbox.rules import BotApi
from bot.sandbox.updates import CALLBACK_LIFETIME, MESSAGE_LIFETIME
from bot.storage.database import Database
from bot.storage.inbox import count_waiting
from bot.storage.outbox import count_due, next_due
from bot.storage.tables import ChatRow
from bot.storage.trail import Trail, insert, update
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.database import migrated_file
from tests.support.fuse import CrashError, Fuse, FusedDatabase, fused_exchange
from tests.support.live import TOKEN

Row = TypeVar("Row", bound=SQLModel)
Result = TypeVar("Result")

W00 = date(2026, 6, 1)  # a Monday
FIRST_DAY = W00 - timedelta(days=7)
SHANGHAI = "Asia/Shanghai"
FIRST_USER = 5_000_000_001
CATCHES_UP_WITHIN, CAUGHT_UP_LOOK = 10.0, 0.05  # seconds, as the line of the product has it by polling
PLAN_EVERY, BEAT_EVERY = 60.0, 5.0  # seconds, as in `bot.wiring.service`
RETRY_AFTER = 15.0  # seconds after which a person taps again when nothing has happened


class LabClock:
    """A system clock that a test may step, and study time that may leap ahead of it; elapsed time knows neither."""

    def __init__(self, start: datetime, elapsed: Callable[[], float]) -> None:
        self._start, self._elapsed = start, elapsed
        self.stepped, self.leapt = timedelta(0), timedelta(0)

    @property
    def shifted(self) -> bool:
        return bool(self.leapt)

    def now(self) -> datetime:
        return self.system_now() + self.leapt

    def system_now(self) -> datetime:
        return self.true_now() + self.stepped

    def true_now(self) -> datetime:
        """The time that Telegram and the people live in."""
        return self._start + timedelta(seconds=self._elapsed())

    def monotonic(self) -> float:
        return self._elapsed()


class TrueClock(LabClock):
    """The same clock as Telegram has it."""

    def __init__(self, clock: LabClock) -> None:
        super().__init__(clock._start, clock._elapsed)


@dataclass
class Deed:
    """One tap or text, and whether it was accepted before its owner's eyes."""

    user: int
    update_id: int
    item: str | None
    value: int | None
    key: str
    at: datetime
    callback_id: str | None = None
    submits: bool = False
    meant: dict[str, int] = field(default_factory=dict)


@dataclass
class Keeper:
    """Somebody who keeps the diary on a phone: acts on what is in sight, and again when nothing happens."""

    lab: "Lab"
    user: int
    intent: Intent
    fresh: Callable[[], Intent] | None = None
    busy: bool = True
    deeds: list[Deed] = field(default_factory=list)
    saved: dict[str, dict[str, int]] = field(default_factory=dict)
    _intents: dict[str, Intent] = field(default_factory=dict)
    _last: tuple[Any, float] = (None, -1e9)

    def step(self) -> bool:
        """Make at most one move, on the newest card that has one to make; answers whether anything is still to come."""
        return any(self._step_on(message, buttons) for message, buttons in self._cards())

    def _step_on(self, message: Message, buttons: list[Button]) -> bool:
        key = buttons[0].tap.key
        intent = self._intents.get(key) or (self.fresh() if self.fresh else self.intent)
        if is_saved(buttons) and key in self._intents:
            self.saved[key] = {str(item): value for item, value in intent.answers.items()}
        move, after = next_move(buttons, intent, Errand("en", "2000"))
        self._intents[key] = intent
        screen = (message.message_id, message.text, tuple(button.data for button in buttons))
        if move is None:
            return False
        if screen == self._last[0] and self.lab.loop.time() - self._last[1] < RETRY_AFTER:
            return True
        self._last, self._intents[key] = (screen, self.lab.loop.time()), after
        self._make(move.data, move.text, message, key, submits=move.submits, intent=after)
        return True

    def _cards(self) -> Iterator[tuple[Message, list[Button]]]:
        """The messages that have buttons, newest first."""
        for message in reversed(self.lab.shown(self.user)):
            found = [
                Button(tap, str(one["callback_data"]))
                for one in message.callback_buttons()
                if (tap := decode_tap(str(one["callback_data"]))) is not None
            ]
            if found:
                yield message, found

    def _make(
        self, data: str | None, text: str | None, message: Message, key: str, *, submits: bool, intent: Intent
    ) -> None:
        now, api, callback_id, item, value = self.lab.true_now(), self.lab.api, None, None, None
        if data is not None:
            callback_id = api.tap(now, self.user, message.message_id, data)
            tap = decode_tap(data)
            item = {"s": Item.STOOLS, "p": Item.PAIN, "w": Item.WELLBEING}.get(tap.code if tap else "")
            value = int(tap.value) if item and tap and tap.value.isdecimal() else None
        elif text is not None:
            api.say(now, self.user, text)
            item, value = self.lab.question(message), int(text)
        meant = {str(one): number for one, number in intent.answers.items()} if submits else {}
        update_id = self.lab.note_sent(is_tap=data is not None)
        known = item if value is not None else None
        self.deeds.append(Deed(self.user, update_id, known, value, key, now, callback_id, submits, meant))
        self.lab.line.ring()

    @property
    def acknowledged(self) -> list[Deed]:
        """The answers and submissions whose taps were accepted: the spinner ended and no words came."""
        callbacks, toasts = self.lab.api.state.callbacks, self.lab.api.toasts(self.user)
        words = {toast.callback_id: toast.text for toast in toasts}
        return [
            deed
            for deed in self.deeds
            if deed.callback_id is not None and (deed.submits or deed.item is not None)
            and callbacks[deed.callback_id].answered and not words.get(deed.callback_id)
        ]  # fmt: skip


class Lab:
    """One site. `boot` begins a life of the service, `down` ends it in good order, `die` at once."""

    def __init__(
        self, folder: Path, loop: VirtualLoop, *, start: datetime, fuse: Fuse | None = None, limits: Limits = NO_LIMITS
    ) -> None:
        self.file, self.loop, self.fuse = folder / "diary.sqlite3", loop, fuse or Fuse()
        shutil.copyfile(migrated_file(), self.file)
        self.clock = LabClock(start, loop.time)
        self.api = BotApi(TOKEN, "diary_bot", limits=limits)
        self.line = SandboxLine(self.api, TrueClock(self.clock), arrived=lambda _chat, _message: None)
        self.study = Study(load_protocol(seed_protocol_path()), Keys())
        self.keepers: list[Keeper] = []
        self.outages: list[datetime] = []
        self.kept_until: dict[int, datetime] = {}
        self.lives = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.database: Database | None = None
        self._beside = Database(f"sqlite:///{self.file}", synchronous="OFF", inline=True)

    # people and time

    def true_now(self) -> datetime:
        """The time that people and Telegram live in."""
        return self.clock.true_now()

    def enrol(self, *, tzid: str = SHANGHAI, answers: Sequence[int] = (4, 1, 2), **intent: Any) -> Keeper:
        """Somebody who has joined, is asked at 20:00 in English, and means to answer this."""
        number = len(self.keepers)
        user, before = FIRST_USER + number, self.clock.now() - timedelta(days=2)
        code = f"SH-{number + 1:03d}"
        given = Enrolment(
            code=code, site="seh", sex="female", height_cm=Decimal(165), language="en", timezone=tzid, baseline_on=W00
        )
        with self.beside() as database, database.write() as session:
            trail = Trail(session, before, operator_actor("tests"), Origin.COMMAND, shifted=False)
            person = enrol(trail, given, study=self.study).participant
            joining = Trail(session, before, participant_actor(code), Origin.CHAT, shifted=False)
            insert(joining, ChatRow(participant_id=person.id, address=user, bound_at=before, reached_at=before),
                   "bind_chat", fields=("channel", "bound_at"))  # fmt: skip
            update(joining, person, "join", language="en", joined_at=before, hour="20:00")
        self.api.add_person(user, f"Planted{number}", "en").started = True
        meant = dict(zip(("stools", "pain", "wellbeing"), answers, strict=True))
        keeper = Keeper(self, user, Intent(meant, **intent))
        self.keepers.append(keeper)
        return keeper

    def note_sent(self, *, is_tap: bool) -> int:
        """Remember until when Telegram keeps the newest update; answers its number."""
        number = self.api.state.updates.next_id - 1
        self.kept_until[number] = self.true_now() + timedelta(seconds=CALLBACK_LIFETIME if is_tap else MESSAGE_LIFETIME)
        return number

    def say(self, user: int, text: str) -> None:
        """Have somebody type a text."""
        self.api.say(self.true_now(), user, text)
        self.note_sent(is_tap=False)
        self.line.ring()

    def tap(self, user: int, label: str) -> None:
        """Have somebody tap the newest button whose label begins so."""
        self.api.tap_label(self.true_now(), user, label)
        self.note_sent(is_tap=True)
        self.line.ring()

    def shown(self, user: int) -> list[Message]:
        """The bot's messages in a chat, as they stand."""
        return [message for message in self.api.chat(user).messages.values() if message.from_bot]

    @staticmethod
    def question(message: Message) -> str | None:
        """The item that a card asks for."""
        words = {"liquid or very soft": "stools", "Abdominal pain": "pain", "well-being today": "wellbeing"}
        return next((item for shown, item in words.items() if shown in message.text), None)

    # the service

    async def boot(self) -> None:
        """Begin a life as `run` does: note an outage, plan, then take in, handle and send."""
        self.lives += 1
        fuse = self.fuse
        self.loop.set_task_factory(fuse.task_factory)
        self.database = database = FusedDatabase(f"sqlite:///{self.file}", fuse)
        self.connection = connect_directly(TOKEN, fused_exchange(self.line.exchange, fuse))
        sender = TelegramSender(self.connection.bot, alone=True)
        self.intake = Intake(
            database, self.clock, lambda: self.study, handle=handle, answer=sender.answer,
            queued=self._queued, trouble=not_saved,
        )  # fmt: skip
        self.catching_up = CatchingUp(
            database, self.clock, self._fetched, within=CATCHES_UP_WITHIN, look_every=CAUGHT_UP_LOOK,
            let_go=self._queued,
        )  # fmt: skip
        self.dispatcher = Dispatcher(
            database, self.clock, lambda: self.study, self.catching_up.heed(sender), prepare, record_delivery,
            holds=self.catching_up.holds, owner=f"lab{self.lives}", rng=Random(self.lives), groups=in_groups,
        )  # fmt: skip
        self.poller = Poller(
            self.connection.bot, self.connection.polling, database, self.clock, stored=self.intake.wake,
            unsaved=NotSaved(sender.answer, not_saved), resumed=self._end_outage, failed=self.catching_up.begin,
        )  # fmt: skip
        self.housekeeper = Housekeeper(
            database, self.clock, plan=partial(plan_due, study=self.study), beat=self._beat,
            hears=self._hears,
            planned=self.dispatcher.wake, stepped=note_step, come_back=partial(come_back, study=self.study),
        )  # fmt: skip
        await database.writing(self._note_outage)
        await self.housekeeper.settle()
        self.catching_up.begin()
        housekeeping = (self.housekeeper.watch(), self.catching_up.run())
        parts = (self.poller.run(), self.intake.run(), self.dispatcher.run(), *housekeeping)
        ticks = (every(PLAN_EVERY, self.housekeeper.tick_plan), every(BEAT_EVERY, self.housekeeper.tick_beat))
        self._tasks = [asyncio.create_task(part) for part in (*parts, *ticks)]

    async def down(self) -> None:
        """End a life in good order."""
        for task in (self._tasks[0], *self._tasks[3:]):
            task.cancel()
        await self.intake.stop()
        await self.dispatcher.stop()
        await self._end_tasks()

    async def die(self) -> None:
        """End a life as SIGKILL does: nothing more has an effect."""
        self.fuse.blown_at = self.fuse.blown_at or "killed"
        await self._end_tasks()

    async def _end_tasks(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._tasks = []
        with contextlib.suppress(CrashError):
            await self.connection.close()
        if self.database is not None:
            self.database.close()
            self.database = None

    def _hears(self) -> bool:
        return self.poller.heard_at is not None and self.poller.trouble is None

    async def _fetched(self) -> bool | None:
        return True if self.poller.caught_up else None if self.poller.trouble else False

    def _queued(self) -> None:
        self.dispatcher.wake()

    def _note_outage(self) -> None:
        assert self.database is not None
        with self.database.write() as session:
            self._end_outage(session)

    def _end_outage(self, session: Session) -> None:
        system_now, now = self.clock.system_now(), self.clock.now()
        if is_outage(session, self.study.protocol.outages, system_now=system_now, now=now):
            self._beat(session, system_now=system_now, now=now, shifted=False)

    def _beat(self, session: Session, *, system_now: datetime, now: datetime, shifted: bool) -> bool:
        out = beat(session, study=self.study, system_now=system_now, now=now, shifted=shifted)
        if out:
            self.outages.append(now)
        return out

    # living

    @property
    def serving(self) -> bool:
        """Whether the service is up: none of its parts has ended."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def live(self, seconds: float, *, each: float = 1.0) -> None:
        """Let time pass while everybody acts, until the process dies."""
        end = self.loop.time() + seconds
        while self.loop.time() < end and not self.fuse.dead:
            for keeper in self.keepers:
                if keeper.busy:
                    keeper.step()
            await asyncio.sleep(min(each, max(end - self.loop.time(), 0.001)))

    async def settle(self, *, within: float = 900.0) -> bool:
        """Let people and service come to rest; answers whether they did."""
        end = self.loop.time() + within
        while self.loop.time() < end and not self.fuse.dead:
            moving = [keeper.step() for keeper in self.keepers if keeper.busy]
            if not any(moving) and self.at_rest():
                return True
            await asyncio.sleep(1.0)
        return False

    async def until(self, at: datetime) -> None:
        """Let study time pass to an instant, leaping from one due instant to the next."""
        while self.clock.now() < at and not self.fuse.dead:
            with self.beside() as database, database.read() as session:
                due = next_due(session) or at
            self.clock.leapt += max(min(due, at) - self.clock.now(), timedelta(0))
            await self.live(4)

    def at_rest(self) -> bool:
        """Whether nothing that is due is left to do."""
        with self.beside() as database, database.read() as session:
            return not count_waiting(session) and not count_due(session, self.clock.now())

    @contextlib.contextmanager
    def beside(self) -> Iterator[Database]:
        """The same file through other eyes."""
        yield self._beside

    def close(self) -> None:
        """Let go of the file."""
        self._beside.close()

    def rows(self, table: type[Row], *conditions: Any) -> list[Row]:
        """Stored rows, in order of their key."""
        with self.beside() as database, database.read() as session:
            return list(session.exec(select(table).where(*conditions).order_by(*table.__table__.primary_key)))  # type: ignore[attr-defined]


async def every(seconds: float, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The metronome of the laboratory; a tick that the database refuses is left out, as the product's does."""
    while True:
        with contextlib.suppress(*DATABASE_TROUBLE):
            await act()
        await asyncio.sleep(seconds)


def not_saved(hint: str | None) -> str:
    """The words for a tap that could not be stored so far."""
    return render_toast("toast.not_saved", resolve_language(hint))


def evening(day: date = FIRST_DAY, wall: str = "19:59:30", tzid: str = SHANGHAI) -> datetime:
    """A wall time as an instant; by default shortly before the first prompt."""
    return instant(day, time.fromisoformat(wall), tzid)


def tell_surprises(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say what a task ended with, unless that is the simulated death itself."""
    if not isinstance(context.get("exception"), CrashError):
        loop.default_exception_handler(context)


def quietly(main: Callable[[VirtualLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Run in virtual time, without log lines of the product."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    loop = VirtualLoop()
    loop.set_exception_handler(tell_surprises)
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(main(loop))
    finally:
        structlog.reset_defaults()
