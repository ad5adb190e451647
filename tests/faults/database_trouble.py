"""The database is locked, full, read-only, or goes away in the middle of a transaction, while people tap.

Whoever taps meanwhile is told "not saved" and never "saved"; what was acknowledged is stored, and what was only heard
has its effect when the database is back. The service stays up, and staff read a sentence.

python -m tests.faults.database_trouble
"""

import resource
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
from sqlalchemy import text

from bot.people.roles import Role
from bot.people.sealing import Sealer
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.storage.tables import AnswerRow, EntryRow
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import SystemClock
from tests.faults.kill_torture import say
from tests.support.clinic import ClinicBench, csrf_of, two_site_study
from tests.support.fuse import Fuse
from tests.support.lab import Lab, evening, quietly
from tests.support.live import ANN, Live, WaitedInVainError, live_site, until
from tests.support.postgres import Cluster, missing, postgres_cluster
from tests.support.record import breaches_at_the_end

LOCKED_FOR, SHORTLY = 10.5, 3.0  # seconds; the service waits ten for a lock, and tells whoever taps after five
SPINS_FOR = 15.0  # seconds; then nobody sees any more what a tap was answered with
BACK_WITHIN = 10.0
READS = (
    1.5  # seconds before somebody types; Telegram dates a text in whole seconds, and one as old as the card is refused
)
NOT_SAVED = "That could not be saved just now. Please tap again in a few minutes."
STAFF_TOLD = "tell the operator this number"
PEOPLE = 8
Trouble = Callable[[Live], AbstractContextManager[None]]


@dataclass
class Figures:
    """What the troubles have shown; times in seconds."""

    troubles: list[str] = field(default_factory=list)
    taps: int = 0
    told: int = 0
    acknowledged: int = 0
    told_after: list[float] = field(default_factory=list)
    back_after: list[float] = field(default_factory=list)
    pages: int = 0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        told, back = max(self.told_after, default=0.0), max(self.back_after, default=0.0)
        return (
            f"{len(self.faults)} faults in {len(self.troubles)} troubles ({'; '.join(self.troubles)}): {self.taps} "
            f"taps and texts during them, {self.told} told that it is not saved, over HTTP after {told:.1f} s at most; "
            f"{self.acknowledged} acknowledged answers all stored; effect {back:.1f} s after the database's return at "
            f"most; {self.pages} pages of staff answered with a sentence"
        )


# over HTTP


@contextmanager
def locked(site: Live) -> Iterator[None]:
    """Another process writes and does not end."""
    other = sqlite3.connect(site.folder / "diary.sqlite3", isolation_level=None, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def without_a_byte(site: Live) -> Iterator[None]:
    """The disk takes nothing more from the service; what it has open stays open."""
    pid = site.process.pid if site.process else 0
    unlimited = resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, unlimited))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


@contextmanager
def restarted(site: Live, cluster: Cluster, table: str) -> Iterator[None]:
    """PostgreSQL crashes while the service waits for a table within a transaction, and comes back at the end."""
    with site.database() as other:
        hold = other.engine.connect()
        hold.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        crash = threading.Thread(target=crash_when_waited, args=(site, cluster), daemon=True)
        crash.start()
        try:
            yield
        finally:
            crash.join(30)
            hold.invalidate()
            hold.close()
            cluster.start()


