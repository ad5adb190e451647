"""Prints server time and bytes of the site team's pages at 40, 2,000 and 10,000 participants, with growth ratios.

Run: python tests/benchmarks/bench_board.py [PARTICIPANTS ...]
"""

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.people.roles import Role  # noqa: E402 - the project is not always installed
from tests.support.clinic import Visitor  # noqa: E402
from tests.support.clinic_seed import LIVES, seeded_clinic  # noqa: E402

SIZES = (40, 2_000, 10_000)
PAGES = {
    "board": "/board",
    "board, one visit": "/board?visit=W08",
    "board, one code": "/board?code={code}",
    "board, last page": "/board?page={last}",
    "morning list": "/morning",
    "visits": "/visits",
    "participant": "/participants/{code}",
    "inbox": "/inbox",
}
SECONDS = 4.0  # for each page and size
FEWEST, MOST = 5, 40


@dataclass(frozen=True)
class Figures:
    """One page at one size: median and 95th percentile in ms, by the wall and by the processor, and its bytes.

    The processor's time is what the page costs; the wall's adds whatever else this machine was doing.
    """

    p50: float
    p95: float
    cpu50: float
    cpu95: float
    size: int
    runs: int


def measure(browser: Visitor, path: str) -> Figures:
    """Ask for the page again and again."""
    wall: list[float] = []
    processor: list[float] = []
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    began = time.perf_counter()
    while len(wall) < FEWEST or (len(wall) < MOST and time.perf_counter() - began < SECONDS):
        start, cpu = time.perf_counter(), time.process_time()
        answer = browser.get(path)
        wall.append((time.perf_counter() - start) * 1000)
        processor.append((time.process_time() - cpu) * 1000)
    return Figures(
        statistics.median(wall), p95(wall), statistics.median(processor), p95(processor), len(answer.content), len(wall)
    )


def p95(times: list[float]) -> float:
    """The value that 95 of 100 do not pass."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def run(participants: int) -> dict[str, Figures]:
    """Every page in a study of this size."""
    copies = max(participants // len(LIVES), 1)
    with tempfile.TemporaryDirectory() as folder, seeded_clinic(Path(folder), copies=copies) as bench:
        browser = bench.browser_of(bench.add_staff(Role.COORDINATOR))
        code = "SH-003" if participants < 1000 else "SH-00003"
        last = -(-participants // 60)
        return {name: measure(browser, path.format(code=code, last=last)) for name, path in PAGES.items()}


def main() -> None:
    """Print the table."""
    sizes = [int(given) for given in sys.argv[1:]] or list(SIZES)
    found = {size: run(size) for size in sizes}
    head = ("page", "participants", "cpu p50", "cpu p95", "growth", "wall p50", "wall p95", "bytes", "growth", "runs")
    print("{:<18}{:>13}{:>9}{:>9}{:>8}{:>10}{:>10}{:>10}{:>8}{:>6}".format(*head) + "   (times in ms)")
    for name in PAGES:
        first = found[sizes[0]][name]
        for size in sizes:
            one = found[size][name]
            times = f"{one.cpu50:>9.1f}{one.cpu95:>9.1f}{'x' + format(one.cpu50 / first.cpu50, '.1f'):>8}"
            bytes_ = f"{one.size:>10,}{'x' + format(one.size / first.size, '.1f'):>8}"
            print(f"{name:<18}{size:>13,}{times}{one.p50:>10.1f}{one.p95:>10.1f}{bytes_}{one.runs:>6}")


if __name__ == "__main__":
    main()
