"""Sends what is due: one loop on elapsed time, at most ten in flight and one to a chat, every step committed."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol

from sqlmodel import Session

from bot.actions.prepare_message import Ready
from bot.actions.study import Study
from bot.channels.departures import Departures, Prepare
from bot.channels.leadership import Alone, Leadership, LeadLostError
from bot.channels.metrics import LEADING, MESSAGES
from bot.channels.outcomes import Outcome, Retry
from bot.channels.pace import WINDOW, Pace, Turn
from bot.channels.receipts import Consequences, GroupFailedError, Groups, Receipts, Sending, word_for
from bot.log import get_logger
from bot.storage.database import Database
from bot.storage.outbox import free_unsent, next_due
from bot.storage.participants import lock_participants
from bot.storage.pause import keep_pause, kept_pause
from bot.storage.returning import returning
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock

log = get_logger(__name__)

IN_FLIGHT = 10
GROUP = 8  # receipts that are worth a transaction of their own
GATHER = 0.004  # seconds that a receipt waits for others
LONGEST_SLEEP = 1.0  # seconds
SHORT_SLEEP = 0.2  # seconds, while something due rests between tries
TROUBLE_REST = 1.0
RECOVER_EVERY = 15.0  # seconds


class Sender(Protocol):
    """The way out: never raises, every attempt has an outcome."""

    async def send(self, ready: Ready) -> Outcome: ...


@dataclass
class Dispatcher:
    """The one sender of a bot, or a standby of the one.

    Each round is one transaction: it confirms that we lead, records what has come back and marks what goes out next,
    so receipts are committed in groups and a crash leaves at most `IN_FLIGHT` messages unknown. A chat gets its next
    message when the one before has come back: of two edits of a message the later one must win. Planned messages wait
    for room for a few, so that they share a round; answers take any room there is. While `holds` says so, or open cards
    are still to be redrawn after a silence, only answers go.
    """

    database: Database
    clock: Clock
    study: Callable[[], Study]
    sender: Sender
    prepare: Prepare
    consequences: Consequences
    owner: str
    rng: Random
    leadership: Leadership = field(default_factory=Alone)
    watch: Callable[[], None] = lambda: None
    holds: Callable[[], bool] = lambda: False
    groups: Groups | None = None
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self._receipts = Receipts(self.consequences, self.groups, self.rng)
        self._departures = Departures(
            self.prepare, self.groups, self.study, self.pace, self.clock, owner=self.owner, rng=self.rng
        )
        self._wake = asyncio.Event()
        self._back: list[tuple[Sending, Outcome]] = []
        self._gathering: asyncio.TimerHandle | None = None
        self._flying: set[asyncio.Task[None]] = set()
        self._under_way: dict[int, Sending] = {}
        self._stopping = False
        self._ended = asyncio.Event()
        self._ended.set()
        self._sleep = LONGEST_SLEEP
        self._recovered_at = 0.0
        self._in_doubt = False
        self.begun = asyncio.Event()  # what was due first has had its try, or nothing was

    def wake(self) -> None:
        """Say that something may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped; trouble with the database is waited out, and no receipt is lost meanwhile."""
        self._ended.clear()
        try:
            while not self._stopping:
                self._wake.clear()
                self.watch()
                if not await self._round_or_trouble():
                    await self._rest()
        finally:
            self._ended.set()

    async def _round_or_trouble(self) -> bool:
        try:
            return await self.round()
        except DATABASE_TROUBLE as error:
            log.error("database_trouble", part="dispatcher", error=type(error).__name__)  # noqa: TRY400  # no trace
            self._sleep, self._in_doubt = TROUBLE_REST, True
            return False
        except LeadLostError:
            self._stand_by()
            return False

    async def stop(self, *, within: float = 25.0) -> None:
        """Send nothing more, wait for what is on its way, record it, and let a standby take over."""
        self._stopping = True
        self._wake.set()
        await self._ended.wait()
        if self._flying:
            await asyncio.wait(self._flying, timeout=within)
        if self.leadership.leading:
            with suppress(LeadLostError):
                await self._commit(room=0, planned=0)
                await self.database.writing(self._resign)
        LEADING.set(0)

    async def round(self) -> bool:
        """One transaction and what follows from it; answers whether another round may find more at once."""
        if not self.leadership.leading and not await self._stand():
            return False
        free = IN_FLIGHT - len(self._flying)
        elapsed = self.clock.monotonic()
        most = 0 if self.holds() else self.pace.planned_room(elapsed)
        room, planned = min(free, self.pace.room(elapsed)), min(free, most)
        claimed, started = await self._commit(room=room, planned=planned)
        for sending in started:
            self._under_way[sending.claim.id] = sending
            task = asyncio.create_task(self._send(sending))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        if most > 0 and not started:
            self.begun.set()
        return claimed == room > len(started)  # some of it was not sent after all, so that there is room left

    async def _commit(self, *, room: int, planned: int) -> tuple[int, Sequence[Sending]]:
        back, under_way = list(self._back), list(self._under_way.values())
        self._stop_gathering()
        asked_at = self.clock.monotonic()
        if not back and room <= 0 and not self.leadership.wants_confirming(asked_at):
            return 0, ()
        try:
            found = await self.database.writing(lambda: self._transact(back, room, planned, under_way))
        except GroupFailedError as failed:
            log.warning("group_failed", error=type(failed.__cause__).__name__)
            self._departures.singly = self._receipts.singly = True  # again at once, each message alone
            found = await self.database.writing(lambda: self._transact(back, room, planned, under_way))
        self.leadership.extend(asked_at)
        self._in_doubt = self._departures.singly = self._receipts.singly = False
        del self._back[: len(back)]
        return found

    def _transact(
        self, back: Sequence[tuple[Sending, Outcome]], room: int, planned: int, under_way: Sequence[Sending]
    ) -> tuple[int, Sequence[Sending]]:
        now, system_now = self.clock.now(), self.clock.system_now()
        known = {sending.claim.id for sending in (*under_way, *(sending for sending, _outcome in back))}
        with self.database.write() as session:
            self.leadership.confirm(session)
            self._recover_now_and_then(session, known, now, system_now)
            people = {one.row.participant_id for one, _outcome in back if one.row.participant_id is not None}
            lock_participants(session, people)
            self._receipts.record(session, back, now, system_now)
            self._keep_pause(session, back, system_now)
            due, claimed = next_due(session), 0
            begun: Sequence[Sending] = ()
            if room > 0 and due is not None and due <= now:
                planned = 0 if returning(session) else planned
                claimed, begun = self._departures.begin(
                    session, room=room, planned=planned, under_way=under_way, now=now, system_now=system_now
                )
                due = next_due(session) if claimed < room else now  # else what is left waits for room
            self._sleep = self._until(due, now, crowded=claimed >= planned)
        return claimed, begun

    def _keep_pause(self, session: Session, back: Sequence[tuple[Sending, Outcome]], system_now: datetime) -> None:
        """Write down a pause that came back with these receipts, for whoever sends after us."""
        if any(isinstance(outcome, Retry) and outcome.everyone for _sending, outcome in back):
            keep_pause(session, self.pace.paused_for(self.clock.monotonic()), system_now=system_now)

    async def _send(self, sending: Sending) -> None:
        await self._await_turn(sending.turn)
        outcome = await self._attempt(sending)
        self.begun.set()
        if isinstance(outcome, Retry) and outcome.everyone and outcome.after:
            self.pace.pause(outcome.after + self.rng.random() / 2, self.clock.monotonic())
        MESSAGES.labels(sending.row.kind, word_for(outcome)).inc()
        self._under_way.pop(sending.claim.id, None)
        if self.leadership.leading:
            self._back.append((sending, outcome))
        else:
            log.warning("claim_lost", outbox_id=sending.claim.id, outcome=word_for(outcome))
        self._wake_for_receipts()

    def _wake_for_receipts(self) -> None:
        """Write receipts in groups: when there are a few, when nothing else is on its way, or a moment later."""
        if len(self._back) >= GROUP or len(self._flying) <= 1:
            self._wake.set()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER, self._wake.set)

    def _stop_gathering(self) -> None:
        """The round that begins takes what there is; what comes back during it begins a group of its own."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None

    async def _await_turn(self, turn: Turn) -> None:
        """What was prepared a little early waits; what leaves late counts from when it leaves."""
        early = turn.at - self.clock.monotonic()
        if early > 0:
            await asyncio.sleep(early)
        turn.at = max(turn.at, self.clock.monotonic())

    async def _attempt(self, sending: Sending) -> Outcome:
        """A process that slept through the end of its lease must not wake up sending."""
        if self.clock.monotonic() > self.leadership.good_until:
            return Retry("lease_over", after=0.0)
        return await self.sender.send(sending.ready)

    async def _stand(self) -> bool:
        """Stand for the lead; whoever gets it answers for what any earlier leader had in hand."""
        asked_at = self.clock.monotonic()
        pause = await self.database.writing(self._begin_term)
        if pause is None:
            self._sleep = LONGEST_SLEEP
            return False
        self.leadership.extend(asked_at)
        self.pace.pause(pause, asked_at)
        self._recovered_at, self._in_doubt = asked_at, False
        if self.leadership.taken_over:
            log.warning("lead_taken_over")
            self.pace.pause(WINDOW, asked_at)  # the earlier leader may have used up this second's budget
        LEADING.set(1)
        return True

    def _begin_term(self) -> float | None:
        """Seconds that are left of a pause asked for before our term; None when somebody else leads."""
        system_now = self.clock.system_now()
        with self.database.write() as session:
            if not self.leadership.stand(session):
                return None
            self._receipts.recover(session, alone=True, known=(), now=self.clock.now(), system_now=system_now)
            return kept_pause(session, system_now=system_now)

    def _stand_by(self) -> None:
        """Another process leads now: what it has not seen from us, it has already answered for."""
        log.warning("lead_lost", count=len(self._back))
        self.leadership.step_down()
        self._back.clear()
        self._sleep = LONGEST_SLEEP
        LEADING.set(0)

    def _resign(self) -> None:
        with self.database.write() as session:
            self.leadership.resign(session)
        self.leadership.step_down()

    def _recover_now_and_then(
        self, session: Session, known: Collection[int], now: datetime, system_now: datetime
    ) -> None:
        """Free what nobody sends: marked by a commit whose answer was lost, or held beyond its lease."""
        if self._in_doubt:
            free_unsent(session, known=known)
        elapsed = self.clock.monotonic()
        if elapsed - self._recovered_at >= RECOVER_EVERY:
            self._recovered_at = elapsed
            self._receipts.recover(session, alone=False, known=known, now=now, system_now=system_now)

    def _until(self, due: datetime | None, now: datetime, *, crowded: bool) -> float:
        """Seconds to sleep when nothing wakes us earlier; what waits only for room may go as soon as there is some."""
        if due is None:
            return LONGEST_SLEEP
        ahead = (due - now).total_seconds()
        return min(ahead, LONGEST_SLEEP) if ahead > 0 else 0.0 if crowded else SHORT_SLEEP

    async def _rest(self) -> None:
        delay = self.pace.delay(self.clock.monotonic())
        seconds = min(max(self._sleep, delay) or SHORT_SLEEP, LONGEST_SLEEP)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
