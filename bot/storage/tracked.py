"""Rows read by statements compiled once, and tracked by the session all the same: to be changed like any other row.

The ORM's own way to a row costs several times what the database takes to find it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, Table, bindparam, select
from sqlalchemy.orm.attributes import instance_state, manager_of_class, set_committed_value
from sqlmodel import Session, SQLModel

from bot.storage.prepared import Asked, Prepared, Statement

Kind = TypeVar("Kind", bound=SQLModel)


class Tracked(Generic[Kind]):
    """A statement, made once, that selects every column of one table in the table's order.

    A row that the session holds already is answered as the session holds it, as with the ORM.
    """

    def __init__(self, kind: type[Kind], statement: Statement) -> None:
        self._rows = Prepared[Sequence[Any]](statement, named=False)
        self._names = tuple(column.key for column in table_of(kind).columns)
        self._new = manager_of_class(kind).new_instance
        self._key = kind.__mapper__.identity_key_from_primary_key  # type: ignore[attr-defined]  # SQLModel hides it

    def all(self, session: Session, **values: Any) -> list[Kind]:
        """Every row."""
        return self.tracked(session, self._rows.all(session, **values))

    def asked(self, **values: Any) -> Asked[Sequence[Any]]:
        """The question for every row, to be put with others; its rows are still to be `tracked`."""
        return self._rows.asked(**values)

    def tracked(self, session: Session, rows: Sequence[Sequence[Any]]) -> list[Kind]:
        """These rows as the session holds them."""
        return [self._track(session, row) for row in rows]

    def written(self, session: Session, **values: Any) -> list[Kind]:
        """Every row that the statement has just written; one that the session held already says so too."""
        rows = self._rows.all(session, **values)
        for row in rows:
            held = session.identity_map.get(self._key(row[:1]))
            if held is not None:
                for name, value in zip(self._names, row, strict=True):
                    set_committed_value(held, name, value)
        return self.tracked(session, rows)

    def first(self, session: Session, **values: Any) -> Kind | None:
        """The first row, None when there is none."""
        row = self._rows.first(session, **values)
        return None if row is None else self._track(session, row)

    def held(self, session: Session, number: int) -> Kind | None:
        """The row of this number, if the session holds it."""
        found: Kind | None = session.identity_map.get(self._key((number,)))
        return found

    def _track(self, session: Session, row: Sequence[Any]) -> Kind:
        """As the ORM's loading does it: every column is there and none has changed; the key makes it a stored row."""
        key = self._key(row[:1])
        held: Kind | None = session.identity_map.get(key)
        if held is not None:
            return held
        new: Kind = self._new()
        new.__dict__.update(zip(self._names, row, strict=True))
        state = instance_state(new)
        state.key, state.session_id = key, session.hash_key
        session.identity_map.add(state)
        return new


@cache
def by_number(kind: type[Kind]) -> Tracked[Kind]:
    """The statement that finds one row by its key, a number in the table's first column."""
    (key,) = table_of(kind).primary_key.columns
    return Tracked(kind, every_column(kind).where(key == bindparam("number")))


def every_column(kind: type[SQLModel]) -> Select[Any]:
    """A statement that selects every column of this kind of row, in the table's order."""
    return select(table_of(kind))


def table_of(kind: type[SQLModel]) -> Table:
    """The table that rows of this kind stand in."""
    table: Table = kind.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    return table
