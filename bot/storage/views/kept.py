"""What was worked out for each participant, kept in memory until the audit trail or the clock makes it old.

Nothing that these values rest on changes without an audit event in the same transaction: so a value stays true until
an event names its participant, an event names nobody (an outage, a protocol), or an instant comes at which a day opens
or closes. The trail's sequence number is read first, in the transaction that reads the rest; several processes may
keep their own.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from sqlmodel import Session, col, func, select

from bot.storage.tables import AuditRow, ParticipantRow
from bot.storage.views.audit import OF_ACCOUNTS
from bot.storage.visits import outages
from schedules.protocol import StudyProtocol
from schedules.windows import Outage

Value = TypeVar("Value")
FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
HEAD: Final = select(func.max(AuditRow.seq))
BATCH: Final = 500  # participants named in one statement
BACKWARDS: Final = timedelta(seconds=5)  # two requests at once may read the clock in the other order


@dataclass(frozen=True, slots=True)
class Found(Generic[Value]):
    """A value, and the instant from which it no longer holds."""

    value: Value
    until: datetime = FOR_EVER


Work = Callable[[Session, StudyProtocol, datetime, Collection[int] | None], Mapping[int, Found[Value]]]


class Kept(Generic[Value]):
    """One kind of value for every participant; `work_out` makes it for some, or for all (None)."""

    def __init__(self, work_out: Work[Value], order: Callable[[Value], Any]) -> None:
        self._work_out, self._order = work_out, order
        self._lock = threading.Lock()
        self._rests_on: tuple[str, tuple[Outage, ...]] | None = None
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._known: dict[int, Found[Value]] = {}
        self._sorted: list[Value] = []
        self._seq, self._latest, self._soonest = -1, datetime.min.replace(tzinfo=UTC), FOR_EVER

    def read(self, session: Session, protocol: StudyProtocol, now: datetime) -> Sequence[Value]:
        """The value of every participant as of `now`, in order. Let it be the first thing a session reads."""
        with self._lock:
            head = session.exec(HEAD).one() or 0
            if head < self._seq:  # the session began before what is kept was read: answer it, keep nothing of it
                return self._in_order(self._work_out(session, protocol, now, None))
            rests_on = (protocol.fingerprint, outages(session))
            if rests_on != self._rests_on or now + BACKWARDS < self._latest:
                self.forget()
            old = self._old(session, head, now)
            if old is None or len(old) > len(self._known) // 2:
                self._known = dict(self._work_out(session, protocol, now, None))
            else:
                for some in in_batches(old):
                    self._known.update(self._work_out(session, protocol, now, some))
            self._rests_on, self._seq, self._latest = rests_on, head, max(now, self._latest)
            if old is None or old:
                self._sorted = self._in_order(self._known)  # a new list: one given away before stays as it was
                self._soonest = min((one.until for one in self._known.values()), default=FOR_EVER)
            return self._sorted

    def _in_order(self, known: Mapping[int, Found[Value]]) -> list[Value]:
        return sorted((one.value for one in known.values()), key=self._order)

    def _old(self, session: Session, head: int, now: datetime) -> set[int] | None:
        """Whose value no longer holds; None for everybody's."""
        if self._seq < 0:
            return None
        changed = changed_since(session, self._seq, head)
        if changed is None:
            return None
        over = {key for key, one in self._known.items() if one.until <= now} if self._soonest <= now else set()
        return over | changed


def changed_since(session: Session, seq: int, head: int) -> set[int] | None:
    """The participants whom events after `seq` up to `head` name; None when one names nobody and may concern all."""
    if head == seq:
        return set()
    codes: set[str] = set()
    events = select(AuditRow.participant, AuditRow.entity).where(AuditRow.seq > seq, AuditRow.seq <= head).distinct()
    for code, entity in session.exec(events):
        if code is None and entity not in OF_ACCOUNTS:
            return None
        if code is not None:
            codes.add(code)
    return set(_ids(session, codes))


def _ids(session: Session, codes: Iterable[str]) -> Iterable[int]:
    for some in in_batches(codes):
        query = select(ParticipantRow.id).where(col(ParticipantRow.code).in_(some))
        yield from (key or 0 for key in session.exec(query))


Item = TypeVar("Item", int, str)


def in_batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in order, so many at a time as one statement may name."""
    rest = iter(sorted(items))
    while some := list(islice(rest, BATCH)):
        yield some
