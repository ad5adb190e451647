"""The web part: webhook, health, clinic and diary page in one app.

Its libraries take longer to load than all that a reminder needs, so nothing that sends imports this module.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence

from fastapi import FastAPI
from sqlmodel import Session

from bot.actions.make_diary_link import DIARY_PATH
from bot.actions.study import Study
from bot.channels.http import Webhook, create_http
from bot.channels.readiness import Readiness
from bot.channels.telegram.not_saved import NotSaved
from bot.channels.telegram.webhook import make_webhook
from bot.channels.web_server import WebServer
from bot.clinic.app import create_clinic
from bot.clinic.call import ClinicOptions
from bot.diary_page.app import DiaryOptions, create_diary_page
from bot.settings import Settings
from bot.storage.database import Database
from schedules.clock import Clock


def make_web(
    settings: Settings,
    database: Database,
    clock: Clock,
    study: Callable[[], Study],
    *,
    readiness: Callable[[], Awaitable[Readiness]],
    webhook: Webhook | None,
    pages: bool,
    demonstration: bool,
    acted: Callable[[], None],
    queued: Callable[[], None],
    mounts: Sequence[Callable[[FastAPI], None]] = (),
) -> WebServer:
    """The server, not started yet; `pages` says whether clinic and diary page are served here.

    `acted` is called after an act of staff, `queued` after one of a participant.
    """
    app = create_http(readiness, webhook=webhook)
    if pages:
        secret, public = settings.read_secret_key().get_secret_value(), settings.public_url
        clinic = ClinicOptions(secret_key=secret, public_url=public, demonstration=demonstration, after_act=acted)
        app.mount("/clinic", create_clinic(database, study, clock, clinic))
        diary = DiaryOptions(secret_key=secret, public_url=public, after_act=queued)
        app.mount(DIARY_PATH, create_diary_page(database, study, clock, diary))
    for mount in mounts:
        mount(app)
    return WebServer(app, host=settings.listen_host, port=settings.listen_port, proxies=settings.trusted_proxies)


def webhook_of(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    stored: Callable[[Collection[int]], None],
    unsaved: NotSaved | None,
    resumed: Callable[[Session], None],
) -> Webhook | None:
    """Where Telegram calls us, if it is told to."""
    secret = settings.webhook_secret
    if secret is None or not settings.uses_webhook:
        return None
    return make_webhook(secret.get_secret_value(), database, clock, stored=stored, unsaved=unsaved, resumed=resumed)
