"""The scene of a measurement: a seeded study, a Bot API server in another process, and the product's own dispatcher."""

import asyncio
import gc
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from telegram import Bot
from telegram.request import HTTPXRequest

from bot.actions import in_groups, record_delivery
from bot.actions.prepare_message import Ready, prepare
from bot.actions.study import Study
from bot.channels.dispatcher import Dispatcher
from bot.channels.pace import Pace
from bot.channels.telegram.http import connect
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.transport import Connection
from bot.settings import Settings, load_settings
from bot.storage.database import Database
from bot.storage.schema import migrate
from bot.wiring import ready_room
from schedules.clock import SystemClock
from tests.support.bench_line import TOKEN, BenchLine
from tests.support.bench_seed import Scene, evening_after, seed
from tests.support.postgres import postgres_server

NO_LIMIT = 10**9  # messages in a second
IN_FLIGHT = 10


class EveningClock(SystemClock):
    """The machine's clock, moved so that a chosen instant of study time comes when the measurement wants it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    @property
    def shifted(self) -> bool:
        return True

    def now(self) -> datetime:
        return self.system_now() + self._ahead

    def set(self, at: datetime) -> None:
        """Make it this study time now."""
        self._ahead = at - self.system_now()


@dataclass
class Bench:
    """A study database with its clock and settings, and what was written into it."""

    folder: Path
    settings: Settings
    database: Database
    study: Study
    clock: EveningClock
    scene: Scene

    def dispatcher(self, bot: Bot, *, limited: bool) -> Dispatcher:
        """The dispatcher as the service makes it, with or without the rate limit."""
        return Dispatcher(
            self.database, self.clock, lambda: self.study, TelegramSender(bot), prepare, record_delivery,
            owner="bench", rng=random.Random(0),
            groups=in_groups, pace=Pace() if limited else Pace(per_window=NO_LIMIT),
        )  # fmt: skip

    def connect(self, line: BenchLine) -> Connection:
        """The product's own connection to this server."""
        return connect(self.settings.model_copy(update={"telegram_api_url": f"{line.address}/bot"}))


def stock_bot(line: BenchLine) -> Bot:
    """The library's client as it comes, without our transport."""
    return Bot(TOKEN, base_url=f"{line.address}/bot", request=HTTPXRequest(httpx_kwargs={"trust_env": False}))


@contextmanager
def bench(*, due: int, planned: int, whole: bool, postgres: bool = False) -> Iterator[Bench]:
    """A freshly seeded study on this machine's disk."""
    with tempfile.TemporaryDirectory(prefix="cdai-bench-") as name:
        folder = Path(name)
        if postgres:
            with postgres_server(durable=True) as url:
                yield from _seeded(folder, url, due, planned, whole)
        else:
            yield from _seeded(folder, f"sqlite:///{folder / 'diary.sqlite3'}", due, planned, whole)


def _seeded(folder: Path, url: str, due: int, planned: int, whole: bool) -> Iterator[Bench]:
    settings = load_settings(
        env_file=None, secrets_dir=None, data_dir=folder, database_url=url, telegram_token=TOKEN, secret_key="k" * 32,
        telegram_api_url="http://127.0.0.1:9/bot", listen="127.0.0.1:0", study_clock=folder / "clock",
    )  # fmt: skip
    database = Database(url, serving=True)  # as the service has it
    try:
        migrate(database)
        clock = EveningClock()
        room, _ = ready_room(settings, database, clock)
        scene = seed(database, room.study, evening_after(clock.now()), due=due, planned=planned, whole=whole)
        gc.collect()
        gc.freeze()  # as `run` leaves alone what was loaded
        yield Bench(folder, settings, database, room.study, clock, scene)
    finally:
        database.close()


async def send_bare(bot: Bot, messages: list[Ready]) -> None:
    """A plain loop around `bot.send_message`, ten in flight: no database, no order, no receipt."""
    from bot.channels.telegram.sender import NO_PREVIEW, markup

    waiting = iter(messages)

    async def one_after_another() -> None:
        for ready in waiting:
            await bot.send_message(
                chat_id=ready.address, text=ready.text, parse_mode="HTML", protect_content=True,
                link_preview_options=NO_PREVIEW, api_kwargs=markup(ready),
            )  # fmt: skip

    await asyncio.gather(*(one_after_another() for _ in range(IN_FLIGHT)))
