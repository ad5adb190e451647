"""The lease by which one of several processes on a PostgreSQL database sends, while the others stand by.

All instants are the database's own, so that replicas need not agree on the hour. A term begins when somebody else's
lease has run out or was given back; from then on nothing of an earlier term can be written, because every write of
the leader confirms its term in the same transaction.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from bot.storage.notices import LEADER, notify

LEASE: Final = 10.0  # seconds
PART: Final = "dispatch"
STAND = text("""
INSERT INTO leader (part, owner, term, lease_until)
VALUES (:part, :owner, 1, clock_timestamp() + make_interval(secs => :lease))
ON CONFLICT (part) DO UPDATE
SET owner = excluded.owner, term = leader.term + 1, lease_until = excluded.lease_until
WHERE leader.lease_until <= clock_timestamp() OR leader.owner = excluded.owner
RETURNING term
""")
CONFIRM = text("""
UPDATE leader SET lease_until = clock_timestamp() + make_interval(secs => :lease)
WHERE part = :part AND owner = :owner AND term = :term RETURNING term
""")
RESIGN = text("""
UPDATE leader SET lease_until = clock_timestamp()
WHERE part = :part AND owner = :owner AND term = :term AND lease_until > clock_timestamp() RETURNING term
""")
AGE = text("SELECT extract(epoch FROM clock_timestamp() - lease_until) + :lease FROM leader WHERE part = :part")


@dataclass(frozen=True, slots=True)
class Term:
    """Proof of having been elected."""

    owner: str
    number: int


def stand(session: Session, owner: str) -> Term | None:
    """Become the leader, if nobody else is; the lease lasts `LEASE` seconds unless it is confirmed."""
    number = session.connection().execute(STAND, {"part": PART, "owner": owner, "lease": LEASE}).scalar()
    return Term(owner, number) if number is not None else None


def confirm(session: Session, term: Term) -> bool:
    """Prolong the lease, and let nobody else be elected before this transaction ends; False when somebody was.

    A lease that ran out without a successor may be taken up again: nobody has acted meanwhile.
    """
    mine = {"part": PART, "owner": term.owner, "term": term.number, "lease": LEASE}
    return session.connection().execute(CONFIRM, mine).scalar() is not None


def resign(session: Session, term: Term) -> None:
    """Give the lease back, and tell those who stand by."""
    mine = {"part": PART, "owner": term.owner, "term": term.number}
    if session.connection().execute(RESIGN, mine).scalar() is not None:
        notify(session, LEADER)


def lease_age(session: Session) -> float | None:
    """Seconds since a leader last confirmed its lease; None when none was ever elected, as on SQLite."""
    if session.get_bind().dialect.name == "sqlite":
        return None
    age = session.connection().execute(AGE, {"part": PART, "lease": LEASE}).scalar()
    return float(age) if age is not None else None
