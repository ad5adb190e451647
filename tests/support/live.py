"""The real product as processes: `python -m bot run` against a sandbox Bot API server in this process."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import httpx
from sqlmodel import SQLModel, select

from bot.actions.enrol import Enrolment, enrol
from bot.people.actor import Origin, operator_actor
from bot.sandbox.limits import NO_LIMITS, Limits
from bot.sandbox.people import Message
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from bot.settings import load_settings
from bot.storage.database import Database
from bot.storage.trail import Trail
from bot.wiring import open_study
from schedules.clock import SystemClock
from tests.support.browser import serving
from tests.support.line import Line
from tests.support.nursery import Nursery

Row = TypeVar("Row", bound=SQLModel)

ROOT = Path(__file__).parents[2]
TOKEN = "123456789:AAplanted-token-that-no-line-may-show-zz"
SHANGHAI = ZoneInfo("Asia/Shanghai")
PATIENCE = 30.0  # seconds
FIRST_USER = 5_000_000_000
ANN = FIRST_USER + 1


class Process(Protocol):
    """A child process, spawned or forked."""

    pid: int

    @property
    def returncode(self) -> Any: ...
    def poll(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def communicate(self, *, timeout: float | None = None) -> tuple[bytes, bytes]: ...


class WaitedInVainError(AssertionError):
    """Something that should have come true did not."""


def until(fact: Callable[[], Any], what: str | Callable[[], str], *, within: float = PATIENCE) -> Any:
    """Wait until a fact holds, and answer it; `what` is worked out only when that was in vain."""
    end = time.monotonic() + within
    while True:
        found = fact()
        if found:
            return found
        if time.monotonic() > end:
            raise WaitedInVainError(f"waited {within:.0f} s in vain for: {what if isinstance(what, str) else what()}")
        time.sleep(0.02)


def system_now() -> datetime:
    """The machine's clock."""
    return SystemClock().now()


