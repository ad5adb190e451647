"""Statements compiled once and handed to the driver: what runs for every tap and every message, without the ORM.

A statement costs the database a few microseconds and the ORM's way to it ten times as many. Rows read here are plain:
nothing tracks them, and what is to be changed is read through the session as ever.
"""

import json
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    SelectBase,
    Table,
    Text,
    UpdateBase,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine, UserDefinedType
from sqlmodel import Session, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

Statement = SelectBase | UpdateBase
Row = TypeVar("Row")
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in one database's words: how values go in, and how columns come out."""

    sql: str
    names: tuple[str, ...]
    inward: tuple[tuple[int, Convert], ...]
    fixed: Mapping[str, Any]
    positional: bool
    outward: tuple[tuple[int, Convert], ...]
    row: Callable[[Sequence[Any]], Any]

    def bind(self, values: Mapping[str, Any]) -> Any:
        given = {**values, **self.fixed} if self.fixed else values
        found = [given[name] for name in self.names]
        for index, convert in self.inward:
            found[index] = convert(found[index])
        return tuple(found) if self.positional else dict(zip(self.names, found, strict=True))

    def read(self, found: Sequence[Any]) -> Any:
        if not self.outward:
            return self.row(found)
        values = list(found)
        for index, convert in self.outward:
            values[index] = convert(values[index])
        return self.row(values)


class _Several(UserDefinedType[Sequence[Any]]):
    """Several numbers, texts or dates as one value: a JSON array in SQLite, an array in PostgreSQL."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:
        return _as_json if dialect.name == "sqlite" else list


def _as_json(values: Sequence[Any]) -> str:
    return json.dumps([value.isoformat() if isinstance(value, date) else value for value in values])


class _Among(ColumnElement[bool]):
    """Whether a column has one of several values that are given as one."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.type = Boolean()
        self.column, self.values = column, bindparam(name, type_=_Several())

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002  # SQLAlchemy's signature
        """In brackets already; SQLite would be given `... = 1` instead, for which no index serves."""
        return self


@compiles(_Among, "sqlite")
def _among_in_sqlite(element: _Among, compiler: SQLCompiler, **given: Any) -> str:
    values = compiler.process(element.values, **given)
    return f"({compiler.process(element.column, **given)} IN (SELECT value FROM json_each({values})))"  # noqa: S608  # values are bound


@compiles(_Among)
def _among_elsewhere(element: _Among, compiler: SQLCompiler, **given: Any) -> str:
    return f"({compiler.process(element.column, **given)} = ANY({compiler.process(element.values, **given)}))"


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the column has one of the values given as `name`: one statement, however many there are."""
    return _Among(column, name)


class _Together(FunctionElement[str]):
    """The texts of several rows as one, with commas."""

    inherit_cache = False
    type = Text()


@compiles(_Together, "sqlite")
def _together_in_sqlite(element: _Together, compiler: SQLCompiler, **given: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **given)})"


@compiles(_Together)
def _together_elsewhere(element: _Together, compiler: SQLCompiler, **given: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **given)}, ',')"


def written_out(*columns: ColumnElement[Any]) -> ColumnElement[Any]:
    """What these columns hold in all rows, as one text: to see at a glance whether anything has changed.

    Not to be read, and not for words of people: commas and bars in them would not be told from those between values.
    The rows may come in any order.
    """
    nothing: ColumnElement[str] = literal_column("''")
    bar: ColumnElement[str] = literal_column("'|'")
    values: list[Any] = [func.coalesce(cast(column, Text), nothing) for column in columns]
    return _Together(reduce(lambda line, value: line.concat(bar).concat(value), values))


class _ByNumber(UserDefinedType[Mapping[int, Any]]):
    """A number for each of several numbers, as one value: a JSON object."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:  # noqa: ARG002  # SQLAlchemy's signature
        return json.dumps


