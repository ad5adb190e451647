"""The lock beside a SQLite file: who serves it, and who may write meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from bot.errors import RefusedError
from bot.storage.database import safe_with_writers, sqlite_module


class RunLock:
    """Held by `run` while it serves a SQLite file; the system frees it however the process ends."""

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file

    def release(self) -> None:
        """Give the lock back; once is enough, twice does no harm."""
        if self._file is not None:
            self._file.close()
            self._file = None


def lock_path(url: str) -> Path | None:
    """Where the lock of this database lies; None for PostgreSQL and for SQLite in memory."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database or address.database == ":memory:":
        return None
    return Path(address.database + ".run")


def take_run_lock(url: str) -> RunLock:
    """Become the one service of this SQLite file, or raise RefusedError; PostgreSQL needs no lock."""
    path = lock_path(url)
    if path is None or not path.parent.is_dir():  # without a folder there is no database either
        return RunLock(None)
    file = path.open("a+")
    if not _try_lock(file):
        file.close()
        raise RefusedError(
            f"Another `run` already serves {path.stem}: stop that one first, or use PostgreSQL for replicas."
        )
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return RunLock(file)


def is_running(url: str) -> bool:
    """Whether some process serves this SQLite file right now."""
    path = lock_path(url)
    if path is None or not path.exists():
        return False
    with path.open("a+") as file:
        return not _try_lock(file)


def check_can_write_beside(url: str, *, version: tuple[int, ...] | None = None) -> None:
    """Raise RefusedError when a second writing process could damage the file."""
    found = version or tuple(sqlite_module().sqlite_version_info)
    if not safe_with_writers(found) and is_running(url):
        raise RefusedError(
            f"`run` holds this database and SQLite {'.'.join(map(str, found))} is not safe with two writers: "
            "stop `run` first, or install pysqlite3 or Python with SQLite 3.51.3 or newer."
        )


@contextmanager
def alone(url: str, *, why: str) -> Iterator[None]:
    """Hold the lock for a short act that must not meet a running service, such as `migrate`."""
    try:
        lock = take_run_lock(url)
    except RefusedError:
        raise RefusedError(f"`run` serves this database: stop it before you {why}.") from None
    try:
        yield
    finally:
        lock.release()


def _try_lock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: msvcrt locks bytes instead
        return _try_lock_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _try_lock_on_windows(file: IO[str]) -> bool:
    import msvcrt

    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # exists on Windows only
    except OSError:
        return False
    return True
