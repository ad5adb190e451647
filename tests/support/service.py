"""The whole service against the sandbox's Bot API over HTTP, with a participant's phone in hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx

from bot.actions.enrol import Enrolment, enrol
from bot.people.actor import Origin, operator_actor
from bot.sandbox.limits import NO_LIMITS
from bot.sandbox.people import Message
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from bot.settings import Settings, load_settings
from bot.storage.database import Database
from bot.storage.schema import migrate
from bot.storage.trail import Trail
from bot.wiring import Service, build, open_study
from schedules.clock import SystemClock
from tests.support.browser import serving

TOKEN = "123456789:sandbox-token-for-the-tests-of-a-diary"
ANN = 5_000_000_001
PATIENCE = 10.0  # seconds


@dataclass
class Site:
    """The sandbox, the settings of a service that talks to it, and the study clock's file."""

    api: BotApi
    settings: Settings

    def start(self, invitation: str) -> None:
        self.api.start(SystemClock().now(), ANN, invitation)

    def tap(self, label: str) -> None:
        self.api.tap_label(SystemClock().now(), ANN, label)

    def say(self, text: str) -> None:
        self.api.say(SystemClock().now(), ANN, text)

    def newest(self) -> Message:
        found = self.api.newest(ANN)
        assert found is not None
        return found

    def labels(self) -> list[str]:
        return [button["text"] for button in self.newest().callback_buttons()]

    def move_clock_to(self, at: datetime) -> None:
        ahead = int((at - SystemClock().now()).total_seconds())
        assert self.settings.study_clock is not None
        self.settings.study_clock.write_text(str(ahead))

    def enrol(self, code: str, baseline: date) -> str:
        """Enrol through the action; answers the invitation."""
        with open_study(self.settings, writing=True) as room, room.database.write() as session:
            actor = operator_actor("tests")
            trail = Trail(session, room.clock.now(), actor, Origin.COMMAND, room.clock.shifted)
            given = Enrolment(
                code=code, site="seh", sex="female", height_cm=Decimal(165), language="en", timezone="Asia/Shanghai",
                baseline_on=baseline,
            )  # fmt: skip
            return enrol(trail, given, study=room.study).token


@asynccontextmanager
async def sandbox_site(folder: Path, **given: object) -> AsyncIterator[Site]:
    """A sandbox server and a migrated database."""
    api = BotApi(TOKEN, "diary_bot", limits=NO_LIMITS)
    api.add_person(ANN, "Ann Planted", "en")
    with serving(create_app(api, clock=SystemClock(), hold_seconds=3)) as address:
        settings = load_settings(
            env_file=None, secrets_dir=None, data_dir=folder, telegram_token=TOKEN, listen="127.0.0.1:0",
            telegram_api_url=f"{address}/bot", study_clock=folder / "clock", secret_key="k" * 32, **given,
        )  # fmt: skip
        database = Database(settings.database)
        migrate(database)
        database.close()
        yield Site(api, settings)


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[Service]:
    """The service, started and stopped in this event loop."""
    service = build(site.settings)
    try:
        await service.start()
        yield service
    finally:
        await service.stop()


async def until(fact: Callable[[], bool], what: str) -> None:
    """Wait until a fact holds."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not fact():  # noqa: ASYNC110  # the fact lies outside of this loop
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE} s in vain for: {what}") from None


async def quiet(service: Service) -> dict[str, object]:
    """Wait until nothing is left to do at this moment, as a driver of the study clock does."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(PATIENCE):
        while True:
            found: dict[str, object] = (await client.get(f"{service.address}/readyz")).json()
            if found["ready"] and found["inbox"] == 0 and found["outbox_due"] == 0:
                return found
            await asyncio.sleep(0.02)


def tomorrow(days: int = 1) -> date:
    """A day after today in Shanghai."""
    return (SystemClock().now() + timedelta(hours=8, days=days)).date()
