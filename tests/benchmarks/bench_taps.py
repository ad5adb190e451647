"""Prints updates a second through intake beside PTB's `process_update`, and how long a tap waits during a burst.

Run: python tests/benchmarks/bench_taps.py [--quick] [--postgres]
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlmodel import Session, col, select  # noqa: E402 - the project is not always installed
from telegram import Update  # noqa: E402
from telegram.ext import Application, CallbackQueryHandler  # noqa: E402

from bot.actions.in_groups import prepare  # noqa: E402
from bot.actions.prepare_message import Ready  # noqa: E402
from bot.channels.intake import Intake  # noqa: E402
from bot.channels.metrics import REGISTRY  # noqa: E402
from bot.channels.pace import Pace  # noqa: E402
from bot.chat.desk import handle  # noqa: E402
from bot.storage.inbox import store_updates  # noqa: E402
from bot.storage.tables import CardRow, MessageRow  # noqa: E402
from bot.wiring import Service, build  # noqa: E402
from tests.support.bench_line import BenchLine, bench_line  # noqa: E402
from tests.support.bench_probe import calibrate, quantile, say  # noqa: E402
from tests.support.bench_scene import NO_LIMIT, Bench, bench  # noqa: E402

TAPPERS = 100
RATE = 20.0  # taps a second, together
GOAL = 0.3  # seconds
TO_PLAN = 0.008  # seconds allowed for looking at one participant's plan after the start
BATCH = 100  # updates in one poll


def start_taps(bench: Bench) -> list[dict[str, Any]]:
    """For each due prompt, sent as the product words it, the update of a tap on its Start button."""
    with bench.database.write() as session:
        query = select(MessageRow).where(col(MessageRow.due_at) == bench.scene.due_at, MessageRow.state == "planned")
        rows = session.exec(query.order_by(col(MessageRow.id))).all()
        worded = prepare(session, rows, study=bench.study, now=bench.scene.due_at)
        for number, (row, one) in enumerate(zip(rows, worded, strict=True), start=1):
            card = session.get_one(CardRow, one.card_id if isinstance(one, Ready) else None)
            card.provider_msg_id, card.chat_id, row.state = number, row.participant_id, "sent"
    return [tap(number, one) for number, one in enumerate(worded, start=1) if isinstance(one, Ready)]


def tap(number: int, ready: Ready) -> dict[str, Any]:
    """The update of a tap on the first button, as Telegram words it."""
    person = {"id": ready.address, "is_bot": False, "first_name": "", "language_code": "en"}
    chat = {"id": ready.address, "type": "private", "first_name": ""}
    bot = {"id": 123456789, "is_bot": True, "first_name": "Diary", "username": "diary_bot"}
    message = {"message_id": number, "date": 1_700_000_000, "chat": chat, "from": bot, "text": ready.text}
    return {
        "update_id": 700_000_000 + number,
        "callback_query": {
            "id": str(number), "from": person, "chat_instance": "1", "message": message, "data": ready.rows[0][0][1],
        },
    }  # fmt: skip


def handled() -> float:
    """Updates handled by this process, by its own counter."""
    return REGISTRY.get_sample_value("cdai_updates_handled_total", {"end": "done"}) or 0.0


async def through_intake(bench: Bench, updates: Sequence[dict[str, Any]]) -> float:
    """Store as polling does, handle, commit; seconds until every update has had its effect."""
    answered: list[object] = []

    async def answer(one: object) -> None:
        answered.append(one)

    intake = Intake(
        bench.database, bench.clock, lambda: bench.study, handle=handle, answer=answer, queued=lambda: None,
        trouble=lambda _hint: None,
    )  # fmt: skip
    began, goal = time.perf_counter(), handled() + len(updates)
    running = asyncio.create_task(intake.run())
    for first in range(0, len(updates), BATCH):
        batch = updates[first : first + BATCH]
        intake.wake(await bench.database.writing(lambda batch=batch: store(bench, batch)))  # type: ignore[misc]  # a default has no type
    while handled() < goal:  # noqa: ASYNC110  # a counter wakes nobody
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    await intake.stop()
    running.cancel()
    assert len(answered) == len(updates), f"{len(answered)} of {len(updates)} taps were answered"
    return took


def store(bench: Bench, batch: Sequence[dict[str, Any]]) -> Sequence[int]:
    with bench.database.write() as session:
        return store_updates(session, batch, now=bench.clock.now())


async def through_ptb(updates: Sequence[dict[str, Any]]) -> float:
    """Parse and process one after another with a handler that does nothing: no database, no answer."""

    async def nothing(_update: Update, _context: object) -> None:
        return

    application = Application.builder().token("123456789:peer").updater(None).build()
    application.add_handler(CallbackQueryHandler(nothing))
    application._initialized = True  # without asking a server who we are
    began = time.perf_counter()
    for update in updates:
        await application.process_update(Update.de_json(update, application.bot))
    return time.perf_counter() - began


def intake_rate(count: int, *, postgres: bool) -> None:
    """Print updates a second, ours and PTB's."""
    with bench(due=count, planned=0, whole=True, postgres=postgres) as scene:
        calibrate(scene.folder, scene.database)
        scene.clock.set(scene.scene.due_at + timedelta(minutes=1))
        updates = start_taps(scene)
        cpu = time.process_time()
        ours = asyncio.run(through_intake(scene, updates))
        cpu = time.process_time() - cpu
        with scene.database.read() as session:
            queued = _edits(session)
        peer = asyncio.run(through_ptb(updates))
    assert queued == len(updates), f"{queued} edits for {len(updates)} taps"
    say("intake, committed and queued", updates_s=f"{count / ours:.0f}", ms_CPU_each=f"{1000 * cpu / count:.2f}",
        sample=count)  # fmt: skip
    say("PTB process_update, no database", updates_s=f"{count / peer:.0f}", ratio=f"{peer / ours:.2f}")


