"""What leaves next: claims what is due, checks each message for the last time and marks it as on its way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot.actions.prepare_message import Dropped, Later, Prepared, Ready
from bot.actions.study import Study
from bot.channels.metrics import MESSAGES
from bot.channels.pace import Pace
from bot.channels.receipts import GroupFailedError, Groups, Sending
from bot.log import get_logger
from bot.storage.outbox import begin_sending, claim_due, claim_of, finish, postpone, put_back
from bot.storage.participants import lock_participants
from bot.storage.tables import MessageRow
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock
from schedules.delivery import backoff

log = get_logger(__name__)

BUSY_REST = timedelta(seconds=0.2)  # while somebody else changes the participant
DEFECT_TRIES = 5


class Prepare(Protocol):
    """The last check before a message goes out, and its words."""

    def __call__(self, session: Session, row: MessageRow, *, study: Study, now: datetime) -> Prepared: ...


@dataclass(frozen=True, slots=True)
class _Round:
    """One transaction: its session and instants, and the chats that must wait.

    `held` names the system time until when; None is until something comes back.
    """

    session: Session
    now: datetime
    system_now: datetime
    held: dict[int, datetime | None]


@dataclass
class Departures:
    """The second half of a round, in the transaction that writes `sending`.

    `singly` has each message checked alone: after a group that the database refused.
    """

    prepare: Prepare
    groups: Groups | None
    study: Callable[[], Study]
    pace: Pace
    clock: Clock
    owner: str
    rng: Random
    singly: bool = False

    def begin(
        self,
        session: Session,
        *,
        room: int,
        planned: int,
        under_way: Sequence[Sending],
        now: datetime,
        system_now: datetime,
    ) -> tuple[int, Sequence[Sending]]:
        """Claim up to `room` messages, up to `planned` in all of those that nobody waits for, and mark what may leave.

        Answers how many were claimed, and what is on its way once the transaction is committed.
        """
        if room <= 0:
            return 0, ()
        this = _Round(session, now, system_now, {sending.ready.address: None for sending in under_way})
        rows = self._claim(this, room, planned, under_way)
        checked = self._check_all(this, [row for row in rows if row.state == "claimed"])
        leaving = [sending for sending in checked if sending is not None]
        cards = {one.claim.id: one.ready.card_id for one in leaving if one.ready.card_id is not None}
        begin_sending(session, [one.row for one in leaving], now=now, cards=cards)
        return len(rows), leaving

    def _claim(self, this: _Round, room: int, planned: int, under_way: Sequence[Sending]) -> Sequence[MessageRow]:
        rows = claim_due(
            this.session, owner=self.owner, study_now=this.now, system_now=this.system_now, limit=room, planned=planned,
            busy_addresses={sending.ready.address for sending in under_way},
            busy_participants={one.row.participant_id for one in under_way if one.row.participant_id is not None},
        )  # fmt: skip
        wanted = {row.participant_id for row in rows if row.participant_id is not None}
        ours = lock_participants(this.session, wanted, wait=False)
        for row in rows:
            if row.participant_id is not None and row.participant_id not in ours:
                put_back(this.session, row, next_try_at=this.system_now + BUSY_REST)
        return rows

    def _check_all(self, this: _Round, rows: Sequence[MessageRow]) -> Sequence[Sending | None]:
        """Check claimed messages together; a defect in one is found by checking each alone."""
        if self.groups is not None and rows and not self.singly:
            try:
                prepared = self.groups.prepare(this.session, rows, study=self.study(), now=this.now)
            except DATABASE_TROUBLE:
                raise
            except DBAPIError as error:  # PostgreSQL takes nothing more in this transaction
                raise GroupFailedError from error
            except Exception as error:  # noqa: BLE001  # each alone will say what it is
                log.warning("group_unpreparable", rows=len(rows), error=type(error).__name__)
            else:
                return [self._hold_or_settle(this, row, one) for row, one in zip(rows, prepared, strict=True)]
        return [self._check_alone(this, row) for row in rows]

    def _hold_or_settle(self, this: _Round, row: MessageRow, prepared: Prepared) -> Sending | None:
        """A message that must wait has got its card all the same: it shows no question until the message comes."""
        if isinstance(prepared, Ready) and self._must_wait(this, prepared, row):
            put_back(this.session, row, next_try_at=this.held[prepared.address])
            return None
        return self._settle(this, row, prepared)

    def _check_alone(self, this: _Round, row: MessageRow) -> Sending | None:
        savepoint = this.session.begin_nested()
        try:
            prepared = self.prepare(this.session, row, study=self.study(), now=this.now)
        except DATABASE_TROUBLE:
            raise
        except Exception:
            savepoint.rollback()
            log.exception("message_unpreparable", outbox_id=row.id, kind=row.kind)
            self._stumbled(this, row)
            return None
        if isinstance(prepared, Ready) and self._must_wait(this, prepared, row):
            savepoint.rollback()
            put_back(this.session, row, next_try_at=this.held[prepared.address])
            return None
        savepoint.commit()
        return self._settle(this, row, prepared)

    def _must_wait(self, this: _Round, ready: Ready, row: MessageRow) -> bool:
        """Whether this chat may not get the message yet; what follows for the same chat then waits behind it."""
        if ready.address in this.held:
            return True
        delay = self.pace.chat_delay(ready.address, self.clock.monotonic(), planned=row.priority > 0)
        if delay:
            this.held[ready.address] = this.system_now + timedelta(seconds=delay)
        return delay > 0

    def _settle(self, this: _Round, row: MessageRow, prepared: Prepared) -> Sending | None:
        match prepared:
            case Later(due_at):
                postpone(this.session, row, due_at=due_at)
            case Dropped(state, reason):
                finish(this.session, row, state, now=this.now, reason=reason)
                MESSAGES.labels(row.kind, state).inc()
            case Ready():
                turn = self.pace.take(prepared.address, self.clock.monotonic())
                this.held[prepared.address] = None
                return Sending(claim_of(row), row, prepared, turn)
        return None

    def _stumbled(self, this: _Round, row: MessageRow) -> None:
        """A message that cannot be worded waits and is tried again; in the end it is refused, not forgotten."""
        if row.attempts + 1 >= DEFECT_TRIES:
            finish(this.session, row, "refused", now=this.now, outcome="defect", reason="could not be prepared")
        else:
            rest = backoff(row.attempts + 1, self.rng)
            put_back(this.session, row, next_try_at=this.system_now + rest, outcome="defect", counted=True)
