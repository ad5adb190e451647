"""The database as the rooms above see it: one writer, many readers, synchronous sessions in threads."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import configure_mappers
from sqlmodel import Session, SQLModel

from bot.storage.checkpoints import AT_MOST, Checkpoints
from bot.storage.tracked import by_number
from bot.storage.trouble import DATABASE_TROUBLE

Kind = TypeVar("Kind", bound=SQLModel)
Result = TypeVar("Result")

BUSY_TIMEOUT_MS = 10_000
SQLITE_STATEMENTS = 500  # kept ready by each connection: more than the product has, so that none is read in again
POSTGRES_TURN = 0.001  # seconds: each answer of the server is a wait, after which the interpreter must be had back
POSTGRES_WRITERS = 6  # threads; with a pool of ten there is room for the clinic's own
POSTGRES_POOL = {
    "pool_size": 5, "max_overflow": 5, "pool_timeout": 5, "pool_recycle": 1800, "pool_pre_ping": True,
    "pool_use_lifo": True,
}  # fmt: skip
# A server that is gone is noticed by the time-outs below, not by a person who waits.
POSTGRES_CONNECTION = {
    "connect_timeout": 3, "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}  # fmt: skip
# A tapped button spins for ten seconds: waiting, failing and a second try must fit.
POSTGRES_LIMITS = {"statement_timeout": 5_000, "lock_timeout": 2_000, "idle_in_transaction_session_timeout": 10_000}
# Tables of the whole study and exports take their time, and no tap waits for a reader.
POSTGRES_READING = {"statement_timeout": 60_000, "default_transaction_read_only": "on"}
POSTGRES_PATIENT = {"statement_timeout": 60_000, "lock_timeout": 30_000}  # for a command, which nobody's tap waits for
SAFE_WITH_WRITERS = (3, 51, 3)  # first SQLite release without the WAL-reset defect
READER_CACHE_KIB = 512  # for each of four readers; the system keeps the file in memory anyway
WRITES = "writes"  # in a session's `info`: on PostgreSQL it must lock what it is about to change


def sqlite_module() -> ModuleType:
    """The bundled SQLite where its wheel exists (it is free of the WAL-reset defect), else Python's own."""
    try:
        import pysqlite3.dbapi2 as bundled
    except ImportError:
        import sqlite3

        return sqlite3
    return bundled  # type: ignore[no-any-return]  # the wheel ships no types


def safe_with_writers(version: tuple[int, ...] | None = None) -> bool:
    """Whether one connection may write, or copy the log back, while another writes.

    SQLite before 3.51.3 can then lose commits, when the log begins anew at that moment.
    """
    return (version or sqlite_module().sqlite_version_info) >= SAFE_WITH_WRITERS


class StudySession(Session):
    """A session that finds a row by its number, and its connection, without the ORM's detour."""

    _held: Connection | None = None

    @classmethod
    def within(cls, connection: Connection) -> Self:
        """A session inside a transaction that somebody else ends: it takes part only once the ORM has something to do.

        Most sessions need nothing of it, and beginning and ending its own transaction takes longer than they do.
        """
        session = cls(connection, expire_on_commit=False, join_transaction_mode="rollback_only")
        session._held = connection
        return session

    def connection(self, *given: Any, **named: Any) -> Connection:
        """The connection of this transaction: asked for by every statement, and the same until the transaction ends.

        A savepoint begins when its connection is first asked for, so inside one the question goes the long way.
        """
        if given or named or self.in_nested_transaction():
            return super().connection(*given, **named)
        if self._held is None or not self._held.in_transaction():
            self._held = super().connection()
        return self._held

    def get(self, entity: type[Kind], ident: Any, **how: Any) -> Kind | None:  # type: ignore[override]  # rows only
        """The row of this key, as the session holds it or as it is stored."""
        if how or not isinstance(ident, int):
            return super().get(entity, ident, **how)
        rows = by_number(entity)
        held = rows.held(self, ident)
        if held is not None:
            return held if not inspect(held).expired else super().get(entity, ident)
        return rows.first(self, number=ident)


