"""The demonstration: sandbox, phone page and the whole service on a throw-away database; no token, no network."""

import asyncio
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from bot.actions.enrol import Enrolment, enrol
from bot.actions.make_diary_link import diary_link_address, make_diary_link
from bot.actions.pull_draft import pull_draft
from bot.channels.web_server import WebServer
from bot.documents.draft_text import draft_html
from bot.people.actor import SYSTEM, Origin
from bot.sandbox.phone_view import Phone
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from bot.settings import PREFIX, Settings
from bot.storage.database import Database
from bot.storage.participants import participant_by_code
from bot.storage.schema import migrate
from bot.storage.trail import Trail
from bot.wiring import build
from bot.wiring.service import Service
from bot.wiring.study_room import OpenStudy, open_study
from schedules.clock import SystemClock

BOT_USERNAME = "three_questions_demo_bot"
FIRST_USER = 700_001
LAST_START = 21  # after this hour the demonstration's diary begins tomorrow


@dataclass(frozen=True, slots=True)
class Role:
    """One coded participant of the demonstration, not joined yet: a phone language and what the score needs."""

    code: str
    language: str
    sex: str
    height_cm: int
    timezone: str = "Asia/Shanghai"


ROLES = (Role("SH-001", "zh", "female", 163), Role("SH-002", "en", "male", 176))


class Demo:
    """Everything of the demonstration; an async context that cleans up after itself."""

    def __init__(self, port: int) -> None:
        forget_settings()
        self._folder = Path(tempfile.mkdtemp(prefix="cdai-diary-demo-"))
        self._port = port
        self._service: Service | None = None
        self._page: WebServer | None = None

    @property
    def address(self) -> str:
        """Where the phone page is."""
        return f"{self._page.address}/" if self._page else ""

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
        token = f"{FIRST_USER}:{secrets.token_urlsafe(24)}"
        clock_file = self._folder / "study_clock"
        clock_file.write_text("0\n", encoding="ascii")
        api = BotApi(token, BOT_USERNAME, name="每日三问 · Three questions")
        bot_port, page_port = free_port(), self._port or free_port()
        settings = Settings(
            data_dir=self._folder,
            telegram_token=token,  # type: ignore[arg-type]  # pydantic wraps it
            telegram_api_url=f"http://127.0.0.1:{page_port}/bot",
            listen=f"127.0.0.1:{bot_port}",
            study_clock=clock_file,
            secret_key=secrets.token_hex(32),  # type: ignore[arg-type]  # pydantic wraps it
        )
        database = Database(settings.database)
        migrate(database)
        database.close()
        with open_study(settings, writing=True) as room:
            phones, baseline_on = seed(room, SystemClock().now())
            diary_page = diary_page_link(room, settings, SystemClock().now())
        service = build(settings, demonstration=True)
        self._service = service
        app = create_app(
            api,
            clock=SystemClock(),
            study_clock_file=clock_file,
            bot_ready_url=f"http://127.0.0.1:{bot_port}/readyz",
            phones=phones,
            links=[*diary_page, *draft_links(baseline_on)],
            draft_page=lambda code, visit, language: draft_page(service, code, visit, language),
        )
        self._bell = app.state.bell
        self._page = WebServer(app, host="127.0.0.1", port=page_port)
        await self._page.start()
        await service.start()

    async def run(self, stopped: asyncio.Event) -> None:
        """Serve until the event is set; raises what stopped the service before."""
        if self._service is not None:
            await self._service.until(stopped)

    async def _stop(self) -> None:
        if self._service is not None:
            await self._service.stop()
        if self._page is not None:
            self._bell.close()
            await self._page.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def seed(room: OpenStudy, now: datetime) -> tuple[Sequence[Phone], date]:
    """Enrol the demonstration's participants so that their first diary day is today, or tomorrow late at night."""
    local = now.astimezone(ZoneInfo("Asia/Shanghai"))
    first_day = local.date() + timedelta(days=1 if local.hour >= LAST_START else 0)
    baseline_on = first_day + timedelta(days=room.study.protocol.diary.days)
    with room.database.write() as session:
        trail = Trail(session, now, SYSTEM, Origin.COMMAND)
        phones = [enrol_one(trail, room, role, baseline_on, FIRST_USER + n) for n, role in enumerate(ROLES, start=1)]
    return phones, baseline_on


def enrol_one(trail: Trail, room: OpenStudy, role: Role, baseline_on: date, user_id: int) -> Phone:
    """Enrol one participant; the phone holds the invitation."""
    enrolled = enrol(
        trail,
        Enrolment(
            code=role.code,
            site=room.study.protocol.sites[0].id,
            sex=role.sex,
            height_cm=Decimal(role.height_cm),
            language=role.language,
            timezone=role.timezone,
            baseline_on=baseline_on,
            consent_on=trail.now.date(),
        ),
        study=room.study,
    )
    return Phone(
        user_id=user_id,
        name=role.code,
        start_payload=enrolled.token,
        language="zh-hans" if role.language == "zh" else "en",
        timezone=role.timezone,
    )


def draft_links(baseline_on: date) -> list[tuple[str, ...]]:
    """Links to the drafts of the first visit."""
    return [
        (
            f"CDAI draft {role.code} W00 ({baseline_on})",
            f"/draft/{role.code}/W00",
            f"CDAI 草稿 {role.code} W00（{baseline_on}）",
        )
        for role in ROLES
    ]


def diary_page_link(room: OpenStudy, settings: Settings, now: datetime) -> list[tuple[str, ...]]:
    """The first participant's personal link to the diary page, which needs no chat at all."""
    code = ROLES[0].code
    with room.database.write() as session:
        trail = Trail(session, now, SYSTEM, Origin.COMMAND, participant=code)
        token = make_diary_link(trail, participant_by_code(session, code), study=room.study)
    address = diary_link_address(token, public_url=None, listen=settings.listen)
    return [(f"{code}'s diary page", address, f"{code} 的日记页")] if address else []


def draft_page(service: Service, code: str, visit: str, language: str) -> str:
    """The draft of one visit as a page part, read at study time."""
    with service.database.read() as session:
        pulled = pull_draft(session, code, visit, study=service.study(), now=service.clock.now())
    return draft_html(pulled.draft, pulled.header, language)


def forget_settings() -> None:
    """The demonstration is complete in itself: no setting of a real instance may reach it."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        del os.environ[name]


def free_port() -> int:
    """A port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
