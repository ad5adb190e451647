"""Locks by number on PostgreSQL, for what no row stands for; on SQLite a write transaction lets nobody else in."""

from sqlalchemy import text
from sqlmodel import Session

# Chats are locked by their own numbers, which have at most 52 bits; these lie above all of them.
AUDIT, MIGRATION, ACCESS, SETUP = (2**62 + number for number in range(1, 5))
WAIT = text("SELECT pg_advisory_xact_lock(:key)")
TRY = text("SELECT pg_try_advisory_xact_lock(:key)")


def await_turn(session: Session, key: int) -> None:
    """Wait until nobody else holds this lock, and hold it until the transaction ends."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(WAIT, {"key": key})


def try_turn(session: Session, key: int) -> bool:
    """Hold this lock until the transaction ends, unless somebody else does."""
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(session.connection().execute(TRY, {"key": key}).scalar_one())
