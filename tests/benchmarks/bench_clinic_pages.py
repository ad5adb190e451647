"""Prints server time, statements and bytes of every list page of the clinic, and of one participant's pages.

Each study is in mid-course with its whole past: days, answers, messages, clinic values, signatures, audit events.
Between two looks at a page somebody saves a diary day, as in service. `first` is the first look after a start, when
nothing has been worked out yet; the other figures are of the looks after it.

Run: python tests/benchmarks/bench_clinic_pages.py [--shelf FOLDER] [PARTICIPANTS ...] [--only PAGE ...]
With --shelf the studies are written once and kept in that folder.
"""

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.people.actor import Origin, operator_actor  # noqa: E402
from bot.people.roles import Role  # noqa: E402
from bot.storage.participants import participant_by_code  # noqa: E402
from bot.storage.trail import Trail, update  # noqa: E402
from tests.support.clinic import ClinicBench, Visitor  # noqa: E402
from tests.support.clinic_crowd import crowded_clinic  # noqa: E402
from tests.support.clinic_seed import MORNING  # noqa: E402

SIZES = (40, 2_000, 10_000)
PAGES = {
    "board": "/board",
    "board, one visit": "/board?visit=W08",
    "board, one code": "/board?code={code}",
    "board, last page": "/board?page={last}",
    "participant": "/participants/{code}",
    "morning list": "/morning",
    "visits": "/visits",
    "inbox": "/inbox",
    "corrections": "/corrections",
    "drafts to do": "/drafts",
    "drafts, signed": "/drafts?show=signed",
    "one draft": "/drafts/{code}/W12",
    "study table": "/study",
    "completeness": "/study/completeness",
    "review": "/audit/review",
    "queries": "/queries",
    "audit trail": "/audit",
    "audit, one code": "/audit?participant={code}",
    "staff": "/staff",
}
SECONDS = 3.0  # for each page and size
FEWEST, MOST = 5, 40


@dataclass(frozen=True)
class Figures:
    """One page at one size, in ms: the first look, then median and 95th percentile of the looks after it.

    The processor's time is what the page costs; the wall's adds whatever else this machine was doing.
    """

    first: float
    cpu50: float
    cpu95: float
    p50: float
    p95: float
    statements: int
    size: int
    runs: int


def measure(bench: ClinicBench, browser: Visitor, path: str, codes: list[str]) -> Figures:
    """Ask for the page again and again, with somebody's act between two looks."""
    start = time.process_time()
    answer = browser.get(path)
    first = (time.process_time() - start) * 1000
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:400])
    wall: list[float] = []
    processor: list[float] = []
    with counted(bench) as sent:
        browser.get(path)
        statements = len(sent)
    began = time.perf_counter()
    while len(wall) < FEWEST or (len(wall) < MOST and time.perf_counter() - began < SECONDS):
        stir(bench, codes[len(wall) % len(codes)])
        gc.collect(0)
        clock, cpu = time.perf_counter(), time.process_time()
        answer = browser.get(path)
        wall.append((time.perf_counter() - clock) * 1000)
        processor.append((time.process_time() - cpu) * 1000)
    size = len(answer.content)
    return Figures(first, middle(processor), p95(processor), middle(wall), p95(wall), statements, size, len(wall))


def stir(bench: ClinicBench, code: str) -> None:
    """An act on one participant, audited as every act is; a moment passes."""
    bench.clock.advance(timedelta(milliseconds=20))
    with bench.database.write() as session:
        trail = Trail(session, bench.clock.now(), operator_actor("bench"), Origin.COMMAND, participant=code)
        person = participant_by_code(session, code)
        update(trail, person, "set_hour", hour="20:30" if person.hour == "20:00" else "20:00")


@contextmanager
def counted(bench: ClinicBench) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engines = {bench.database.engine, bench.database.reader}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def middle(times: list[float]) -> float:
    """The median."""
    return statistics.median(times)


def p95(times: list[float]) -> float:
    """The value that 95 of 100 do not pass."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def run(people: int, pages: Mapping[str, str], shelf: Path | None) -> dict[str, Figures]:
    """Every page in a study of this size."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder, crowded_clinic(Path(folder), people=people, shelf=shelf) as bench:
        tell(f"{people:,} participants seeded in {time.process_time() - started:.0f} s of processor time")
        codes = [f"SH-{number:05d}" for number in range(1, people + 1, 7)]
        roles = (Role.COORDINATOR, Role.CLINICIAN, Role.DATA_MANAGER, Role.ADMIN)
        browsers = [bench.browser_of(bench.add_staff(role)) for role in roles]
        for number in range(20):
            bench.add_staff(Role.COORDINATOR, name=f"Coordinator {number}")
        last = -(-people // 60)
        found = {}
        for name, path in pages.items():
            address = path.format(code="SH-00003", last=last)
            allowed = (one for one in browsers if one.get(address).status_code == 200)
            browser = next(allowed)
            forget(bench)
            found[name] = measure(bench, browser, address, codes)
        assert bench.clock.now() >= MORNING
        return found


def forget(bench: ClinicBench) -> None:
    """As after a start: what the clinic keeps in memory is dropped."""
    clinic = bench.app.routes[0].app.state.clinic
    clinic.kept_counts.clear()
    clinic.memory.forget()


def tell(line: str) -> None:
    """One line of the report, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shelf", type=Path)
    parser.add_argument("--only", nargs="*", choices=PAGES, help="some of the pages")
    parser.add_argument("sizes", type=int, nargs="*")
    given = parser.parse_args()
    sizes = given.sizes or list(SIZES)
    pages = {name: path for name, path in PAGES.items() if not given.only or name in given.only}
    found = {size: run(size, pages, given.shelf) for size in sizes}
    head = ("page", "participants", "first", "cpu p50", "cpu p95", "growth", "wall p50", "wall p95", "statements",
            "bytes", "growth", "looks")  # fmt: skip
    frame = "{:<17}{:>13}{:>9}{:>9}{:>9}{:>8}{:>10}{:>10}{:>12}{:>10}{:>8}{:>7}"
    tell(frame.format(*head) + "   (times in ms)")
    for name in pages:
        least = found[sizes[0]][name]
        for size in sizes:
            one = found[size][name]
            tell(frame.format(
                name, f"{size:,}", f"{one.first:.0f}", f"{one.cpu50:.1f}", f"{one.cpu95:.1f}",
                f"x{one.cpu50 / least.cpu50:.1f}", f"{one.p50:.1f}", f"{one.p95:.1f}", one.statements,
                f"{one.size:,}", f"x{one.size / least.size:.1f}", one.runs,
            ))  # fmt: skip


if __name__ == "__main__":
    main()
