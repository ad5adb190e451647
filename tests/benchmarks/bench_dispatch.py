"""Prints how fast due reminders are claimed, worded, sent and recorded, beside a bare loop around `bot.send_message`.

Run: python tests/benchmarks/bench_dispatch.py [--quick] [--postgres]
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlmodel import Session, col, func, select  # noqa: E402 - the project is not always installed

from bot.actions.prepare_message import Ready, prepare  # noqa: E402
from bot.channels.dispatcher import Dispatcher  # noqa: E402
from bot.channels.metrics import REGISTRY  # noqa: E402
from bot.storage.tables import MessageRow  # noqa: E402
from tests.support.bench_line import BenchLine, bench_line  # noqa: E402
from tests.support.bench_probe import (  # noqa: E402
    Cost,
    commit_ms,
    cost_of,
    empty_transaction_ms,
    machine,
    say,
)
from tests.support.bench_scene import Bench, bench, send_bare  # noqa: E402

LIMITED_SECONDS = 60
GOALS = {False: 0.70, True: 0.50}


def worded(bench: Bench, count: int) -> list[Ready]:
    """What the product would say to the first so many; nothing of it is kept."""
    with Session(bench.database.engine) as session:  # never committed: wording makes cards
        query = select(MessageRow).where(col(MessageRow.due_at) == bench.scene.due_at, MessageRow.state == "planned")
        rows = session.exec(query.order_by(col(MessageRow.id)).limit(count)).all()
        found = [prepare(session, row, study=bench.study, now=bench.scene.due_at) for row in rows]
    return [ready for ready in found if isinstance(ready, Ready)]


def _count(session: Session, state: str, due_at: object) -> int:
    query = select(func.count()).select_from(MessageRow).where(MessageRow.state == state, MessageRow.due_at == due_at)
    return session.exec(query).one()


def delivered() -> float:
    """Prompts delivered by this process, by its own counter."""
    return REGISTRY.get_sample_value("cdai_messages_total", {"kind": "prompt", "outcome": "delivered"}) or 0.0


async def until_sent(dispatcher: Dispatcher, wanted: int, within: float) -> None:
    """Run the dispatcher until so many receipts are committed."""
    running = asyncio.create_task(dispatcher.run())
    end, goal = time.monotonic() + within, delivered() + wanted
    while time.monotonic() < end and delivered() < goal:  # noqa: ASYNC110  # a counter wakes nobody
        await asyncio.sleep(0.02)
    await dispatcher.stop()
    await running


async def unlimited(bench: Bench, line: BenchLine) -> tuple[Cost, Sequence[Cost]]:
    """All due prompts through the dispatcher, between two bare runs of half as many."""
    connection = bench.connect(line)
    bench.clock.set(bench.scene.due_at)
    messages = worded(bench, bench.scene.due)
    half = messages[: len(messages) // 2]
    await send_bare(connection.bot, half[:50])
    bare = [await cost_of(lambda: send_bare(connection.bot, half))]
    dispatcher = bench.dispatcher(connection.bot, limited=False)
    ours = await cost_of(lambda: until_sent(dispatcher, bench.scene.due, 300))
    bare.append(await cost_of(lambda: send_bare(connection.bot, half)))
    await connection.close()
    return ours, bare


def without_limit(*, due: int, postgres: bool) -> None:
    """Print messages a second without the limit, and the ratio to the bare loop."""
    with bench(due=due, planned=0, whole=True, postgres=postgres) as scene:
        with bench_line(*scene.scene.chats, limits=False) as line:
            calibrate(scene)
            ours, bare = asyncio.run(unlimited(scene, line))
        sent = scene.count(lambda session: _count(session, "sent", scene.scene.due_at))
        assert sent == due, f"{sent} of {due} sent"
        both = 2 * (due // 2)
        bare_rate, bare_cpu = both / sum(cost.wall for cost in bare), both / sum(cost.cpu for cost in bare)
        say("bare bot.send_message", messages_s=f"{bare_rate:.0f}", ms_CPU_each=f"{1000 / bare_cpu:.2f}", sample=both)
        say("dispatcher, receipts committed", messages_s=f"{due / ours.wall:.0f}",
            ms_CPU_each=f"{1000 * ours.cpu / due:.2f}", sample=due)  # fmt: skip
        say("ratio", by_the_wall=f"{due / ours.wall / bare_rate:.2f}", by_CPU=f"{due / ours.cpu / bare_cpu:.2f}",
            goal=f"{GOALS[postgres]:.2f}")  # fmt: skip


def calibrate(scene: Bench) -> None:
    """Print what this machine can do at this moment."""
    say("calibration", commit_ms=f"{commit_ms(scene.folder):.2f}",
        empty_transaction_ms=f"{empty_transaction_ms(scene.database):.2f}", on=machine())  # fmt: skip


def main() -> None:
    quick, postgres = "--quick" in sys.argv, "--postgres" in sys.argv
    without_limit(due=200 if quick else 2_000, postgres=postgres)


if __name__ == "__main__":
    main()
