"""The demonstration: sandbox, phones, clinic and a rehearsed study on a throw-away database; no token, no network."""

import asyncio
import contextlib
import math
import os
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from bot.actions.make_diary_link import DIARY_PATH
from bot.actions.pull_draft import pull_draft
from bot.channels.http import create_http
from bot.channels.readiness import Readiness
from bot.channels.web_server import WebServer
from bot.clinic.app import create_clinic
from bot.clinic.call import ClinicOptions
from bot.diary_page.app import DiaryOptions, create_diary_page
from bot.documents.draft_text import draft_html
from bot.people.sealing import Sealer
from bot.rehearsal.demo_cast import add_sign_ins, diary_page_address, enrol_newcomers, phones_of
from bot.rehearsal.demo_pages import SignInPage
from bot.rehearsal.populate import draw_stages, next_morning, populate
from bot.sandbox.limits import NO_LIMITS
from bot.sandbox.phone_view import Phone
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from bot.settings import PREFIX, Settings
from bot.storage.database import Database
from bot.storage.schema import migrate
from bot.wiring import build
from bot.wiring.service import Service
from bot.wiring.study_room import open_study
from schedules.clock import Clock, ShiftedClock, SystemClock

BOT_USERNAME = "three_questions_demo_bot"
BOT_ID = 700_000
CAST = 40
SEED = 1