class Database:
    """One study database: `write` for transactions that change it, `read` for those that do not.

    On SQLite every write is BEGIN IMMEDIATE on the one writing connection of this process; on PostgreSQL sessions
    come from a pool, see nothing older than their own statement, and lock the participants they change (see
    `bot.storage.participants`). Nothing inside a session may wait for the network.
    """

    def __init__(
        self,
        url: str,
        *,
        synchronous: str = "FULL",
        inline: bool = False,
        patient: bool = False,
        serving: bool = False,
    ) -> None:
        """`serving` is for the process that stays: its log is copied back beside its commits (`Checkpoints`)."""
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._inline, self._patient = inline, patient
        self._aside = serving and self.is_sqlite and safe_with_writers()
        self._lock = threading.RLock()
        self.takes = True  # whether the last transaction that should change something could be committed
        self._synchronous = synchronous
        if not self.is_sqlite:
            sys.setswitchinterval(POSTGRES_TURN)
        configure_mappers()  # the ORM does so at its first own question, and ours may come before
        self._writer: tuple[Connection, Session] | None = None
        self.engine = self._engine(pool_size=3)  # on SQLite the writing one, one for what goes round it, and one aside
        self.reader = self._engine(pool_size=4, read_only=True)
        self._writers = ThreadPoolExecutor(1 if self.is_sqlite else POSTGRES_WRITERS, thread_name_prefix="write")
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="read")
        self._checkpoints = Checkpoints(self.engine, self._lock) if self._aside else None

    def _engine(self, *, pool_size: int, read_only: bool = False) -> Engine:
        if not self.is_sqlite:
            given = (
                POSTGRES_LIMITS | (POSTGRES_PATIENT if self._patient else {}) | (POSTGRES_READING if read_only else {})
            )
            options = " ".join(f"-c {name}={value}" for name, value in given.items())
            arguments = POSTGRES_CONNECTION | {"options": options}
            return create_engine(self.url, hide_parameters=True, connect_args=arguments, **POSTGRES_POOL)
        engine = create_engine(
            self.url,
            module=sqlite_module(),
            pool_size=pool_size,
            max_overflow=0,
            hide_parameters=True,
            connect_args={
                "check_same_thread": False,
                "timeout": BUSY_TIMEOUT_MS / 1000,
                "cached_statements": SQLITE_STATEMENTS,
            },
        )
        prepare_sqlite(engine, synchronous=self._synchronous, read_only=read_only, aside=self._aside)
        return engine

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block and rolls back on any error."""
        try:
            with self._writing() as session:
                yield session
        except DATABASE_TROUBLE:
            self.takes = False
            raise
        self.takes = True

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        if self.is_sqlite:
            with self._lock, self._kept() as (writer, session), writer.begin(), session:
                yield session
                if session.in_transaction():
                    session.commit()
            if self._checkpoints is not None:
                self._checkpoints.committed()
        else:
            with StudySession(self.engine, expire_on_commit=False, info={WRITES: True}) as session, session.begin():
                yield session
                load_what_expired(session)

    @contextmanager
    def _kept(self) -> Iterator[tuple[Connection, Session]]:
        """The writing connection and its session, kept from one transaction to the next, at whose end the session
        lets go of its rows: fetching them takes as long as ten statements.

        After trouble others are fetched.
        """
        if self._writer is None:
            writer = self.engine.connect()
            self._writer = writer, StudySession.within(writer)
        kept = self._writer
        try:
            yield kept
        except BaseException:
            self._writer = None
            kept[0].close()
            raise

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; what it changes is never committed, and rows stay readable afterwards."""
        with self.reader.connect() as reader:
            reader.begin()  # ended with the connection: ended by itself, the pool would end it once more
            with StudySession.within(reader) as session:
                yield session

    async def writing(self, act: Callable[[], Result]) -> Result:
        """Run an act that writes in the writer thread, without blocking the event loop."""
        return await self._run(self._writers, act)

    async def reading(self, act: Callable[[], Result]) -> Result:
        """Run an act that reads in a reader thread, without blocking the event loop."""
        return await self._run(self._readers, act)

    async def _run(self, pool: ThreadPoolExecutor, act: Callable[[], Result]) -> Result:
        if self._inline:
            return act()
        return await asyncio.get_running_loop().run_in_executor(pool, act)

    def close(self) -> None:
        """Finish running acts and close every connection."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        if self._checkpoints is not None:
            self._checkpoints.end()
        if self._writer is not None:
            self._writer[0].close()
        self.engine.dispose()
        self.reader.dispose()


def load_what_expired(session: Session) -> None:
    """Rows stay readable after the commit, also those that a lock let expire."""
    session.flush()
    for row in [row for row in session if inspect(row).expired]:
        with suppress(InvalidRequestError):  # gone meanwhile
            session.refresh(row)


def prepare_sqlite(engine: Engine, *, synchronous: str = "FULL", read_only: bool = False, aside: bool = False) -> None:
    """WAL, full durability, foreign keys, and BEGIN IMMEDIATE so that a read never goes stale before its write.

    `aside`: somebody else copies the log back, as long as it is not too long.
    """

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if not read_only:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA synchronous = {synchronous}")
            if aside:
                cursor.execute(f"PRAGMA wal_autocheckpoint = {AT_MOST}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA recursive_triggers = ON")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
            cursor.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
        cursor.close()

    words = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        dbapi: Any = engine.dialect.loaded_dbapi
        try:
            connection.connection.driver_connection.execute(words)
        except dbapi.Error as error:  # raised as SQLAlchemy raises what its own statements meet
            raise DBAPIError.instance(words, None, error, dbapi.Error, dialect=engine.dialect) from error
