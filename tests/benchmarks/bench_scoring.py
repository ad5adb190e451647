"""Prints how many visits a second are scored with full results, and the ratio to the plain implementation.

Run: python tests/benchmarks/bench_scoring.py [VISITS]
"""

import json
import random
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.scoring.vectors import profile_rules, score_cdai  # noqa: E402 - the project is not always installed

Visit = dict[str, Any]
VISITS = 100_000
SAMPLE = 5_000
T0 = date(2025, 3, 31)
FINDINGS = ("arthralgia", "uveitis", "aphthous_stomatitis", "anal_fissure", "other_fistula", "fever_over_37_8")


def random_visit(dice: random.Random) -> Visit:
    """Return the inputs of one visit with seven diary days and a complete clinic part."""
    visit_on = T0 + timedelta(days=dice.randrange(365))
    return {
        "sex": dice.choice(("male", "female")),
        "height_cm": dice.randint(150, 190),
        "weight_kg": dice.randint(400, 900) / 10,
        "hct_percent": [{"date": (visit_on - timedelta(days=3)).isoformat(), "value": dice.randint(280, 480) / 10}],
        "mass": dice.choice(("none", "questionable", "definite")),
        "complications": dice.sample(FINDINGS, dice.randrange(3)),
        "antidiarrhoeal": dice.random() < 0.3,
        "visit_date": visit_on.isoformat(),
        "diary": [_day(visit_on - timedelta(days=back), dice) for back in range(7, 0, -1)],
    }


def _day(on: date, dice: random.Random) -> dict[str, Any]:
    return {
        "date": on.isoformat(),
        "stools": dice.randrange(13),
        "pain": dice.randrange(4),
        "wellbeing": dice.randrange(5),
    }


def timed(score: Callable[[Visit], Any], visits: list[Visit]) -> float:
    """Return the seconds it takes to score the visits."""
    start = time.perf_counter()
    for visit in visits:
        score(visit)
    return time.perf_counter() - start


def interleaved(ours: Callable[[Visit], Any], plain: Callable[[Visit], Any], visits: list[Visit]) -> float:
    """Return our time over the plain time, in alternating slices so that a busy machine slows both alike."""
    mine = theirs = 0.0
    for start in range(0, len(visits), SAMPLE):
        part = visits[start : start + SAMPLE]
        mine += timed(ours, part)
        theirs += timed(plain, part)
    return mine / theirs


def say(line: str) -> None:
    """Print one line of the report."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Print visits a second and the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else VISITS
    profiles = json.loads((ROOT / "tests/data/cdai_vectors.json").read_text())["profiles"]
    rules = profile_rules("default", profiles["default"])
    dice = random.Random(1)
    visits = [random_visit(dice) for _ in range(count)]
    seconds = timed(lambda visit: score_cdai(visit, rules), visits)
    say(f"{count} visits of 7 diary days in {seconds:.1f} s: {count / seconds:,.0f} visits/s with full results")
    try:
        from tests.support.plain_cdai import score_case
    except ModuleNotFoundError:
        say("ratio to the plain implementation: not measured, tests/support/plain_cdai.py is missing")
        return
    ratio = interleaved(
        lambda visit: score_cdai(visit, rules), lambda visit: score_case(visit, profiles["default"]), visits
    )
    say(f"ratio to the plain implementation on the same inputs: {ratio:.2f} (our time / plain time)")


if __name__ == "__main__":
    main()
