"""SQLite's write-ahead log: a service copies it back beside its commits, a command in them, and none lets it grow."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.settings import Settings
from bot.storage.checkpoints import AT_MOST, ENOUGH
from bot.storage.database import Database, safe_with_writers
from bot.wiring import build
from tests.support.database import migrated_file

SOME = ENOUGH + 500


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Database]:
    with opened(tmp_path, serving=True) as database:
        yield database


@contextmanager
def opened(folder: Path, *, serving: bool) -> Iterator[Database]:
    file = folder / "diary.sqlite3"
    shutil.copyfile(migrated_file(), file)
    database = Database(f"sqlite:///{file}", serving=serving)
    try:
        with database.write() as session:
            session.execute(text("CREATE TABLE bulk (page BLOB)"))
        yield database
    finally:
        database.close()


def fill(database: Database, pages: int) -> None:
    with database.write() as session:
        session.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :pages) "
                "INSERT INTO bulk SELECT zeroblob(4000) FROM n"
            ),
            {"pages": pages},
        )


def log_of(database: Database) -> tuple[int, int]:
    """Pages in the log, and how many of them were copied back."""
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        _busy, pages, copied = driver.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
    return pages, copied


def in_time(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def copied_by_commits(database: Database) -> int:
    """From how many pages on a commit copies the log back."""
    with database.write() as session:
        return int(session.execute(text("PRAGMA wal_autocheckpoint")).scalar_one())


async def test_the_service_leaves_the_log_to_a_thread(tmp_path: Path) -> None:
    file = tmp_path / "diary.sqlite3"
    shutil.copyfile(migrated_file(), file)
    service = build(Settings(database_url=f"sqlite:///{file}", data_dir=tmp_path), parts=["worker"])
    try:
        assert copied_by_commits(service.database) == AT_MOST
    finally:
        await service.stop()


def test_the_log_is_copied_though_no_commit_does_it(serving: Database) -> None:
    assert copied_by_commits(serving) == AT_MOST
    fill(serving, SOME)
    assert in_time(lambda: log_of(serving)[1] >= SOME)


def test_the_log_begins_anew_once_it_was_copied(serving: Database) -> None:
    fill(serving, SOME)
    assert in_time(lambda: log_of(serving)[1] >= SOME)
    fill(serving, 1)
    assert log_of(serving)[0] < ENOUGH


def test_a_command_copies_the_log_itself(tmp_path: Path) -> None:
    with opened(tmp_path, serving=False) as command:
        fill(command, SOME)
        pages, copied = log_of(command)
    assert pages == copied >= SOME


def test_a_command_beside_the_service_copies_what_the_service_left(serving: Database) -> None:
    fill(serving, ENOUGH // 2)
    command = Database(serving.url)
    fill(command, ENOUGH)
    command.close()
    pages, copied = log_of(serving)
    assert pages == copied > ENOUGH


def test_a_log_that_nobody_copies_does_not_grow_without_end(serving: Database) -> None:
    assert serving._checkpoints is not None
    serving._checkpoints.end()
    fill(serving, SOME)
    assert log_of(serving)[1] == 0
    fill(serving, AT_MOST)
    pages, copied = log_of(serving)
    assert pages == copied > AT_MOST


def test_what_waited_for_a_long_reader_is_copied_after_the_next_commit(serving: Database) -> None:
    with serving.read() as session:
        session.execute(text("SELECT count(*) FROM bulk")).scalar_one()  # what is newer must wait for this reader
        fill(serving, SOME)
        time.sleep(0.3)
        assert log_of(serving)[1] < SOME
    fill(serving, 1)
    assert in_time(lambda: log_of(serving)[1] > SOME)


def test_a_closed_service_leaves_no_log_and_no_thread(tmp_path: Path) -> None:
    with opened(tmp_path, serving=True) as service:
        fill(service, SOME)
        assert [thread.name for thread in threading.enumerate()].count("checkpoint") == 1
    assert [thread.name for thread in threading.enumerate()].count("checkpoint") == 0
    assert not (tmp_path / "diary.sqlite3-wal").exists()


@pytest.mark.parametrize(("version", "safe"), [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True)])
def test_nobody_copies_beside_a_writer_where_sqlite_could_lose_commits(version: tuple[int, ...], safe: bool) -> None:
    assert safe_with_writers(version) is safe
