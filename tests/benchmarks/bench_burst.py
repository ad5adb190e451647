"""Prints what happens when 10,000 reminders fall due in one second, beside APScheduler and PTB's JobQueue.

Run: python tests/benchmarks/bench_burst.py [--quick] [--postgres]

The product claims no more than it sends (docs/decisions), so under the limit "all claimed" takes as long as sending;
its claim is measured by itself, too: ten at a time as in a round, and all that are due in one transaction.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: E402 - the project is not always installed
from sqlmodel import Session  # noqa: E402
from telegram.ext import JobQueue  # noqa: E402

from bot.storage.outbox import claim_due, free_unsent  # noqa: E402
from tests.support.bench_line import BenchLine, bench_line  # noqa: E402
from tests.support.bench_probe import LoopProbe, calibrate, ms, say  # noqa: E402
from tests.support.bench_scene import Bench, bench  # noqa: E402

AHEAD = 2.0  # seconds from the start to the second in which all fall due
WATCHED = 8.0  # seconds from then on
IN_FLIGHT = 10


async def burst(bench: Bench, line: BenchLine) -> tuple[float, LoopProbe]:
    """The dispatcher, with the limit on, through the second in which all fall due; answers when the first was sent."""
    connection = bench.connect(line)
    await connection.bot.get_me()  # as a start does
    dispatcher = bench.dispatcher(connection.bot, limited=True)
    due_at = time.monotonic() + AHEAD
    bench.clock.set(bench.scene.due_at - timedelta(seconds=AHEAD))
    running = asyncio.create_task(dispatcher.run())
    async with LoopProbe() as probe:
        await asyncio.sleep(AHEAD + WATCHED)
    await dispatcher.stop()
    await running
    await connection.close()
    return due_at, probe


def claim_all(bench: Bench, size: int, most: int) -> tuple[float, int]:
    """Claim in transactions of this size, each committed, until all are claimed or so many: seconds and rows."""
    claimed, began = 0, time.perf_counter()
    while claimed < most:
        with bench.database.write() as session:
            found = len(_claim(session, bench, size))
        if not found:
            break
        claimed += found
    return time.perf_counter() - began, claimed


def release(bench: Bench) -> None:
    """Let everything that was claimed wait again."""
    with bench.database.write() as session:
        free_unsent(session, known=())


def _claim(session: Session, bench: Bench, size: int) -> object:
    now = bench.clock.system_now()
    return claim_due(session, owner="bench", study_now=bench.scene.due_at, system_now=now, limit=size)


def product(*, due: int, planned: int, whole: bool, postgres: bool) -> None:
    """Print the product's figures with so many further rows planned."""
    with bench(due=due, planned=planned, whole=whole, postgres=postgres) as scene:
        calibrate(scene.folder, scene.database)
        with bench_line(*scene.scene.chats, limits=True) as line:
            due_at, probe = asyncio.run(burst(scene, line))
            seen = line.seen()
        title = f"{due:,} due, {scene.scene.planned:,} planned"
        ours = [at for at in seen.sent_at if at >= due_at]
        say(f"{title}: sending", first_after_s=f"{min(ours) - due_at:.2f}", goal="1.00",
            longest_loop_block_ms=ms(probe.longest), own_CPU_in_a_block_ms=ms(probe.longest_own),
            block_goal_ms=50, too_early=len(seen.sent_at) - len(ours), refused_429=seen.refused,
            messages_s=f"{len(ours) / WATCHED:.1f}")  # fmt: skip
        for size, most in ((due, due), (IN_FLIGHT, min(due // 2, 1000))):
            release(scene)
            seconds, claimed = claim_all(scene, size, most)
            say(f"{title}: claim of {size:,} at a time", seconds=f"{seconds:.2f}", sample=claimed,
                all_at_this_rate_s=f"{seconds * due / claimed:.2f}", goal="0.50")  # fmt: skip


async def scheduler_peer(due: int, add: Callable[[AsyncIOScheduler, datetime, Callable[[], None]], None]) -> None:
    """So many jobs of one second in a memory store."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start(paused=True)
    ran: list[float] = []
    at = datetime.now(UTC) + timedelta(seconds=3600)
    began = time.perf_counter()
    add(scheduler, at, lambda: ran.append(time.monotonic()))
    loaded = time.perf_counter() - began
    at = datetime.now(UTC) + timedelta(seconds=AHEAD)
    for job in scheduler.get_jobs():
        job.modify(next_run_time=at)
    due_at = time.monotonic() + (at - datetime.now(UTC)).total_seconds()
    async with LoopProbe() as probe:
        scheduler.resume()
        while len(ran) < due and time.monotonic() < due_at + 120:  # noqa: ASYNC110  # nothing else tells
            await asyncio.sleep(0.05)
    scheduler.shutdown(wait=False)
    say("APScheduler, memory store", jobs=len(ran), first_after_s=f"{min(ran) - due_at:.2f}",
        longest_loop_block_ms=ms(probe.longest),
        own_CPU_in_a_block_ms=ms(probe.longest_own), load_s=f"{loaded:.1f}")  # fmt: skip


def add_plain(scheduler: AsyncIOScheduler, at: datetime, run: Callable[[], None]) -> None:
    """As a bot would do it by hand: one coroutine job each, none dropped for being late."""

    async def remind() -> None:
        run()

    for number in range(add_plain.count):  # type: ignore[attr-defined]
        scheduler.add_job(remind, "date", run_date=at, id=str(number), misfire_grace_time=None)


async def job_queue_peer(due: int) -> None:
    """The same in python-telegram-bot's JobQueue, which wraps the scheduler."""
    queue: JobQueue[object] = JobQueue()
    ran: list[float] = []

    async def remind(_context: object) -> None:
        ran.append(time.monotonic())

    queue.scheduler.configure(timezone=UTC)
    began = time.perf_counter()
    at = datetime.now(UTC) + timedelta(seconds=AHEAD + due / 1000)
    due_at = time.monotonic() + (at - datetime.now(UTC)).total_seconds()
    from telegram.ext import ApplicationBuilder

    application = ApplicationBuilder().token("123456789:peer").job_queue(queue).build()
    for number in range(due):
        queue.run_once(remind, at, name=str(number), job_kwargs={"misfire_grace_time": None})
    loaded = time.perf_counter() - began
    late = time.monotonic() > due_at
    async with LoopProbe() as probe:
        await queue.start()
        while len(ran) < due and time.monotonic() < due_at + 120:  # noqa: ASYNC110  # nothing else tells
            await asyncio.sleep(0.05)
    await queue.stop(wait=False)
    assert application is not None
    say("PTB JobQueue", jobs=len(ran), first_after_s=f"{min(ran) - due_at:.2f}",
        longest_loop_block_ms=ms(probe.longest),
        own_CPU_in_a_block_ms=ms(probe.longest_own), load_s=f"{loaded:.1f}", loaded_too_late=late)  # fmt: skip


def main() -> None:
    quick, postgres = "--quick" in sys.argv, "--postgres" in sys.argv
    due = 500 if quick else 10_000
    product(due=due, planned=1_000, whole=False, postgres=postgres)
    product(due=due, planned=20_000 if quick else 1_000_000, whole=True, postgres=postgres)
    add_plain.count = due  # type: ignore[attr-defined]
    asyncio.run(scheduler_peer(due, add_plain))
    asyncio.run(job_queue_peer(due))


if __name__ == "__main__":
    main()