class Demo:
    """Everything of the demonstration; an async context that cleans up after itself.

    Pages answer at once. While the study is played up to today, the clinic fills; then the service starts.
    """

    def __init__(self, port: int, *, participants: int = CAST, seed: int = SEED) -> None:
        forget_settings()
        self._folder = Path(tempfile.mkdtemp(prefix="cdai-diary-demo-"))
        self._port, self._participants, self._seed = port, participants, seed
        self._token = f"{BOT_ID}:{secrets.token_urlsafe(24)}"
        self._api = BotApi(self._token, BOT_USERNAME, name="每日三问 · Three questions", limits=NO_LIMITS)
        self._share: float | None = 0.0
        self._ending = threading.Event()
        self._player: asyncio.Task[None] | None = None
        self._service: Service | None = None
        self._page: WebServer | None = None
        self._waiting_room: WebServer | None = None

    @property
    def address(self) -> str:
        """Where the phone page is."""
        return f"{self._page.address}/" if self._page else ""

    @property
    def share(self) -> float | None:
        """How much of the study has been played, from 0 to 1; None when the service runs."""
        return self._share

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        self._bot_port = free_port()
        page_port = self._port or free_port()
        settings = self._settings(page_port)
        migrate_once(settings)
        now = SystemClock().now()
        with open_study(settings, writing=True) as room:
            self._study = room.study
            self._today = next_morning(now, room.study.protocol.sites[0].timezone)
            newcomers, baseline_on = enrol_newcomers(room, self._today)
            sealer = Sealer(settings.read_secret_key().get_secret_value())
            sign_ins = add_sign_ins(room, sealer, today=self._today, at=now)
            diary_page = diary_page_address(room, settings.listen, self._today)
        self._offset = math.ceil((self._today - now).total_seconds())
        later = self._folder / "later_clock"
        later.write_text(f"{self._offset}\n", encoding="ascii")
        today = ShiftedClock(later)
        self._database = Database(settings.database)
        zone = ZoneInfo(room.study.protocol.sites[0].timezone)
        local = self._today.astimezone(zone).date()
        cast = draw_stages(room.study.protocol, local, participants=self._participants, seed=self._seed)
        clinic = f"http://127.0.0.1:{self._bot_port}/clinic/"
        app = create_app(
            self._api,
            clock=SystemClock(),
            study_clock_file=settings.study_clock,
            bot_ready_url=f"http://127.0.0.1:{self._bot_port}/readyz",
            phones=[*newcomers, *phones_of(cast)],
            links=links_beside(newcomers, clinic, diary_page, baseline_on),
            draft_page=lambda code, visit, language: self._draft(today, code, visit, language),
            routes=[SignInPage(sign_ins, clinic, SystemClock()).route()],
            progress=lambda: self._share,
        )
        self._bell, self._study_clock = app.state.bell, app.state.study_clock
        self._page = WebServer(app, host="127.0.0.1", port=page_port, lifespan=True)
        await self._page.start()
        await self._open_waiting_room(settings, today)
        self._player = asyncio.create_task(self._play_and_serve(settings))

    def _settings(self, page_port: int) -> Settings:
        clock_file = self._folder / "study_clock"
        clock_file.write_text("0\n", encoding="ascii")
        return Settings(
            data_dir=self._folder,
            telegram_token=self._token,  # type: ignore[arg-type]  # pydantic wraps it
            telegram_api_url=f"http://127.0.0.1:{page_port}/bot",
            listen=f"127.0.0.1:{self._bot_port}",
            study_clock=clock_file,
            secret_key=secrets.token_hex(32),  # type: ignore[arg-type]  # pydantic wraps it
        )

    async def _open_waiting_room(self, settings: Settings, clock: Clock) -> None:
        """Serve the clinic alone while the study is being played; nothing is sent or taken in."""

        async def readiness() -> Readiness:
            return Readiness(("the study is being played up to today",), clock.now(), None, 0, 0)

        http = create_http(readiness)
        secret = settings.read_secret_key().get_secret_value()
        options = ClinicOptions(secret, demonstration=True, played=lambda: self._share)
        http.mount("/clinic", create_clinic(self._database, lambda: self._study, clock, options))
        page = DiaryOptions(secret)
        http.mount(DIARY_PATH, create_diary_page(self._database, lambda: self._study, clock, page))
        self._waiting_room = WebServer(http, host="127.0.0.1", port=self._bot_port)
        await self._waiting_room.start()

    async def _play_and_serve(self, settings: Settings) -> None:
        await asyncio.to_thread(self._play, settings.database)
        if self._ending.is_set():
            return
        self._study_clock.leap(self._offset)
        await self._close_waiting_room()
        self._service = build(settings, demonstration=True)
        await self._service.start()
        self._share = None

    def _play(self, database_url: str) -> None:
        populate(
            database_url,
            self._study,
            self._api,
            self._today,
            participants=self._participants,
            seed=self._seed,
            progress=self._tell,
            stopped=self._ending.is_set,
        )

    def _tell(self, share: float) -> None:
        self._share = share

    def _draft(self, clock: Clock, code: str, visit: str, language: str) -> str:
        """The draft of one visit as a page part, read at study time."""
        service = self._service
        now = (service.clock if service else clock).now()
        with (service.database if service else self._database).read() as session:
            pulled = pull_draft(session, code, visit, study=self._study, now=now)
        return draft_html(pulled.draft, pulled.header, language)

    async def run(self, stopped: asyncio.Event) -> None:
        """Serve until the event is set; raises what stopped the demonstration before."""
        waiting = asyncio.create_task(stopped.wait())
        if self._player is not None:
            await asyncio.wait({waiting, self._player}, return_when=asyncio.FIRST_COMPLETED)
            if self._player.done():
                self._player.result()
        waiting.cancel()
        if self._service is not None and not stopped.is_set():
            await self._service.until(stopped)

    async def _close_waiting_room(self) -> None:
        if self._waiting_room is not None:
            await self._waiting_room.stop()
            self._waiting_room = None
            self._database.close()

    async def _stop(self) -> None:
        self._ending.set()
        if self._player is not None:
            with contextlib.suppress(Exception):  # `run` has raised it already
                await self._player
        if self._service is not None:
            await self._service.stop()
        await self._close_waiting_room()
        if self._page is not None:
            self._bell.close()
            await self._page.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def links_beside(
    newcomers: Sequence[Phone], clinic: str, diary_page: str | None, baseline_on: date
) -> list[tuple[str, ...]]:
    """What a visitor may open beside the phones."""
    first = newcomers[0].name
    page = [(f"{first}'s diary page", diary_page, f"{first} 的日记页")] if diary_page else []
    day = f"{baseline_on}".replace("-", "\N{NON-BREAKING HYPHEN}")  # a date never breaks
    drafts = [
        (
            f"CDAI draft {one.name} W00 ({day})",
            f"/draft/{one.name}/W00",
            f"CDAI 草稿 {one.name} W00（{day}）",
        )
        for one in newcomers
    ]
    return [
        ("Sign-ins for the clinic", "/sign-ins", "临床页面的演示账号"),
        ("The clinic", clinic, "临床页面"),
        *page,
        *drafts,
    ]


def migrate_once(settings: Settings) -> None:
    """Give the throw-away database its schema."""
    database = Database(settings.database)
    migrate(database)
    database.close()


def forget_settings() -> None:
    """The demonstration is complete in itself: no setting of a real instance may reach it."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        del os.environ[name]


def free_port() -> int:
    """A port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
