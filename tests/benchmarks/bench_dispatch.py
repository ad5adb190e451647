"""Prints how fast due reminders are claimed, worded, sent and recorded, beside a bare loop around `bot.send_message`.

Without the limit it is measured twice, each time beside the bare loop: with a Bot API that answers at once, so that
only work counts, and with one that answers later, as over a network.

Run: python tests/benchmarks/bench_dispatch.py [--quick] [--postgres] [--answers-after MILLISECONDS]
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlmodel import Session, col, select  # noqa: E402 - the project is not always installed

from bot.actions.prepare_message import Ready, prepare  # noqa: E402
from bot.channels.dispatcher import Dispatcher  # noqa: E402
from bot.channels.metrics import REGISTRY  # noqa: E402
from bot.storage.tables import MessageRow  # noqa: E402
from tests.support.bench_line import BenchLine, bench_line  # noqa: E402
from tests.support.bench_probe import Cost, calibrate, cost_of, say  # noqa: E402
from tests.support.bench_scene import Bench, bench, send_bare, stock_bot  # noqa: E402

LIMITED_SECONDS = 60
PER_SECOND = 30
LOOK_EVERY = 0.1  # seconds between looks at the counters, each of which takes as long as half a message
GOALS = {False: 0.70, True: 0.50}


def worded(bench: Bench, count: int) -> list[Ready]:
    """What the product would say to the first so many; nothing of it is kept."""
    with Session(bench.database.engine) as session:  # never committed: wording makes cards
        query = select(MessageRow).where(col(MessageRow.due_at) == bench.scene.due_at, MessageRow.state == "planned")
        rows = session.exec(query.order_by(col(MessageRow.id)).limit(count)).all()
        found = [prepare(session, row, study=bench.study, now=bench.scene.due_at) for row in rows]
    return [ready for ready in found if isinstance(ready, Ready)]


def ends_of(bench: Bench) -> dict[str, int]:
    """What became of tonight's prompts, by state and outcome."""
    with bench.database.read() as session:
        query = select(MessageRow.state, MessageRow.outcome).where(MessageRow.due_at == bench.scene.due_at)
        return dict(Counter(f"{state} {outcome or ''}".strip() for state, outcome in session.exec(query)))


def ended() -> float:
    """Prompts that this process has sent, by its own counter: delivered, or nobody knows, as on a very busy machine."""
    asked = ({"kind": "prompt", "outcome": outcome} for outcome in ("delivered", "unknown"))
    return sum(REGISTRY.get_sample_value("cdai_messages_total", labels) or 0.0 for labels in asked)


async def until_sent(dispatcher: Dispatcher, wanted: int, within: float) -> None:
    """Run the dispatcher until so many receipts are committed."""
    running = asyncio.create_task(dispatcher.run())
    end, goal = time.monotonic() + within, ended() + wanted
    while time.monotonic() < end and ended() < goal:  # noqa: ASYNC110  # a counter wakes nobody
        await asyncio.sleep(LOOK_EVERY)
    await dispatcher.stop()
    await running


@dataclass(frozen=True)
class Unlimited:
    """What the dispatcher took for all, and the bare loops before and after for half as many each."""

    ours: Cost
    bare: Sequence[Cost]  # on the product's transport
    stock: Sequence[Cost]  # on the library's own


