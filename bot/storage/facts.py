"""Small facts that an instance has learnt; several replicas may learn the same at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, SQLModel

from bot.storage.tables import InstanceRow


def note_fact(session: Session, key: str, value: str, *, at: datetime) -> None:
    """Keep the newest value of a fact."""
    statement = _insert(session)(InstanceRow).values(key=key, value=value, learnt_at=at)
    newest = {"value": statement.excluded.value, "learnt_at": statement.excluded.learnt_at}
    session.connection().execute(statement.on_conflict_do_update(index_elements=["key"], set_=newest))


def insert_once(session: Session, row: SQLModel) -> None:
    """Add a row unless one with its key is there."""
    statement = _insert(session)(type(row)).values(row.model_dump())
    session.connection().execute(statement.on_conflict_do_nothing())


def _insert(session: Session) -> Callable[..., Any]:
    return sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