def _edits(session: Session) -> int:
    return len(session.exec(select(MessageRow.id).where(MessageRow.kind == "edit")).all())


@asynccontextmanager
async def serving(scene: Bench, line: BenchLine, *, limited: bool) -> AsyncIterator[Service]:
    """The whole service in this process, polling the server in another."""
    settings = scene.settings.model_copy(update={"telegram_api_url": f"{line.address}/bot"})
    service = build(settings, clock=scene.clock)
    assert service.dispatcher is not None
    if not limited:
        service.dispatcher = replace(service.dispatcher, pace=Pace(per_window=NO_LIMIT))
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def tapping(scene: Bench, line: BenchLine, *, limited: bool, rates: Sequence[float], seconds: float) -> None:
    """Send the burst, and let people tap meanwhile at each of these rates, until their answers come too late."""
    ahead = 2.0 + scene.scene.participants * TO_PLAN  # the service has been up for a while when the burst comes
    scene.clock.set(scene.scene.due_at - timedelta(seconds=ahead))
    async with serving(scene, line, limited=limited) as service:
        await asyncio.sleep(ahead)
        while len((await asyncio.to_thread(line.seen)).sent_at) < TAPPERS:  # noqa: ASYNC110  # it is in another process
            await asyncio.sleep(0.5)
        say("service", participants=scene.scene.participants, plan_up_to_date=service.housekeeper.settled)
        for rate in rates:
            cpu, before = time.process_time(), len((await asyncio.to_thread(line.seen)).sent_at)
            given = {"first": scene.scene.chats[0], "count": TAPPERS, "rate": rate, "seconds": seconds}
            told = await asyncio.to_thread(lambda given=given: line.act("tap", **given))  # type: ignore[misc]
            seen = await asyncio.to_thread(line.seen)
            took, p99 = told["took"], quantile(told["took"], 0.99)
            say(f"tap to answer, {rate:.0f} taps/s", p50_ms=f"{1000 * quantile(took, 0.5):.0f}",
                p99_ms=f"{1000 * p99:.0f}", goal_ms=f"{1000 * GOAL:.0f}", unanswered=told["unanswered"],
                sample=len(took), burst_messages_meanwhile=len(seen.sent_at) - before,
                refused_429=seen.refused, CPU_share=f"{(time.process_time() - cpu) / (seconds + 5):.0%}")  # fmt: skip
            if p99 > GOAL:
                break


def waiting(*, due: int, rates: Sequence[float], seconds: float, limited: bool, postgres: bool) -> None:
    """Print how long taps wait, with or without the rate limit."""
    with bench(due=due, planned=0, whole=True, postgres=postgres) as scene:
        calibrate(scene.folder, scene.database)
        with bench_line(*scene.scene.chats, limits=limited) as line:
            asyncio.run(tapping(scene, line, limited=limited, rates=rates, seconds=seconds))


def main() -> None:
    quick, postgres = "--quick" in sys.argv, "--postgres" in sys.argv
    intake_rate(200 if quick else 2_000, postgres=postgres)
    waiting(due=500 if quick else 10_000, rates=[RATE], seconds=8 if quick else 60, limited=True, postgres=postgres)
    rates = [20, 40] if quick else [20, 40, 60, 80, 120, 160, 240, 320]
    waiting(due=TAPPERS, rates=rates, seconds=4 if quick else 15, limited=False, postgres=postgres)


if __name__ == "__main__":
    main()
