"""A private PostgreSQL server for a test session, where the Debian binaries are there."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bot.storage.database import Database
from bot.storage.schema import migrate

BINARIES = Path("/usr/lib/postgresql/15/bin")


def missing() -> str | None:
    """Why PostgreSQL cannot be started here; None when it can."""
    if not (BINARIES / "initdb").exists():
        return f"PostgreSQL's binaries are not in {BINARIES} (Debian package postgresql-15)"
    if os.geteuid() == 0 and not _has_user("postgres"):
        return "there is no user postgres to run the server as"
    return None


def require_postgres() -> None:
    """Skip with the reason where PostgreSQL is missing, unless TEST_REQUIRE names it."""
    reason = missing()
    if reason and "postgres" in os.environ.get("TEST_REQUIRE", "").split(","):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A private server: its folder, and the address of its empty database; `durable` ones wait for the disk."""

    folder: Path
    durable: bool = False

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def make(self) -> None:
        """Make the server's files."""
        _run(
            "initdb", "-D", f"{self.folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
            "--locale=C",
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        options += "" if self.durable else " -c fsync=off"
        _run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server, for sessions that are open already, too."""
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
            connection.execute("SELECT pg_reload_conf()")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `fast` ends sessions, `immediate` is a crash."""
        _run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", mode, "stop")


@contextmanager
def postgres_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A fresh server on a private socket, started; it may be stopped and started again."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # socket paths must be short
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    cluster = Cluster(folder, durable)
    try:
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """A fresh server; yields the address of its empty database."""
    with postgres_cluster(durable=durable) as cluster:
        yield cluster.url


@contextmanager
def clean_postgres(url: str) -> Iterator[Database]:
    """The server's database, emptied and with the current schema; closed at the end."""
    database = Database(url)
    try:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        migrate(database)
        yield database
    finally:
        database.close()


def _run(program: str, *arguments: str) -> None:
    command = [str(BINARIES / program), *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
    subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=60)


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