@dataclass
class Live:
    """One site: sandbox, folder, study clock, and the child processes that come and go."""

    api: BotApi
    line: Line
    api_url: str
    folder: Path
    database_url: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
    nursery: Nursery | None = None
    process: Process | None = None
    lives: int = 0
    commands: int = 0

    def __post_init__(self) -> None:
        self.port = free_port()
        self.log_file = self.folder / "console.log"
        self.clock_file = self.folder / "study_clock"
        self.offset = 0
        self.set_clock(next_morning(system_now()))
        self._http = httpx.Client(trust_env=False, timeout=15)

    # processes

    @property
    def environment(self) -> dict[str, str]:
        """What a child process gets to know."""
        plain = {name: value for name, value in os.environ.items() if not name.upper().startswith("CDAI_")}
        database = {"CDAI_DATABASE_URL": self.database_url} if self.database_url else {}
        return {
            **plain, **database, "PYTHONPATH": str(ROOT), "CDAI_DATA_DIR": str(self.folder),
            "CDAI_TELEGRAM_TOKEN": TOKEN, "CDAI_TELEGRAM_API_URL": f"{self.api_url}/bot",
            "CDAI_LISTEN": f"127.0.0.1:{self.port}", "CDAI_STUDY_CLOCK": str(self.clock_file),
            "CDAI_SECRET_KEY": "s" * 40, **self.extra,
        }  # fmt: skip

    def run(self, *, fresh: bool = False) -> None:
        """Start the service; `fresh` demands a new interpreter even where a nursery could fork one."""
        self.lives += 1
        if self.nursery is not None and not fresh:
            self.process = self._forked(("run",), self.log_file, self.log_file)
            return
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], env=self.environment, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.process = process
        threading.Thread(target=self._keep_what_it_says, args=(process,), daemon=True).start()

    def _forked(self, words: Sequence[str], out: Path, err: Path) -> Process:
        assert self.nursery is not None
        return self.nursery.start(words, env=self.environment, cwd=self.folder, out=out, err=err)

    def _keep_what_it_says(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as said, self.log_file.open("ab", buffering=0) as log:
            for line in said:
                log.write(line)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End the service with a signal; answers its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self.process = None
        return code

    def command(self, *words: object) -> Process:
        """Start a command-line process."""
        if self.nursery is not None:
            self.commands += 1
            console = self.folder / f"command{self.commands}"
            return self._forked([*map(str, words)], console.with_suffix(".out"), console.with_suffix(".err"))
        return subprocess.Popen(
            [sys.executable, "-m", "bot", *map(str, words)], env=self.environment, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def cli(self, *words: object) -> str:
        """Run a command to its end; answers what it printed."""
        process = self.command(*words)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err.decode()
        return out.decode()

    # the service

    def readiness(self) -> dict[str, Any] | None:
        """What `/readyz` says; None while nobody answers."""
        try:
            found: dict[str, Any] = self._http.get(f"http://127.0.0.1:{self.port}/readyz").json()
        except (httpx.HTTPError, ValueError):
            return None
        return found

    def at_rest(self) -> dict[str, Any] | None:
        """The readiness, once nothing is left to do; what Telegram still holds the service cannot know of."""
        if self.waits_outside():
            return None
        found = self.readiness()
        quiet = found and found["ready"] and found["inbox"] == 0 and found["outbox_due"] == 0
        return found if quiet else None

    def waits_outside(self) -> bool:
        """Whether Telegram still holds updates for the service."""
        return bool(self.api.state.updates.waiting)

    def settle(self, *, within: float = PATIENCE) -> dict[str, Any]:
        """Wait until nothing that is due is left to do."""
        found: dict[str, Any] = until(self.at_rest, lambda: f"rest; now {self.readiness()}", within=within)
        return found

    def ready(self) -> dict[str, Any]:
        """Wait until the service says that it is ready."""
        try:
            found: dict[str, Any] = until(lambda: (found := self.readiness()) and found["ready"] and found, "ready")
        except WaitedInVainError as waited:
            raise WaitedInVainError(f"{waited}; {self.readiness()}; it said {self.log_lines()[-8:]}") from None
        return found

    # time

    def study_now(self) -> datetime:
        """Study time as the clock file has it."""
        return system_now() + timedelta(seconds=self.offset)

    def set_clock(self, at: datetime) -> None:
        """Move study time forward to an instant, at once."""
        self.offset = max(self.offset, int((at - system_now()).total_seconds()) + 1)
        fresh = self.clock_file.with_name("study_clock.new")
        fresh.write_text(f"{self.offset}\n")
        fresh.replace(self.clock_file)
        self.api.set_shift(self.offset)

    def step(self) -> datetime | None:
        """Move study time to the next due instant, once all is quiet; None when nothing is planned."""
        following = self.settle()["next_due"]
        if following is None:
            return None
        at = datetime.fromisoformat(following)
        self.set_clock(at)
        until(lambda: self._has_seen(at), f"study time {at}")
        return at

    def leap_to(self, at: datetime, *, within: float = PATIENCE) -> None:
        """Move study time to an instant at once, past whatever falls due, and wait until all that is done."""
        self.set_clock(at)
        until(lambda: self._has_seen(at), lambda: f"rest at study time {at}; now {self.readiness()}", within=within)

    def _has_seen(self, at: datetime) -> bool:
        found = self.at_rest()
        return found is not None and datetime.fromisoformat(found["study_now"]) >= at

    def step_to(self, at: datetime) -> None:
        """Move study time to an instant, from one due instant to the next."""
        while True:
            following = self.settle()["next_due"]
            if following is None or datetime.fromisoformat(following) >= at:
                break
            self.step()
        self.set_clock(at)
        until(lambda: self._has_seen(at), f"study time {at}")

    # people

    def enrol(self, code: str, user: int, language: str, *, baseline_in: int = 8) -> str:
        """Give somebody a phone, and enrol them as the command does, in this process; answers the invitation."""
        self.api.add_person(user, f"Planted{code}", "zh-hans" if language == "zh" else "en")
        settings = load_settings(
            env_file=None, secrets_dir=None, data_dir=self.folder, database_url=self.database_url, telegram_token=TOKEN,
            telegram_api_url=f"{self.api_url}/bot", study_clock=self.clock_file,
        )  # fmt: skip
        with open_study(settings, writing=True) as room, room.database.write() as session:
            trail = Trail(session, room.clock.now(), operator_actor("tests"), Origin.COMMAND, room.clock.shifted)
            given = Enrolment(
                code=code, site="seh", sex="female", height_cm=Decimal(165), language=language,
                timezone="Asia/Shanghai", baseline_on=self.baseline(baseline_in),
            )  # fmt: skip
            return enrol(trail, given, study=room.study).token

    def enrol_by_command(self, code: str, user: int, language: str, *, baseline_in: int = 8) -> str:
        """Enrol a participant through the command line, and give them a phone; answers the invitation."""
        self.api.add_person(user, f"Planted{code}", "zh-hans" if language == "zh" else "en")
        said = self.cli(
            "participant", "add", code, "--site", "seh", "--sex", "female", "--height-cm", "165", "--language",
            language, "--timezone", "Asia/Shanghai", "--baseline", self.baseline(baseline_in).isoformat(), "--json",
        )  # fmt: skip
        return str(json.loads(said)["start_payload"])

    def baseline(self, baseline_in: int = 8) -> date:
        """A visit date so many days after today; with 8 the seven days begin tomorrow, after two extra ones."""
        return local_day(self.study_now()) + timedelta(days=baseline_in)

    def tap(self, user: int, label: str) -> str:
        """Tap the newest button with this label."""
        return self.api.tap_label(system_now(), user, label)

    def say(self, user: int, text: str) -> int:
        """Send a text."""
        return self.api.say(system_now(), user, text)

    def newest(self, user: int) -> Message:
        """The newest message from the bot."""
        found = [message for message in list(self.api.chat(user).messages.values()) if message.from_bot]
        return found[-1] if found else Message(0, from_bot=True, text="", sent_at=0)

    def labels(self, user: int) -> list[str]:
        """The buttons under the newest message from the bot."""
        return [str(button["text"]) for button in self.newest(user).callback_buttons()]

    def tap_when_there(self, user: int, *labels: str) -> None:
        """Tap one button after the other, each as soon as it stands under the newest message."""
        for label in labels:
            until(
                lambda label=label: any(found.startswith(label) for found in self.labels(user)),
                f"the button {label} for {user}; now {self.newest(user).text!r} {self.labels(user)}",
            )
            self.tap(user, label)

    def answer(self, user: int, *labels: str) -> None:
        """Answer today's card from Start to the receipt."""
        language = "zh" if any(not label.isascii() for label in labels) else "en"
        begin, submit, saved = ("开始", "提交", "✓ 已保存") if language == "zh" else ("Start", "Submit", "✓ Saved")
        self.tap_when_there(user, begin, *labels, submit)
        until(lambda: saved in self.newest(user).text, "the receipt")

    def to_prompt(self, user: int) -> None:
        """Move study time on until this person's next day is asked."""
        before = self.newest(user).message_id
        for _ in range(12):
            self.step()
            if self.newest(user).message_id > before and len(self.labels(user)) == 1:
                return
        raise WaitedInVainError(f"{user} is not asked")

    def rows(self, table: type[Row], *conditions: Any) -> list[Row]:
        """Stored rows, in order of their key."""
        with self.database() as database, database.read() as session:
            return list(session.exec(select(table).where(*conditions).order_by(*table.__table__.primary_key)))  # type: ignore[attr-defined]

    def join(self, user: int, invitation: str, language: str) -> None:
        """Go through all of joining."""
        self.api.start(system_now(), user, invitation)
        first = ("English", "Agree", "20:00", "OK") if language == "en" else ("中文", "同意", "20:00", "收到")
        self.tap_when_there(user, *first)
        until(lambda: not self.labels(user), "the end of joining")

    # the record

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The study database, beside the service."""
        database = Database(self.database_url or f"sqlite:///{self.folder / 'diary.sqlite3'}")
        try:
            yield database
        finally:
            database.close()

    def log_lines(self) -> list[str]:
        """Everything that any life of the service has printed."""
        return self.log_file.read_text("utf-8").splitlines() if self.log_file.exists() else []

    def leaks(self, *planted: str) -> list[str]:
        """The log lines that hold the token or one of the planted words."""
        secret = TOKEN.partition(":")[2]
        return [line for line in self.log_lines() if any(word in line for word in (secret, "Planted", *planted))]

    def close(self) -> None:
        """End whatever still runs."""
        if self.process is not None:
            self.kill()
        self._http.close()


@contextmanager
def live_site(folder: Path, *, limits: Limits = NO_LIMITS, hold_seconds: float = 1.0, **given: Any) -> Iterator[Live]:
    """A site with a migrated database whose service has not been started."""
    from tests.support.database import migrated_file

    api = BotApi(TOKEN, "diary_bot", limits=limits)
    line = Line(create_app(api, clock=SystemClock(), hold_seconds=hold_seconds))
    with serving(line) as address:
        live = Live(api, line, address, folder, **given)
        if live.database_url is None:
            (folder / "diary.sqlite3").write_bytes(migrated_file().read_bytes())
        else:
            live.cli("migrate")
        try:
            yield live
        finally:
            live.close()


def local_day(at: datetime) -> date:
    """The date in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def next_morning(at: datetime) -> datetime:
    """The next ten o'clock in Shanghai: nobody is asked soon, whatever the hour at which the tests run."""
    return local(local_day(at) + timedelta(days=int(at >= local(local_day(at), 10))), 10)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """A wall time in Shanghai as an instant."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def free_port() -> int:
    """A port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def question_of(text: str) -> int | None:
    """Which question a card shows, from its words; None for another screen."""
    found = re.search(r"question (\d) of|第 (\d) 题", text)
    return int(found[1] or found[2]) if found else None
