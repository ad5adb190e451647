"""Takes stored updates to the desk: in order within a chat, at once between chats, each in one transaction."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlmodel import Session

from bot.actions.study import Study
from bot.channels.metrics import HANDLING_SECONDS, UPDATES_HANDLED
from bot.channels.slowness import or_tell
from bot.channels.telegram.translate import Ignored, MalformedUpdateError, translate
from bot.chat.incoming import CallbackAnswer, Incoming, Tapped
from bot.log import get_logger
from bot.storage.database import Database
from bot.storage.inbox import count_attempt, mark_done, next_waiting, put_aside, waiting_chats
from bot.storage.tables import InboxRow
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock

log = get_logger(__name__)

CHATS_AT_ONCE = 8
LOOK_EVERY = 1.0  # seconds, in case a wake-up was missed
TRIES = 3
FIRST_REST, LONGEST_REST = 0.2, 3.0  # seconds between tries
ELSEWHERE_REST = 0.05  # seconds until we look again at a chat that another process serves


class Handle(Protocol):
    """The desk: carries out one update inside the given transaction."""

    def __call__(
        self, session: Session, incoming: Incoming, *, study: Study, now: datetime, shifted: bool
    ) -> CallbackAnswer | None: ...


@dataclass
class Attempt:
    """One update in hand; what is known of it survives a rolled-back transaction."""

    chat: int
    inbox_id: int | None = None
    incoming: Incoming | None = None
    answer: CallbackAnswer | None = None
    failures: int = 0
    told: bool = False
    more: bool = True


class Intake:
    """The worker between inbox and desk.

    `answer` ends the spinner of a tap, `queued` wakes the dispatcher, `trouble` words "not saved yet" for a
    language hint.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        study: Callable[[], Study],
        *,
        handle: Handle,
        answer: Callable[[CallbackAnswer], Awaitable[None]],
        queued: Callable[[], None],
        trouble: Callable[[str | None], str | None],
    ) -> None:
        self._database, self._clock, self._study = database, clock, study
        self._handle, self._answer, self._queued, self._trouble = handle, answer, queued, trouble
        self._wake = asyncio.Event()
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._passed_over: set[int] = set()  # chats in hand that a look left out, and what they may have sent meanwhile
        self._crowded = False  # whether the last look may have left out others, for want of room
        self._told: dict[int, None] = {}  # chats that have something new, in order
        self._unsure, self._look_by = True, 0.0  # whether there may be others, and when to make sure
        self._answers: set[asyncio.Task[None]] = set()
        self._stopping = False

    def wake(self, chats: Collection[int] = ()) -> None:
        """Say that updates have been stored: of these chats, or else of any."""
        self._told.update(dict.fromkeys(chats))
        self._unsure = self._unsure or not chats
        self._wake.set()

    async def run(self) -> None:
        """Serve chats until stopped; trouble with the database is waited out."""
        while not self._stopping:
            self._wake.clear()
            try:
                await self._serve_waiting()
            except DATABASE_TROUBLE as error:
                log.error("database_trouble", part="intake", error=type(error).__name__)  # noqa: TRY400  # no trace
            await self._rest(LOOK_EVERY)

    async def stop(self, *, within: float = 10.0) -> None:
        """Take up nothing more, and let what is in hand finish."""
        self._stopping = True
        self._wake.set()
        running = [*self._busy.values(), *self._answers]
        if running:
            await asyncio.wait(running, timeout=within)

    async def _serve_waiting(self) -> None:
        room, busy = CHATS_AT_ONCE - len(self._busy), tuple(self._busy)
        self._passed_over.update(busy)
        self._crowded = room <= 0
        if self._crowded:
            return
        for chat in self._just_told(room) or await self._look(busy, room):
            task = asyncio.create_task(self._serve(chat))
            self._busy[chat] = task
            task.add_done_callback(partial(self._leave, chat))

    def _just_told(self, room: int) -> Sequence[int]:
        """The chats of which we know, unless there may be others."""
        told, self._told = [chat for chat in self._told if chat not in self._busy], {}
        sure = not self._unsure and asyncio.get_running_loop().time() < self._look_by
        return told if sure and len(told) <= room else ()

    async def _look(self, busy: tuple[int, ...], room: int) -> Sequence[int]:
        self._unsure, self._look_by = False, 0.0
        found = await self._database.reading(lambda: self._waiting(busy, room))
        self._look_by = asyncio.get_running_loop().time() + LOOK_EVERY
        self._crowded = len(found) == room
        return found

    def _waiting(self, busy: tuple[int, ...], room: int) -> list[int]:
        with self._database.read() as session:
            return waiting_chats(session, busy=busy, limit=room)

    def _leave(self, chat: int, _done: asyncio.Task[None]) -> None:
        """Look again at once where somebody may have been left out; a chat that is done has nothing more."""
        self._busy.pop(chat, None)
        if self._crowded or chat in self._passed_over:
            self.wake()

    async def _serve(self, chat: int) -> None:
        """Handle one chat's updates, oldest first, until none waits; one stored just now begins a new service."""
        attempt = Attempt(chat)
        while attempt.more and not self._stopping:
            attempt = Attempt(chat)
            self._passed_over.discard(chat)  # what was stored until now, the attempt will see
            if not await self._until_settled(attempt):
                await self._rest(ELSEWHERE_REST, wakeable=False)
                self._passed_over.add(chat)
                return
            if attempt.answer is not None:
                self._send_answer(attempt.answer)
            self._queued()

    async def _until_settled(self, attempt: Attempt) -> bool:
        """Try until the update has had its effect or stands aside; False when nothing waits for us."""
        while True:
            try:
                with HANDLING_SECONDS.time():
                    handling = self._database.writing(lambda: self._handle_next(attempt))
                    return await or_tell(handling, lambda: self._tell_who_waits(attempt))
            except DATABASE_TROUBLE as error:
                log.warning("database_trouble", part="intake", inbox_id=attempt.inbox_id, error=type(error).__name__)
                await self._tell_who_waits(attempt)
            except Exception:
                log.exception("update_failed", inbox_id=attempt.inbox_id, attempt=attempt.failures + 1)
                if await self._give_up(attempt):
                    return True
            if self._stopping:
                return False
            attempt.failures += 1
            await self._rest(min(FIRST_REST * 2**attempt.failures, LONGEST_REST), wakeable=False)

    def _handle_next(self, attempt: Attempt) -> bool:
        with self._database.write() as session:
            waiting = next_waiting(session, attempt.chat)
            if not waiting:
                return False
            row = waiting[0]
            if row.id != attempt.inbox_id:
                attempt.inbox_id, attempt.failures, attempt.incoming = row.id, 0, None
            self._handle_row(session, row, attempt)
            attempt.more = len(waiting) > 1  # one stored meanwhile wakes us
        return True

    def _handle_row(self, session: Session, row: InboxRow, attempt: Attempt) -> None:
        now = row.received_at  # an answer counts when it came, not when we got round to it
        try:
            found = translate(json.loads(row.body))
        except MalformedUpdateError as error:
            put_aside(session, row, problem=error.code, now=now)
            UPDATES_HANDLED.labels("aside").inc()
            log.warning("update_aside", inbox_id=row.id, code=error.code)
            return
        if isinstance(found, Ignored):
            mark_done(session, row, now=now, problem=found.code)
            UPDATES_HANDLED.labels(found.code).inc()
            return
        found = self._in_study_time(found)
        attempt.incoming = found
        attempt.answer = self._handle(session, found, study=self._study(), now=now, shifted=self._clock.shifted)
        mark_done(session, row, now=now)
        UPDATES_HANDLED.labels("done").inc()

    def _in_study_time(self, incoming: Incoming) -> Incoming:
        """Telegram dates messages by its own clock; study time may run ahead of it."""
        if incoming.sent_at is None:
            return incoming
        return replace(incoming, sent_at=incoming.sent_at + (self._clock.now() - self._clock.system_now()))

    async def _give_up(self, attempt: Attempt) -> bool:
        """Count the failure; after the last try put the update aside, so that it blocks nobody."""
        inbox_id = attempt.inbox_id
        if inbox_id is None:
            return False
        try:
            aside = await self._database.writing(lambda: self._count_failure(inbox_id))
        except DATABASE_TROUBLE:
            return False
        if aside:
            self._tell_not_saved(attempt)
            attempt.answer = None
        return aside

    def _count_failure(self, inbox_id: int) -> bool:
        with self._database.write() as session:
            if count_attempt(session, inbox_id) < TRIES:
                return False
            row = session.get(InboxRow, inbox_id, populate_existing=True)
            if row is not None:
                put_aside(session, row, problem="handling_failed", now=self._clock.now())
                UPDATES_HANDLED.labels("aside").inc()
                log.error("update_aside", inbox_id=inbox_id, code="handling_failed")
            return True

    async def _tell_who_waits(self, attempt: Attempt) -> None:
        """Read what waits although nothing can be written, and tell whoever sent it."""
        if attempt.incoming is None:
            with suppress(*DATABASE_TROUBLE):
                attempt.incoming = await self._database.reading(lambda: self._read_next(attempt.chat))
        self._tell_not_saved(attempt)

    def _read_next(self, chat: int) -> Incoming | None:
        with self._database.read() as session:
            waiting = next_waiting(session, chat)
        try:
            found = translate(json.loads(waiting[0].body)) if waiting else None
        except MalformedUpdateError:
            return None
        return found if isinstance(found, Incoming) else None

    def _tell_not_saved(self, attempt: Attempt) -> None:
        """Tell a participant who waits at a button, once, that nothing has been stored so far."""
        incoming = attempt.incoming
        if incoming is None or attempt.told or not isinstance(incoming.body, Tapped):
            return
        attempt.told = True
        self._send_answer(CallbackAnswer(incoming.body.callback_id, self._trouble(incoming.language_hint)))

    def _send_answer(self, answer: CallbackAnswer) -> None:
        task = asyncio.ensure_future(self._answer(answer))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _rest(self, seconds: float, *, wakeable: bool = True) -> None:
        if not wakeable:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