class _Given(ColumnElement[int]):
    """The number that was given for a column's number, null where none was."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.type = BigInteger()
        self.column, self.values = column, bindparam(name, type_=_ByNumber())


@compiles(_Given, "sqlite")
def _given_in_sqlite(element: _Given, compiler: SQLCompiler, **given: Any) -> str:
    column, values = compiler.process(element.column, **given), compiler.process(element.values, **given)
    return f"""json_extract({values}, '$."' || {column} || '"')"""


@compiles(_Given)
def _given_elsewhere(element: _Given, compiler: SQLCompiler, **given: Any) -> str:
    column, values = compiler.process(element.column, **given), compiler.process(element.values, **given)
    return f"CAST(CAST({values} AS jsonb) ->> CAST({column} AS text) AS bigint)"


def given(column: ColumnElement[Any], name: str) -> ColumnElement[int]:
    """What the mapping given as `name` has for the column's number: several rows written by one statement."""
    return _Given(column, name)


class Prepared(Generic[Row]):
    """One statement, made once; `Row` says what its rows read like. Changes of the session's rows are written first,
    unless the session says `no_autoflush`.

    Errors are those that the session would raise. Listeners to the engine's statements hear of these too.
    """

    def __init__(self, statement: Statement, *, named: bool = True) -> None:
        self._statement, self._named = statement, named
        self._compiled: dict[str, _Compiled] = {}

    def all(self, session: Session, **values: Any) -> list[Row]:
        """Every row."""
        return self.begin(session, values)()

    def asked(self, **values: Any) -> "Asked[Row]":
        """The question for every row, to be put with others: see `ask`."""
        return Asked(self, values)

    def begin(self, session: Session, values: Mapping[str, Any]) -> Callable[[], list[Row]]:
        """Ask for every row; what is answered fetches them."""
        cursor, compiled = self._execute(session, values)

        def fetch() -> list[Row]:
            try:
                return [compiled.read(found) for found in cursor]
            finally:
                cursor.close()

        return fetch

    def first(self, session: Session, **values: Any) -> Row | None:
        """The first row, None when there is none."""
        cursor, compiled = self._execute(session, values)
        try:
            found = cursor.fetchone()
            return None if found is None else compiled.read(found)
        finally:
            cursor.close()

    def run_all(self, session: Session, values: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each set of values, in one call of the driver."""
        if values:
            self._execute(session, values, several=True)[0].close()

    def run(self, session: Session, **values: Any) -> int:
        """Execute for its effect; answers how many rows it touched."""
        cursor, _compiled = self._execute(session, values)
        touched: int = cursor.rowcount
        cursor.close()
        return touched

    def _execute(self, session: Session, values: Any, *, several: bool = False) -> tuple[Any, _Compiled]:
        if session.autoflush:
            session.flush()
        connection = session.connection()
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect, named=self._named)
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor()
        bound = [compiled.bind(one) for one in values] if several else compiled.bind(values)
        for listener in connection.engine.dispatch.before_cursor_execute:
            listener(connection, cursor, compiled.sql, bound, None, several)
        try:
            (cursor.executemany if several else cursor.execute)(compiled.sql, bound)
        except dialect.loaded_dbapi.Error as error:
            raise _wrapped(error, compiled.sql, connection, cursor) from error
        return cursor, compiled


@dataclass(frozen=True, slots=True)
class Asked(Generic[Row]):
    """A statement with its values."""

    statement: Prepared[Row]
    values: Mapping[str, Any]


def ask(session: Session, *questions: Asked[Any]) -> Sequence[list[Any]]:
    """The rows of several statements that do not wait for each other: on PostgreSQL in one round trip."""
    if session.autoflush:
        session.flush()
    with session.no_autoflush, _one_round_trip(session.connection()):
        under_way = [one.statement.begin(session, one.values) for one in questions]
    return [found() for found in under_way]


@contextmanager
def _one_round_trip(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(error, "several statements", connection, None) from error


def _wrapped(error: Exception, sql: str, connection: Connection, cursor: Any) -> BaseException:
    """The driver's error as the session raises it; a connection that is gone is not used again."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection.driver_connection, cursor)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=gone, dialect=dialect
    )