async def unlimited(bench: Bench, line: BenchLine) -> Unlimited:
    """All due prompts through the dispatcher, between two bare runs of half as many on either transport."""
    connection, plain = bench.connect(line), stock_bot(line)
    bench.clock.set(bench.scene.due_at)
    messages = worded(bench, bench.scene.due)
    half = messages[: len(messages) // 2]
    await send_bare(connection.bot, half[:50])
    await send_bare(plain, half[:50])
    stock = [await cost_of(lambda: send_bare(plain, half))]
    bare = [await cost_of(lambda: send_bare(connection.bot, half))]
    dispatcher = bench.dispatcher(connection.bot, limited=False)
    ours = await cost_of(lambda: until_sent(dispatcher, bench.scene.due, 900))
    bare.append(await cost_of(lambda: send_bare(connection.bot, half)))
    stock.append(await cost_of(lambda: send_bare(plain, half)))
    await plain.request.shutdown()
    await connection.close()
    return Unlimited(ours, bare, stock)


def without_limit(*, due: int, postgres: bool, answers_after: int) -> None:
    """Print messages a second without the limit, and the ratio to the bare loop, for answers after so many ms."""
    print("\nBot API that answers " + (f"after {answers_after} ms" if answers_after else "at once"), flush=True)
    with bench(due=due, planned=0, whole=True, postgres=postgres) as scene:
        with bench_line(*scene.scene.chats, limits=False, answers_after=answers_after / 1000) as line:
            calibrate(scene.folder, scene.database)
            took = asyncio.run(unlimited(scene, line))
        ends = ends_of(scene)
        assert sum(count for end, count in ends.items() if end.startswith(("sent ", "unknown "))) == due, ends
        both, ours = 2 * (due // 2), took.ours
        say("dispatcher, receipts committed", messages_s=f"{due / ours.wall:.0f}",
            ms_CPU_each=f"{1000 * ours.cpu / due:.2f}", sample=due, ends=ends)  # fmt: skip
        goal = {"goal": f"{GOALS[postgres]:.2f}"}
        for title, bare, wanted in (
            ("bare bot.send_message", took.stock, goal), ("the same on our transport", took.bare, {}),
        ):  # fmt: skip
            rate, cpu = both / sum(cost.wall for cost in bare), both / sum(cost.cpu for cost in bare)
            say(title, messages_s=f"{rate:.0f}", ms_CPU_each=f"{1000 / cpu:.2f}", sample=both,
                ratio_by_the_wall=f"{due / ours.wall / rate:.2f}", ratio_by_CPU=f"{due / ours.cpu / cpu:.2f}",
                **wanted)  # fmt: skip


async def limited(bench: Bench, line: BenchLine, seconds: float) -> Cost:
    """The dispatcher with the limit on for so long, after the first second's burst."""
    connection = bench.connect(line)
    bench.clock.set(bench.scene.due_at)
    dispatcher = bench.dispatcher(connection.bot, limited=True)
    running = asyncio.create_task(dispatcher.run())
    await asyncio.sleep(1.0)
    line.forget()
    cost = await cost_of(lambda: asyncio.sleep(seconds))
    await dispatcher.stop()
    await running
    await connection.close()
    return cost


def with_limit(*, seconds: float, postgres: bool) -> None:
    """Print messages a second with the limit on, how often a pause was asked for, and the processor's share."""
    due = int(PER_SECOND * (seconds + 10))
    print("\nBot API that answers at once and keeps Telegram's limits", flush=True)
    with bench(due=due, planned=0, whole=True, postgres=postgres) as scene:
        calibrate(scene.folder, scene.database)
        with bench_line(*scene.scene.chats, limits=True) as line:
            cost = asyncio.run(limited(scene, line, seconds))
            seen = line.seen()
        sent = sum(at < seen.sent_at[0] + seconds for at in seen.sent_at)
        say("dispatcher, limit on", messages_s=f"{sent / cost.wall:.1f}", goal=29, refused_429=seen.refused,
            share_of_one_processor=f"{cost.cpu / cost.wall:.1%}", goal_share="15%", sample=sent)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--answers-after", type=int, default=50, metavar="MILLISECONDS", help="of the second server")
    asked = parser.parse_args()
    for answers_after in (0, asked.answers_after):
        without_limit(due=200 if asked.quick else 2_000, postgres=asked.postgres, answers_after=answers_after)
    with_limit(seconds=5 if asked.quick else LIMITED_SECONDS, postgres=asked.postgres)


if __name__ == "__main__":
    main()
