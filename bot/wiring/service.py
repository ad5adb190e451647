"""The running service: web server, intake, dispatcher and housekeeping in one event loop."""

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from sqlmodel import Session

from bot.actions import in_groups, record_delivery
from bot.actions.beat import beat
from bot.actions.come_back import come_back
from bot.actions.keep_time import is_outage, note_step
from bot.actions.plan_messages import plan_next
from bot.actions.prepare_message import prepare
from bot.actions.send_morning_list import queue_morning_lists
from bot.actions.study import Study, load_study, protocol_in_force
from bot.channels.alarms import Alarms, Signs
from bot.channels.catching_up import CatchingUp
from bot.channels.dispatcher import Dispatcher
from bot.channels.housekeeping import Housekeeper, Plan
from bot.channels.intake import Intake
from bot.channels.leadership import Alone, Elected
from bot.channels.listening import Listener, bind
from bot.channels.telegram.line import Line
from bot.channels.telegram.sender import TelegramSender
from bot.chat.desk import handle
from bot.errors import DiaryError
from bot.i18n import resolve_language
from bot.log import get_logger
from bot.messages.replies import render_toast
from bot.storage.facts import note_fact
from bot.storage.inbox import oldest_waiting
from bot.storage.leader import lease_age
from bot.storage.notices import INBOX, LEADER, OUTBOX, listen
from bot.storage.run_lock import RunLock
from bot.storage.trouble import DATABASE_TROUBLE
from bot.wiring.condition import Condition
from bot.wiring.study_room import OpenStudy, protocol_path
from bot.wiring.tasks import Tasks

if TYPE_CHECKING:  # loaded when the first messages are on their way
    from bot.channels.web_server import WebServer
    from bot.wiring.audit_care import AuditCare
    from schedules.runner import Metronome, Tick

log = get_logger(__name__)

PARTS = ("ingest", "worker", "dispatch", "clinic")
FIRST_PLAN = 0.1  # seconds before sending begins; each message is checked anew when it goes out anyway
HEAD_START = 1.0  # seconds that the first messages get before housekeeping and the web are brought up
PLAN_EVERY = timedelta(seconds=60)
BEAT_EVERY = timedelta(seconds=5)
AUDIT_EVERY = timedelta(seconds=60)
ALARMS_EVERY = timedelta(seconds=15)
BOT_USERNAME = "bot_username"
STARTS_WITHIN = 60.0  # seconds in which the database may be busy


