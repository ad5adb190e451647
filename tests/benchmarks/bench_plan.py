"""Prints how many rows a second are planned, beside a bare insert of the same rows, and what planning again takes.

Run: python tests/benchmarks/bench_plan.py [PARTICIPANTS] [--postgres]
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import text  # noqa: E402 - the project is not always installed

from bot.actions.plan_messages import plan_next  # noqa: E402
from bot.storage.outbox import COLUMNS  # noqa: E402
from tests.support.bench_probe import Cost, calibrate, cost_of, say  # noqa: E402
from tests.support.bench_scene import Bench, bench  # noqa: E402
from tests.support.bench_seed import count_planned  # noqa: E402

PARTICIPANTS = 1_000
NAMES = ", ".join(COLUMNS)
PLANNED = "FROM message WHERE state = 'planned'"


async def plan_everybody(scene: Bench) -> None:
    """One participant after the other, each in a transaction of its own, as the service does."""
    last: int | None = 0

    def step() -> int | None:
        with scene.database.write() as session:
            return plan_next(session, study=scene.study, now=scene.clock.now(), after=last or 0)

    while last is not None:
        last = await scene.database.writing(step)


def take_away(scene: Bench) -> Sequence[Sequence[Any]]:
    """Leave no planned row, and answer those that there were as the driver reads them."""
    with scene.database.write() as session:
        rows = session.connection().exec_driver_sql(f"SELECT {NAMES} {PLANNED} ORDER BY id").all()
        session.connection().execute(text(f"DELETE {PLANNED}"))
    return [tuple(row) for row in rows]


async def insert_bare(scene: Bench, rows: Sequence[Sequence[Any]]) -> None:
    """One executemany in one transaction: nothing is read, computed or compared."""
    marks = ", ".join(["?" if scene.database.is_sqlite else "%s"] * len(COLUMNS))
    statement = f"INSERT INTO message ({NAMES}) VALUES ({marks})"  # noqa: S608 - the product's own names

    def act() -> None:
        with scene.database.write() as session:
            session.connection().exec_driver_sql(statement, list(rows))

    await scene.database.writing(act)


async def measured(scene: Bench) -> tuple[Cost, Cost, Cost]:
    """From no plan to the whole, the same again with nothing to do, and the bare insert of those rows."""
    scene.clock.set(scene.scene.due_at)
    take_away(scene)
    planned = await cost_of(lambda: plan_everybody(scene))
    again = await cost_of(lambda: plan_everybody(scene))
    rows = take_away(scene)
    bare = await cost_of(lambda: insert_bare(scene, rows))
    if count_planned(scene.database) != len(rows):
        raise RuntimeError("the bare insert did not bring back what was planned")
    return planned, again, bare


def planner(participants: int, *, postgres: bool) -> None:
    """Print rows planned a second, seconds for a participant with nothing to do, and the ratio to the bare insert."""
    with bench(due=participants - 1, planned=0, whole=True, postgres=postgres) as scene:
        calibrate(scene.folder, scene.database)
        planned, again, bare = asyncio.run(measured(scene))
        people, rows = scene.scene.participants, count_planned(scene.database)
    say("bare executemany", rows=rows, rows_per_s=f"{rows / bare.wall:.0f}", CPU_us_each=f"{1e6 * bare.cpu / rows:.1f}")
    say("planner, from no plan", rows_per_s=f"{rows / planned.wall:.0f}", participants=people,
        CPU_us_each=f"{1e6 * planned.cpu / rows:.1f}")  # fmt: skip
    say("planner, nothing to do", s_a_participant=f"{again.wall / people:.5f}",
        CPU_ms_a_participant=f"{1e3 * again.cpu / people:.2f}")  # fmt: skip
    say("ratio", rows_per_s=f"{bare.wall / planned.wall:.3f}", by_CPU=f"{bare.cpu / planned.cpu:.3f}")


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    planner(int(words[0]) if words else PARTICIPANTS, postgres="--postgres" in sys.argv)


if __name__ == "__main__":
    main()
