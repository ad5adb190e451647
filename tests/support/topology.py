"""The topology of `docker/compose.yml` as plain processes: PostgreSQL, replicas, a reverse proxy, a sandbox Bot API.

python -m tests.support.topology [--replicas N] starts it for people, until Ctrl+C.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg
from sqlalchemy import make_url

from bot.sandbox.limits import NO_LIMITS
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from schedules.clock import SystemClock
from tests.support.browser import serving
from tests.support.line import Line
from tests.support.live import ANN, TOKEN, Live, Process, free_port, until
from tests.support.nursery import Nursery
from tests.support.postgres import postgres_server
from tests.support.proxy import make_proxy

SECRET = "planted-webhook-secret"


@dataclass
class Replica:
    """One application process: the parts it runs, and where it listens."""

    parts: str | None
    port: int = field(default_factory=free_port)
    process: Process | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Topology(Live):
    """Several replicas behind a proxy; where a test speaks of the process, it means the one chosen to be killed."""

    replicas: list[Replica] = field(default_factory=list)
    public_url: str = ""
    rng: Random = field(default_factory=lambda: Random(1))  # play, not secrecy
    chosen: Replica | None = None

    @property
    def environment(self) -> dict[str, str]:
        given = super().environment
        return given | {"CDAI_PUBLIC_URL": self.public_url, "CDAI_WEBHOOK_SECRET": SECRET}

    def run(self, *, fresh: bool = False) -> None:
        """Start every replica that is down, and choose the one that a test may end."""
        for replica in self.replicas:
            if not replica.alive:
                self.start(replica, fresh=fresh)
        self.lives += 1
        self.chosen = self.rng.choice(self.replicas)
        self.process = self.chosen.process

    def start(self, replica: Replica, *, fresh: bool = False) -> None:
        """Start one replica; `fresh` demands a new interpreter even where a nursery could fork one."""
        words = ["run", *(["--only", replica.parts] if replica.parts else [])]
        env = self.environment | {"CDAI_LISTEN": f"127.0.0.1:{replica.port}"}
        if self.nursery is not None and not fresh:
            log = self.log_file
            replica.process = self.nursery.start(words, env=env, cwd=self.folder, out=log, err=log)
            return
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *words], env=env, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        replica.process = process
        threading.Thread(target=self._keep_what_it_says, args=(process,), daemon=True).start()

    def end(self, replica: Replica, number: int = signal.SIGKILL) -> int:
        """End one replica with a signal; answers its exit code."""
        assert replica.process is not None
        replica.process.send_signal(number)
        code = replica.process.wait(40)
        replica.process = None
        return code

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End the chosen replica; with SIGTERM all of them, one after the other."""
        if number == signal.SIGTERM:
            codes = [self.end(replica, number) for replica in self.replicas if replica.alive]
            self.process = None
            return max(codes, default=0)
        assert self.chosen is not None
        code = self.end(self.chosen, number) if self.chosen.alive else self._code_of(self.chosen)
        self.process = None
        return code

    def _code_of(self, replica: Replica) -> int:
        assert replica.process is not None
        code = replica.process.wait(40)
        replica.process = None
        return code

    def readiness(self) -> dict[str, Any] | None:
        """What `/readyz` says through the proxy."""
        try:
            found: dict[str, Any] = self._http.get(f"{self.public_url}/readyz").json()
        except (httpx.HTTPError, ValueError):
            return None
        return found

    def leader(self) -> Replica | None:
        """The replica that sends at present, as far as it says so itself."""
        return next((replica for replica in self.replicas if replica.alive and self._leads(replica)), None)

    def await_leader(self) -> Replica:
        """Wait until somebody leads."""
        found: Replica = until(self.leader, "a leader")
        return found

    def await_all(self) -> None:
        """Wait until every replica is ready."""
        until(lambda: all(self._is_ready(replica) for replica in self.replicas), "every replica ready", within=60)

    def _leads(self, replica: Replica) -> bool:
        return "cdai_leading 1.0" in self._ask(replica, "metrics")

    def _is_ready(self, replica: Replica) -> bool:
        return '"ready":true' in self._ask(replica, "readyz").replace(" ", "")

    def _ask(self, replica: Replica, path: str) -> str:
        try:
            return self._http.get(f"{replica.address}/{path}").text
        except httpx.HTTPError:
            return ""

    def close(self) -> None:
        """End whatever still runs."""
        for replica in self.replicas:
            if replica.alive:
                self.end(replica)
        self.process = None
        super().close()


def make_service_role(owner: str) -> str:
    """The address by which the service opens the owner's database; `migrate` gives the role its rights."""
    with psycopg.connect(
        make_url(owner).set(drivername="postgresql").render_as_string(), autocommit=True
    ) as connection:
        connection.execute("CREATE ROLE diary_service LOGIN")
    return make_url(owner).set(username="diary_service").render_as_string()


@contextmanager
def topology(
    folder: Path,
    *,
    parts: tuple[str | None, ...] = (None, None),
    rng: Random | None = None,
    nursery: Nursery | None = None,
    hold_seconds: float = 1.0,
) -> Iterator[Topology]:
    """PostgreSQL with the schema, a sandbox, a proxy and replicas that have not been started."""
    api = BotApi(TOKEN, "diary_bot", limits=NO_LIMITS)
    line = Line(create_app(api, clock=SystemClock(), hold_seconds=hold_seconds))
    replicas = [Replica(only) for only in parts]
    proxy = make_proxy([replica.address for replica in replicas])
    with postgres_server() as owner, serving(line) as api_url, serving(proxy) as public_url:
        url = make_service_role(owner)
        site = Topology(api, line, api_url, folder, url, nursery=nursery, replicas=replicas, public_url=public_url)
        site.rng = rng or site.rng
        site.extra["CDAI_MIGRATE_DATABASE_URL"] = owner
        site.cli("migrate")
        del site.extra["CDAI_MIGRATE_DATABASE_URL"]  # the replicas get on with the rights of their own role
        try:
            yield site
        finally:
            site.close()


def main() -> int:
    """Start it for people: one enrolled participant, and the sandbox's phone page to join on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=2)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="cdai-diary-topology-") as folder,
        topology(Path(folder), parts=(None,) * given.replicas, hold_seconds=20) as site,
        suppress(KeyboardInterrupt),
    ):
        invitation = site.enrol("SH-001", ANN, "en")
        site.run()
        site.await_all()
        say(f"Proxy (clinic, readiness): {site.public_url}; replicas: {[one.address for one in site.replicas]}")
        say(f"Phone of SH-001: {site.api_url}/ (invitation {invitation}). Stop with Ctrl+C.")
        while True:
            time.sleep(1)
    return 0


def say(sentence: str) -> None:
    """Print at once."""
    print(sentence, flush=True)  # noqa: T201  # a command for people


if __name__ == "__main__":
    sys.exit(main())
