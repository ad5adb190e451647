"""The sandbox as an ASGI app: Bot API server, webhook sender and phone page around the pure rules."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.bell import Bell
from bot.sandbox.bot_routes import BotRoutes
from bot.sandbox.delivery import WebhookDelivery
from bot.sandbox.phone_routes import DraftPage, PhoneRoutes
from bot.sandbox.phone_view import Link, Phone
from bot.sandbox.rules import BotApi
from bot.sandbox.study_clock import StudyClock
from schedules.clock import Clock

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def create_app(
    api: BotApi,
    *,
    clock: Clock,
    study_clock_file: Path | None = None,
    bot_ready_url: str | None = None,
    phones: Sequence[Phone] = (),
    links: Sequence[tuple[str, ...]] = (),
    draft_page: DraftPage | None = None,
    routes: Sequence[Route] = (),
    progress: Callable[[], float | None] = lambda: None,
    hosts: frozenset[str] = LOOPBACK_HOSTS,
    hold_seconds: float = 60.0,
) -> Starlette:
    """Return the app.

    `bot_ready_url` is the bot's `/readyz`; `links` are (label, address) or (label, address, Chinese label);
    `draft_page` gets (code, visit, `zh` or `en`) and returns a page part in HTML; `routes` are further pages of
    the caller's, `progress` says how much has been played from 0 to 1 (None: all); `hosts` are the names under
    which the page may be opened; a time-out fault lasts `hold_seconds`. `app.state.bell.close()` ends all
    waiting requests, to be called before the server stops.
    """
    bell = Bell()
    api.watch(bell.ring)
    for phone in phones:
        api.add_person(phone.user_id, phone.name, phone.language)
    study_clock = StudyClock(clock, study_clock_file, bot_ready_url, api.set_shift)
    bot = BotRoutes(api, clock, bell, hold_seconds=hold_seconds)
    page = PhoneRoutes(
        api,
        clock=clock,
        study_clock=study_clock,
        bell=bell,
        phones=phones,
        links=[Link(*link) for link in links],
        draft_page=draft_page,
        hosts=hosts,
        progress=progress,
    )
    delivery = WebhookDelivery(api, clock, bell)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(trust_env=False) as client, delivery.running(client):
            study_clock.client = client
            yield
            study_clock.client = None
        bell.close()

    bot_route = Route("/bot{token}/{method}", bot.answer, methods=["GET", "POST"])
    app = Starlette(routes=[Route("/healthz", _healthz), bot_route, *routes, *page.routes()], lifespan=lifespan)
    app.state.bell = bell
    app.state.study_clock = study_clock
    return app


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"alive": True})
