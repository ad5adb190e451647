"""Which process sends: the only one on SQLite, an elected one on PostgreSQL."""

import math
from typing import Protocol

from sqlmodel import Session

from bot.storage.leader import LEASE, Term, confirm, resign, stand
from schedules.clock import Clock

CONFIRM_EVERY = LEASE / 3  # seconds, while there is nothing to commit
MARGIN = 2.0  # seconds before the end of the lease from which nothing more leaves


class LeadLostError(Exception):
    """Another process has been elected meanwhile: nothing of this term counts any more."""


class Leadership(Protocol):
    """How a dispatcher learns that it is the one; instants are monotonic seconds.

    `stand` and `confirm` share a transaction with what rests on them. `confirm` raises LeadLostError. After the
    commit `extend` is told when the transaction was begun. Nothing may leave after `good_until`.
    """

    leading: bool
    good_until: float
    taken_over: bool

    def stand(self, session: Session) -> bool: ...
    def confirm(self, session: Session) -> None: ...
    def extend(self, asked_at: float) -> None: ...
    def wants_confirming(self, now: float) -> bool: ...
    def step_down(self) -> None: ...
    def resign(self, session: Session) -> None: ...


class Alone:
    """Nobody else can be there: the lock beside the SQLite file keeps other processes out."""

    good_until = math.inf
    taken_over = False

    def __init__(self) -> None:
        self.leading = False

    def stand(self, _session: Session) -> bool:
        """Always elected."""
        return True

    def confirm(self, _session: Session) -> None:
        """Nobody contests it."""

    def extend(self, _asked_at: float) -> None:
        """The first round makes it so."""
        self.leading = True

    def wants_confirming(self, _now: float) -> bool:
        """Never."""
        return False

    def step_down(self) -> None:
        """Begin again with the next round."""
        self.leading = False

    def resign(self, _session: Session) -> None:
        """Nobody waits for it."""


class Elected:
    """One of several: leads as long as its lease in the database lasts."""

    def __init__(self, owner: str, clock: Clock) -> None:
        self._owner, self._clock = owner, clock
        self._term: Term | None = None
        self.leading = self.taken_over = False
        self.good_until = -math.inf

    def stand(self, session: Session) -> bool:
        """Become the leader if nobody is; `taken_over` says that somebody was before."""
        self._term = stand(session, self._owner)
        self.taken_over = self._term is not None and self._term.number > 1
        return self._term is not None

    def confirm(self, session: Session) -> None:
        """Prolong the lease; until the transaction ends nobody else can be elected."""
        if self._term is None or not confirm(session, self._term):
            raise LeadLostError

    def extend(self, asked_at: float) -> None:
        """The commit has come through: the lease lasts from the moment it was asked for, or a little longer."""
        self.leading, self.good_until = True, asked_at + LEASE - MARGIN

    def wants_confirming(self, now: float) -> bool:
        """Whether the lease should be prolonged although there is nothing to commit."""
        return self.good_until - now < LEASE - MARGIN - CONFIRM_EVERY

    def step_down(self) -> None:
        """Stand by."""
        self._term, self.leading, self.good_until = None, False, -math.inf

    def resign(self, session: Session) -> None:
        """Let somebody else take over at once."""
        if self._term is not None:
            resign(session, self._term)
