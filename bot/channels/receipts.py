"""What becomes of messages that were sent: their end states, and what follows from them, in one transaction."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Protocol

from sqlmodel import Session

from bot.actions.prepare_message import Prepared, Ready
from bot.actions.study import Study
from bot.channels.metrics import MESSAGES
from bot.channels.outcomes import Delivered, Outcome, Refused, Retry, Unknown
from bot.channels.pace import Turn
from bot.log import get_logger
from bot.storage.outbox import Claim, finish, finish_delivered, held_row, put_back, recover
from bot.storage.tables import MessageRow
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.delivery import backoff

log = get_logger(__name__)


class GroupFailedError(Exception):
    """Something of a group cannot be done, and has undone the transaction; alone each can be told apart."""


class Groups(Protocol):
    """The same for several messages at once, in few questions; what raises is done again one by one."""

    def prepare(
        self, session: Session, rows: Sequence[MessageRow], *, study: Study, now: datetime
    ) -> Sequence[Prepared]: ...
    def delivered(
        self, session: Session, receipts: Sequence[tuple[MessageRow, int | None]], *, now: datetime
    ) -> None: ...


class Consequences(Protocol):
    """What follows from an end state, in the transaction that writes it."""

    def delivered(self, session: Session, row: MessageRow, provider_msg_id: int | None, *, now: datetime) -> None: ...
    def refused(self, session: Session, row: MessageRow, reason: str, *, now: datetime) -> None: ...
    def unknown(self, session: Session, row: MessageRow, *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Sending:
    """A message on its way: the claim that proves it is ours, and its words."""

    claim: Claim
    row: MessageRow  # as it was when it left
    ready: Ready
    turn: Turn


class Receipts:
    """Writes what has come back; a defect in what follows from a receipt never loses the receipt.

    `singly` has each written alone: after a group that could not be.
    """

    def __init__(self, consequences: Consequences, groups: Groups | None, rng: Random) -> None:
        self._consequences, self._groups, self._rng = consequences, groups, rng
        self.singly = False

    def record(
        self, session: Session, back: Sequence[tuple[Sending, Outcome]], now: datetime, system_now: datetime
    ) -> None:
        """Write what has come back: deliveries in one go, everything else one by one. Raises GroupFailedError."""
        together = self._groups if not self.singly else None
        delivered = [(sending, outcome) for sending, outcome in back if isinstance(outcome, Delivered)]
        for sending, outcome in back:
            if together is None or not isinstance(outcome, Delivered):
                self._record_one(session, sending, outcome, now, system_now)
        if together is not None and delivered:
            self._record_deliveries(session, together, delivered, now)

    def _record_deliveries(
        self, session: Session, groups: Groups, delivered: Sequence[tuple[Sending, Delivered]], now: datetime
    ) -> None:
        """A savepoint would take as long as all that follows, so a defect in it undoes everything."""
        receipts = {sending.claim: outcome.provider_msg_id for sending, outcome in delivered}
        kept = finish_delivered(session, receipts, now=now)
        for claim in receipts.keys() - kept:
            log.warning("claim_lost", outbox_id=claim.id, outcome="delivered")
        ours = [(sending.row, outcome.provider_msg_id) for sending, outcome in delivered if sending.claim in kept]
        try:
            groups.delivered(session, ours, now=now)
        except DATABASE_TROUBLE:
            raise
        except Exception as error:
            raise GroupFailedError from error

    def _record_one(
        self, session: Session, sending: Sending, outcome: Outcome, now: datetime, system_now: datetime
    ) -> None:
        row = held_row(session, sending.claim)
        if row is None:
            log.warning("claim_lost", outbox_id=sending.claim.id, outcome=word_for(outcome))
            return
        match outcome:
            case Delivered(provider_msg_id):
                finish(session, row, "sent", now=now, provider_msg_id=provider_msg_id, outcome="delivered")
                self._follow(
                    session, row, partial(self._consequences.delivered, session, row, provider_msg_id, now=now)
                )
            case Refused(reason):
                finish(session, row, "refused", now=now, outcome="refused", reason=reason)
                self._follow(session, row, partial(self._consequences.refused, session, row, reason, now=now))
            case Unknown(code) if sending.ready.method == "send":
                finish(session, row, "unknown", now=now, outcome=code, reason="no_receipt")
                self._follow(session, row, partial(self._consequences.unknown, session, row, now=now))
            case Unknown(code) | Retry(code):
                self._try_again(session, row, code, outcome, system_now)

    def _try_again(
        self, session: Session, row: MessageRow, code: str, outcome: Unknown | Retry, system_now: datetime
    ) -> None:
        """Edits may be repeated whatever became of them; a pause that was asked for is no failed attempt."""
        after = outcome.after if isinstance(outcome, Retry) else None
        rest = backoff(row.attempts + 1, self._rng) if after is None else timedelta(seconds=after)
        put_back(session, row, next_try_at=system_now + rest, outcome=code, counted=after is None)

    def _follow(self, session: Session, row: MessageRow, act: Callable[[], None]) -> None:
        """Carry out the consequences; a defect in them must not lose the receipt."""
        savepoint = session.begin_nested()
        try:
            act()
        except DATABASE_TROUBLE:
            raise
        except Exception:
            savepoint.rollback()
            log.exception("consequences_failed", outbox_id=row.id, kind=row.kind)
        else:
            savepoint.commit()

    def recover(
        self, session: Session, *, alone: bool, known: Collection[int], now: datetime, system_now: datetime
    ) -> None:
        """Free what nobody sends any more, and carry out what follows for each whose outcome nobody will learn."""
        for row in recover(session, system_now=system_now, now=now, alone=alone, known=known):
            MESSAGES.labels(row.kind, "unknown").inc()
            self._follow(session, row, partial(self._consequences.unknown, session, row, now=now))


def word_for(outcome: Outcome) -> str:
    """The outcome in one word, for counters and logs."""
    return type(outcome).__name__.lower()