class Service:
    """Everything that runs.

    `start` and `stop` embed it in a loop that is already running; `run` does both around a wait for a signal.
    """

    def __init__(
        self,
        room: OpenStudy,
        lock: RunLock,
        *,
        parts: Sequence[str] = PARTS,
        warnings: Sequence[str] = (),
        demonstration: bool = False,
    ) -> None:
        self.warnings = tuple(warnings)
        self.settings, self.database, self.clock = room.settings, room.database, room.clock
        self._study, self._lock, self._parts = room.study, lock, frozenset(parts)
        self._demonstration = demonstration
        if "clinic" in self._parts:
            self.settings.read_secret_key()  # a missing one is said before anything runs
        self._tasks: Tasks | None = None
        self._listener: Listener | None = None
        self._web: WebServer | None = None
        self._audit: AuditCare | None = None
        self._metronome: Metronome | None = None
        self._ready = False
        self._planned = asyncio.Event()
        self.line = self._make_line()
        self.catching_up = self._make_catching_up()
        self.intake, self.dispatcher = self._make_intake(), self._make_dispatcher()
        self.housekeeper = Housekeeper(
            self.database, self.clock, plan=self._plan, beat=self._beat, hears=self._hears, planned=self._queued,
            leads=self._leads, stepped=note_step, come_back=self._come_back,
        )  # fmt: skip
        self.condition = Condition(self.database, self.clock, self.housekeeper, self.line, lambda: self._ready)
        self.alarms = Alarms()
        self._loop: asyncio.AbstractEventLoop | None = None

    def _make_line(self) -> Line | None:
        if self.settings.telegram_token is None:
            return None
        return Line(
            self.settings, self.database, self.clock, ingest="ingest" in self._parts,
            named=self._remember_name, stored=self._stored, trouble=not_saved, resumed=self._end_outage,
            failed=self._catch_up,
        )  # fmt: skip

    def _make_catching_up(self) -> CatchingUp | None:
        if self.line is None or "dispatch" not in self._parts:
            return None
        return CatchingUp(
            self.database, self.clock, self.line.fetched, within=self.line.catches_up_within,
            look_every=self.line.look_every, let_go=self._queued,
        )  # fmt: skip

    def _make_intake(self) -> Intake | None:
        if self.line is None or "worker" not in self._parts:
            return None
        return Intake(
            self.database, self.clock, self.study, handle=handle, answer=TelegramSender(self.line.bot).answer,
            queued=self._queued, trouble=not_saved,
        )  # fmt: skip

    def _make_dispatcher(self) -> Dispatcher | None:
        if self.line is None or self.catching_up is None:
            return None
        alone = self.database.is_sqlite
        owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        sender = self.catching_up.heed(TelegramSender(self.line.bot, alone=alone))
        return Dispatcher(
            self.database, self.clock, self.study, sender, prepare, record_delivery,
            holds=self.catching_up.holds, owner=owner, leadership=Alone() if alone else Elected(owner, self.clock),
            rng=Random(secrets.randbits(64)), watch=self._watch_metronome,  # noqa: S311  # jitter, no secret
            groups=in_groups,
        )  # fmt: skip

    def _acted(self) -> None:
        """After an act of staff: send what it queued, and anchor at once what was signed."""
        self._queued_elsewhere()
        if self._audit is not None:
            self._audit.anchor()

    def _queued_elsewhere(self) -> None:
        """Wake the dispatcher from another thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._queued)

    def _ticks(self, audit: "AuditCare") -> "Sequence[Tick]":
        from schedules.runner import Tick

        plan = Tick("plan", PLAN_EVERY, self._tick_plan)
        beats = Tick("beat", BEAT_EVERY, self.housekeeper.tick_beat)
        alarms = Tick("alarms", ALARMS_EVERY, self._tick_alarms)
        return plan, beats, alarms, Tick("audit", AUDIT_EVERY, audit.tick)

    @property
    def mode(self) -> str:
        """How updates come in, in one word."""
        if self.line is None:
            return "no_token"
        return "webhook" if self.settings.uses_webhook else "polling"

    async def start(self) -> None:
        """Bring everything up, what sends before what shows.

        Telegram is greeted in the background, so that its silence stops nothing. Raises RefusedError, before anything
        is sent, when the address for the web is taken.
        """
        self._loop = asyncio.get_running_loop()
        tasks = self._tasks = Tasks()
        self._listener = bind(self.settings.listen_host, self.settings.listen_port)
        await self._insist(lambda: self.database.writing(self._note_outage))
        if self.line is not None:
            tasks.spawn("line", self._open_line(self.line, tasks))
        await self._insist(partial(self.housekeeper.settle, within=FIRST_PLAN))
        if self.intake is not None:
            tasks.spawn("intake", self.intake.run())
        self._planned.set()
        tasks.spawn("clock_watch", self.housekeeper.watch())
        if not self.database.is_sqlite and self._heeded():
            tasks.spawn("notices", listen(self.database.reader, self._heeded()))
        await self._give_a_head_start()
        web, audit, metronome = await asyncio.to_thread(self._make_the_rest)
        self._web, self._audit, self._metronome = web, audit, metronome
        metronome.start()
        await web.start(self._listener)
        self._ready = True
        log.info("started", port=self._listener.port, mode=self.mode)

    async def _give_a_head_start(self) -> None:
        """Let the first messages leave; where none are due, or Telegram is silent, that takes a moment at most."""
        if self.dispatcher is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEAD_START):
                    await self.dispatcher.begun.wait()

    def _make_the_rest(self) -> "tuple[WebServer, AuditCare, Metronome]":
        """In a thread: loading the web and the checks takes longer than loading all that sends."""
        from bot.wiring.audit_care import AuditCare
        from schedules.runner import Metronome

        audit = AuditCare(self.database, self.clock, self.settings.data_dir)
        return self._make_web(), audit, Metronome(self._ticks(audit), self.clock)

    def _make_web(self) -> "WebServer":
        from bot.wiring.web import make_web, webhook_of

        webhook = webhook_of(
            self.settings, self.database, self.clock, stored=self._stored, resumed=self._end_outage,
            unsaved=self.line.unsaved if self.line is not None else None,
        )  # fmt: skip
        return make_web(
            self.settings, self.database, self.clock, self.study, readiness=self.condition.readiness,
            webhook=webhook if "ingest" in self._parts else None, pages="clinic" in self._parts,
            demonstration=self._demonstration, acted=self._acted, queued=self._queued,
        )  # fmt: skip

    @property
    def address(self) -> str:
        """Where the web is served, once the service has been started."""
        return self._listener.address if self._listener is not None else ""

    async def _insist(self, act: Callable[[], Awaitable[None]]) -> None:
        """What must come before everything else is tried again when the database is busy or gone for a moment."""
        end = self.clock.monotonic() + STARTS_WITHIN
        while True:
            try:
                return await act()
            except DATABASE_TROUBLE as error:
                if self.clock.monotonic() > end:
                    raise
                log.warning("database_trouble", part="start", error=type(error).__name__)
                await asyncio.sleep(1.0)

    def _heeded(self) -> Mapping[str, Callable[[], None]]:
        """What other processes may let us know, for the parts that we run."""
        wake_sender = {OUTBOX: self._queued, LEADER: self._queued} if self.dispatcher is not None else {}
        return wake_sender | ({INBOX: self.intake.wake} if self.intake is not None else {})

    async def _open_line(self, line: Line, tasks: Tasks) -> None:
        await line.greet()
        await self._planned.wait()
        if self.dispatcher is not None and self.catching_up is not None:
            self._catch_up()
            tasks.spawn("catching_up", self.catching_up.run())
            tasks.spawn("dispatcher", self.dispatcher.run())
        await line.serve()

    def _catch_up(self) -> None:
        """What people wrote during a silence goes before what we have to say."""
        if self.catching_up is not None:
            self.catching_up.begin()

    async def stop(self) -> None:
        """Fetch nothing more, finish what is in hand, record it, and close."""
        self._ready = False
        if self._audit is not None and self._metronome is not None:
            self._audit.stop()
            self._metronome.stop()
        await self._end("line", "clock_watch", "notices", "catching_up")
        if self.intake is not None:
            await self.intake.stop()
        if self.dispatcher is not None:
            await self.dispatcher.stop()
        await self._end("intake", "dispatcher")
        if self._web is not None:
            await self._web.stop()
        elif self._listener is not None:
            self._listener.close()
        if self.line is not None:
            await self.line.close()
        self.database.close()
        self._lock.release()
        log.info("stopped")

    async def _end(self, *names: str) -> None:
        if self._tasks is not None:
            await self._tasks.end(*names)

    async def until(self, stopped: asyncio.Event) -> None:
        """Wait for the event; raises what stopped a part of the service before."""
        if self._tasks is None:
            raise RuntimeError("the service has not been started")
        await self._tasks.until(stopped)

    async def run(self, *, started: Callable[["Service"], None] = lambda _service: None) -> None:
        """Serve until SIGTERM or SIGINT; `started` is told once. Raises what stops the service before."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        try:
            await self.start()
            started(self)
            await self.until(stopped)
        finally:
            await self.stop()

    def _remember_name(self, name: str) -> None:
        with self.database.write() as session:
            note_fact(session, BOT_USERNAME, name, at=self.clock.now())

    def study(self) -> Study:
        """The study as it stands; replaced whole when another protocol is put in force."""
        return self._study

    def _plan(self, session: Session, *, now: datetime) -> Plan:
        queue_morning_lists(session, study=self._study, now=now, link=self._list_address())
        return self._plan_people(0)

    def _plan_people(self, after: int) -> Plan:
        """Plans the next participant, and answers with what plans those after."""

        def step(session: Session, *, now: datetime) -> Plan | None:
            last = plan_next(session, study=self._study, now=now, after=after)
            return None if last is None else self._plan_people(last)

        return step

    def _list_address(self) -> str | None:
        """Where the morning list stands, as far as an address for people is known."""
        base = self.settings.public_url
        return f"{base.rstrip('/')}/clinic/morning" if base else None

    def _beat(
        self, session: Session, *, system_now: datetime, now: datetime, shifted: bool, restarted: bool = False
    ) -> bool:
        return beat(session, study=self._study, system_now=system_now, now=now, shifted=shifted, restarted=restarted)

    def _come_back(self, session: Session, *, now: datetime) -> bool:
        return come_back(session, study=self._study, now=now)

    def _note_outage(self) -> None:
        """Before anything is planned, sent or handled: days that an outage touched must be longer first."""
        with self.database.write() as session:
            self._end_outage(session, restarted="ingest" in self._parts)

    def _end_outage(self, session: Session, *, restarted: bool = False) -> None:
        system_now, now = self.clock.system_now(), self.clock.now()
        if is_outage(session, self._study.protocol.outages, system_now=system_now, now=now, restarted=restarted):
            shifted = self.clock.shifted
            self._beat(session, system_now=system_now, now=now, shifted=shifted, restarted=restarted)
            log.warning("outage_noted", study_now=now)

    def _hears(self) -> bool:
        return self.line is not None and self.line.hears()

    def _leads(self) -> bool:
        """Whether this process keeps the plan: the one that sends, or each where none can send."""
        return self.dispatcher is None or self.dispatcher.leadership.leading

    def _stored(self, chats: Collection[int]) -> None:
        if self.intake is not None:
            self.intake.wake(chats)

    def _queued(self) -> None:
        if self.dispatcher is not None:
            self.dispatcher.wake()

    def _watch_metronome(self) -> None:
        if self._metronome is not None and self._metronome.stale(self.clock.monotonic()):
            log.warning("metronome_restarted")
            self._metronome.restart()

    async def _tick_plan(self) -> None:
        await self.database.reading(self._follow_protocol)
        await self.housekeeper.tick_plan()

    async def _tick_alarms(self) -> None:
        self.alarms.look(await self.database.reading(self._signs))

    def _signs(self) -> Signs:
        with self.database.read() as session:
            oldest, lead_age = oldest_waiting(session), lease_age(session)
        poll_age = self.line.poll_age() if self.line is not None else None
        return Signs(self.clock.monotonic(), oldest, poll_age, lead_age)

    def _follow_protocol(self) -> None:
        """Take up a protocol that has been put in force since; keep the old one while the file lags behind."""
        with self.database.read() as session:
            row = protocol_in_force(session)
            if row is None or row.fingerprint == self._study.protocol.fingerprint:
                return
            try:
                self._study = load_study(session, protocol_path(self.settings), keys=self._study.keys)
            except DiaryError:
                log.error("protocol_not_in_force", version=row.version)  # noqa: TRY400  # no trace


def not_saved(language_hint: str | None) -> str:
    """The words for a tap that could not be stored so far."""
    return render_toast("toast.not_saved", resolve_language(language_hint))