def _compile(statement: Statement, dialect: Dialect, *, named: bool) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("only statements about tables can be prepared")
    names = tuple(compiled.positiontup or () if compiled.positional else compiled.binds)
    bound = [compiled.binds[name] for name in names]
    inward = [_writer_of(one.type, dialect) for one in bound]
    given = [(name, one, convert) for name, one, convert in zip(names, bound, inward, strict=True) if not one.required]
    columns = list(statement.selected_columns if isinstance(statement, SelectBase) else statement.exported_columns)
    outward = [_reader_of(column.type, dialect) for column in columns]
    keys = [column.key or "value" for column in columns]
    row: Any = namedtuple("Row", keys, rename=True)  # type: ignore[misc]  # the names are those of the statement
    return _Compiled(
        sql=_kept_planned(compiled.string) if dialect.name == "sqlite" else compiled.string,
        names=names,
        inward=tuple(
            (index, convert)
            for index, (one, convert) in enumerate(zip(bound, inward, strict=True))
            if one.required and convert is not None
        ),
        fixed={name: one.value if convert is None else convert(one.value) for name, one, convert in given},
        positional=bool(compiled.positional),
        outward=tuple((index, convert) for index, convert in enumerate(outward) if convert is not None),
        row=row._make if named else _as_found,
    )


def _as_found(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _kept_planned(sql: str) -> str:
    """SQLite plans a statement anew at every execution when a bare parameter says how many rows are asked for.

    That takes twenty times as long as finding them. With a sign before it, the parameter is a value like any other.
    """
    return sql.replace("LIMIT ?", "LIMIT +?").replace("OFFSET ?", "OFFSET +?")


def _writer_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """How values go in; instants and dates, of which there are most, in one step instead of three."""
    if dialect.name == "sqlite":
        if isinstance(kind, UTCDateTime):
            return _as_written
        if isinstance(kind, Date):
            return _as_day
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """How values of a column come out; instants, of which there are most, in one step instead of three."""
    if isinstance(kind, UTCDateTime) and dialect.name == "sqlite":
        return _as_instant
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _as_written(at: datetime | None) -> str | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError("an instant must have timezone information")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _as_day(day: date | None) -> str | None:
    return None if day is None else date.isoformat(day)


def _as_instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written + "+00:00")


_PUTS: dict[tuple[type[SQLModel], tuple[str, ...]], Prepared[Any]] = {}


def put(session: Session, row: SQLModel, **values: Any) -> None:
    """Change columns of a stored row at once, and let the row say so; a flush would take many times as long.

    Not inside a savepoint that may be rolled back: the row would not notice.
    """
    put_by_id(session, type(row), row.id, **values)  # type: ignore[attr-defined]  # every table that is put has one
    for name, value in values.items():
        set_committed_value(row, name, value)


def put_by_id(session: Session, kind: type[SQLModel], number: int | None, **values: Any) -> None:
    """Change columns of the stored row of this number, for whoever holds it as a plain row."""
    names = tuple(values)
    statement = _PUTS.get((kind, names))
    if statement is None:
        statement = _PUTS[kind, names] = _putting(kind, names)
    statement.run(session, **values, which=number)


def _putting(kind: type[SQLModel], names: Sequence[str]) -> Prepared[Any]:
    table: Table = kind.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    return Prepared(update(table).where(table.c.id == bindparam("which")).values({n: bindparam(n) for n in names}))


def adding(kind: type[SQLModel]) -> Prepared[Any]:
    """The statement that adds a row, given every column but a number that the database gives itself."""
    table: Table = kind.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    names = [column.key for column in table.columns if column.key != "id"]
    return Prepared(insert(table).values({name: bindparam(name) for name in names}))