def crash_when_waited(site: Live, cluster: Cluster) -> None:
    """Stop the server as soon as somebody waits for a lock."""
    with site.database() as third:

        def waits() -> bool:
            with third.reader.connect() as connection:
                found = connection.execute(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
                return int(found.scalar_one()) > 0

        until(waits, "a transaction of the service that waits")
    cluster.stop("immediate")


@dataclass
class Evening:
    """One day of one participant, and what must hold at each step of it."""

    site: Live
    figures: Figures

    def tap(self, name: str, trouble: Trouble, label: str, item: str, value: int, *, hold: float = 0.0) -> None:
        """Tap an answer while the trouble lasts, at least for so many seconds; it must be told, and come through."""
        self.figures.troubles.append(name)
        with trouble(self.site):
            began = time.monotonic()
            callback = self.site.tap(ANN, label)
            self.figures.taps += 1
            self._hear(name, callback, began)
            time.sleep(max(0.0, hold - (time.monotonic() - began)))
            self._still_silent(name, callback)
        self._comes_through(name, item, value)

    def tap_shortly(self, name: str, trouble: Trouble, label: str, *, hold: float) -> None:
        """Tap while the trouble lasts no longer than a person waits anyway: nothing is said before it is over."""
        self.figures.troubles.append(name)
        with trouble(self.site):
            callback = self.site.tap(ANN, label)
            self.figures.taps += 1
            time.sleep(hold)
            if self.site.api.state.callbacks[callback].answered:
                self.figures.faults.append(f"{name}: answered {self._toasts(callback)} before anything was stored")

    def type(self, name: str, trouble: Trouble, words: str, item: str, value: int) -> None:
        """Type an answer while the trouble lasts: nobody answers, and it comes through."""
        self.figures.troubles.append(name)
        time.sleep(READS)
        with trouble(self.site):
            before = len(self.site.api.chat(ANN).messages)
            self.site.say(ANN, words)
            self.figures.taps += 1
            time.sleep(SHORTLY)
            if len(self.site.api.chat(ANN).messages) != before + 1:
                self.figures.faults.append(f"{name}: a text was answered while nothing could be stored")
        self._comes_through(name, item, value)

    def _hear(self, name: str, callback: str, began: float) -> None:
        try:
            until(lambda: self._toasts(callback), f"a word about a tap, {name}", within=SPINS_FOR)
        except WaitedInVainError as waited:
            self.figures.faults.append(f"{waited}; it said {self.site.log_lines()[-4:]}")
            return
        self.figures.told_after.append(time.monotonic() - began)
        self.figures.told += self._toasts(callback) == [NOT_SAVED]

    def _still_silent(self, name: str, callback: str) -> None:
        said = set(self._toasts(callback))
        if said != {NOT_SAVED}:
            self.figures.faults.append(f"{name}: a tap during the trouble was answered with {said}")

    def _toasts(self, callback: str) -> list[str]:
        return [toast.text for toast in self.site.api.toasts(ANN) if toast.callback_id == callback]

    def _comes_through(self, name: str, item: str, value: int) -> None:
        """Without another tap the answer is stored and the card goes on."""
        began = time.monotonic()

        def stored() -> bool:
            rows = self.site.rows(AnswerRow, AnswerRow.item == item)
            return [row.value for row in rows] == [value]

        before = {"stools": "1 Mild", "pain": "2 Poor", "wellbeing": "Submit"}[item]
        try:
            until(stored, f"{item} {value} after {name}", within=BACK_WITHIN)
            until(lambda: before in self.site.labels(ANN), f"the next screen after {name}", within=BACK_WITHIN)
        except WaitedInVainError as waited:
            self.figures.faults.append(f"{waited}; shown {self.site.newest(ANN)}; {self.site.log_lines()[-4:]}")
        self.figures.back_after.append(time.monotonic() - began)

    def saved(self) -> None:
        """The receipt is on the screen and the day is stored as it was meant."""
        until(lambda: "✓ Saved" in self.site.newest(ANN).text, "the receipt", within=BACK_WITHIN)
        entries = [(row.stools, row.pain, row.wellbeing) for row in self.site.rows(EntryRow)]
        if entries != [(4, 1, 2)]:
            self.figures.faults.append(f"stored are {entries}")
        process = self.site.process
        if process is None or process.poll() is not None:
            self.figures.faults.append("the service has ended by itself")


@dataclass
class Staff:
    """A coordinator's browser at the running service."""

    site: Live
    http: httpx.Client
    figures: Figures

    def look(self) -> None:
        """Open a page and send a form while nothing can be stored; both must be answered with a sentence."""
        form = self.http.get("/clinic/account")
        answers = [form, self.http.get("/clinic/participants/SH-001")]
        if 'name="csrf"' in form.text:
            fields = {"csrf": csrf_of(form.text), "printed_name": "Dr Planted"}
            answers.append(self.http.post("/clinic/account/name", data=fields))
        for answer in answers:
            self.figures.pages += 1
            words = STAFF_TOLD if answer.status_code >= 500 else "<h1"
            if words not in answer.text or "Traceback" in answer.text or "sqlalche" in answer.text.lower():
                self.figures.faults.append(f"staff at {answer.url.path}: {answer.status_code} {answer.text[:200]}")
        if all(answer.status_code < 500 for answer in answers):
            self.figures.faults.append("no page of staff met the trouble")


@contextmanager
def staff_of(site: Live, figures: Figures) -> Iterator[Staff]:
    """A signed-in coordinator."""
    with site.database() as database:
        bench = ClinicBench(database, two_site_study(), SystemClock(), Sealer("s" * 40), None)  # type: ignore[arg-type]
        token = bench.session_of(bench.add_staff(Role.COORDINATOR))
    address = f"http://127.0.0.1:{site.port}"
    with httpx.Client(base_url=address, trust_env=False, timeout=40, cookies={"clinic": token}) as http:
        yield Staff(site, http, figures)


def at_the_first_question(site: Live) -> None:
    """Ann has joined, was asked, and sees the first question."""
    invitation = site.enrol("SH-001", ANN, "en")
    site.run()
    site.ready()
    site.join(ANN, invitation, "en")
    site.to_prompt(ANN)
    site.tap_when_there(ANN, "Start")
    until(lambda: "4" in site.labels(ANN), "the first question")


def on_sqlite(figures: Figures, folder: Path) -> None:
    """Locked, without a byte for a tap and a text, and locked for a moment, one after the other in one evening."""
    with live_site(folder) as site:
        at_the_first_question(site)
        day = Evening(site, figures)
        with staff_of(site, figures) as staff:
            day.tap("locked for 10.5 s", locked, "4", "stools", 4, hold=LOCKED_FOR)
            day.tap("no byte, at a tap", without_a_byte, "1 Mild", "pain", 1)
            with without_a_byte(site):
                staff.look()
        day.type("no byte, at a text", without_a_byte, "2", "wellbeing", 2)
        day.tap_shortly("locked for 3 s", locked, "Submit", hold=SHORTLY)
        day.saved()


def on_postgres(figures: Figures, folder: Path) -> None:
    """The server crashes while an update is being stored, and while one is being handled."""
    with postgres_cluster() as cluster, live_site(folder, database_url=cluster.url) as site:
        at_the_first_question(site)
        day = Evening(site, figures)
        day.tap("PostgreSQL restarted while storing", partial(restarted, cluster=cluster, table="inbox"),
                "4", "stools", 4)  # fmt: skip
        day.tap("PostgreSQL restarted while handling", partial(restarted, cluster=cluster, table="answer"),
                "1 Mild", "pain", 1)  # fmt: skip
        site.tap_when_there(ANN, "2 Poor", "Submit")
        day.saved()


# in the laboratory

PRAGMAS = {
    "full": ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823"),  # at most what it has already
    "read-only": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
}


async def in_the_laboratory(loop: VirtualLoop, folder: Path, name: str, figures: Figures) -> None:
    """Eight people are in the middle of their cards when nothing more can be stored, for 90 s."""
    lab = Lab(folder, loop, start=evening(wall="19:59:50"), fuse=Fuse())
    for number in range(PEOPLE):
        lab.enrol(answers=(number, number % 4, number % 5))
    await lab.boot()
    await lab.live(14)
    before = sum(len(keeper.deeds) for keeper in lab.keepers)
    begin, end = PRAGMAS[name]
    pragma(lab, begin)
    await lab.live(90)
    figures.troubles.append(f"{name} for 90 s, {PEOPLE} people")
    figures.taps += sum(len(keeper.deeds) for keeper in lab.keepers) - before
    told = [toast.text for keeper in lab.keepers for toast in lab.api.toasts(keeper.user)].count(NOT_SAVED)
    figures.told += told
    found = [] if told else ["nobody was told that nothing is saved"]
    found += [] if lab.serving else ["a part of the service has ended"]
    pragma(lab, end)
    if not await lab.settle():
        found.append("does not come to rest")
    await lab.down()
    entries = sorted((row.stools, row.pain, row.wellbeing) for row in lab.rows(EntryRow))
    if entries != [(number, number % 4, number % 5) for number in range(PEOPLE)]:
        found.append(f"stored are {entries}")
    figures.acknowledged += sum(len(keeper.acknowledged) for keeper in lab.keepers)
    figures.faults += [f"{name}: {words}" for words in (*found, *breaches_at_the_end(lab))]
    lab.close()


class GivenBackError(Exception):
    """Ends a transaction, so that the writer's connection goes back to where connections come from."""


def pragma(lab: Lab, statement: str) -> None:
    """Change a setting of both connections that the service may write on."""
    assert lab.database is not None
    with suppress(GivenBackError, *DATABASE_TROUBLE), lab.database.write():
        raise GivenBackError
    connections = [lab.database.engine.raw_connection() for _ in range(2)]
    for connection in connections:
        connection.cursor().execute(statement)
    for connection in connections:
        connection.close()


def laboratory(name: str, figures: Figures) -> None:
    """One trouble in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="cdai-diary-trouble-") as folder:
        quietly(partial(in_the_laboratory, folder=Path(folder), name=name, figures=figures))


def main() -> int:
    """Run every trouble that this machine can have, and say what was found."""
    figures = Figures()
    for name in PRAGMAS:
        laboratory(name, figures)
    runs = [on_sqlite] if missing() else [on_sqlite, on_postgres]
    for run in runs:
        with tempfile.TemporaryDirectory(prefix="cdai-diary-trouble-") as folder:
            run(figures, Path(folder))
    say(figures.sentence())
    for fault in figures.faults:
        say(fault)
    if reason := missing():
        say(f"without PostgreSQL: {reason}")
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
