"""Prints server time and size of the draft pages for 40, 400 and 2,000 participants, with growth ratios.

Run: python tests/benchmarks/bench_draft_page.py [SIZE ...]
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.people.roles import Role  # noqa: E402 - the project is not always installed
from tests.support.draft_seed import COURSES, draft_bench  # noqa: E402 - as above

SIZES = (40, 400, 2000)
ROUNDS = 20
PAGES = ("/drafts/SH-00001/W12", "/drafts", "/study", "/study/completeness")
SLOW = frozenset({"/study", "/study/completeness"})  # read every day of every participant


def measure(size: int) -> dict[str, tuple[float, float, int]]:
    """Median and 95th percentile in milliseconds and bytes of each page, by path."""
    kinds = list(COURSES.values())
    courses = {f"SH-{number + 1:05d}": kinds[number % len(kinds)] for number in range(size)}
    found = {}
    with tempfile.TemporaryDirectory() as folder, draft_bench(Path(folder), courses=courses) as bench:
        visitor = bench.browser_of(bench.add_staff(Role.CLINICIAN))
        for path in PAGES:
            rounds = 3 if path in SLOW and size > 100 else ROUNDS
            visitor.get(path)
            times, length = [], 0
            for _ in range(rounds):
                start = time.perf_counter()
                answer = visitor.get(path)
                times.append(1000 * (time.perf_counter() - start))
                length = len(answer.content)
                assert answer.status_code == 200, path
            found[path] = (statistics.median(times), sorted(times)[int(0.95 * (len(times) - 1))], length)
    return found


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    """Measure every size and print one line for each page."""
    sizes = [int(given) for given in sys.argv[1:]] or list(SIZES)
    results = {size: measure(size) for size in sizes}
    say(f"{'page':28} {'people':>7} {'p50 ms':>8} {'p95 ms':>8} {'kB':>7} {'growth':>7}")
    for path in PAGES:
        first = results[sizes[0]][path][0]
        for size in sizes:
            median, slow, length = results[size][path]
            say(f"{path:28} {size:7} {median:8.1f} {slow:8.1f} {length / 1000:7.1f} {median / first:6.1f}x")


if __name__ == "__main__":
    main()
