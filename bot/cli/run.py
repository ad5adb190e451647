"""`run`: serve Telegram, the dispatcher, housekeeping and the web in one process."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import say, undisturbed

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.wiring import Service


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="PARTS", help="Some of ingest,worker,dispatch,clinic; all without it."),
    ] = None,
) -> None:
    """Serve the study until stopped."""
    with undisturbed():
        from bot.log import set_up
        from bot.settings import load_settings
        from bot.wiring import build

        settings = load_settings()
        token = settings.telegram_token
        set_up(secrets=(token.get_secret_value(),) if token else ())
        service = build(settings, parts=chosen(only))
    asyncio.run(service.run(started=lambda started: announce(settings, started)))


def chosen(only: str | None) -> tuple[str, ...]:
    """The parts to run, as typed; all of them when nothing was said."""
    from bot.wiring import PARTS

    return PARTS if only is None else tuple(part.strip() for part in only.split(","))


def announce(settings: "Settings", service: "Service") -> None:
    """Tell the person at the console what is being served, and what to know about it."""
    say(f"Serving on {service.address}; stop with Ctrl+C.")
    if settings.telegram_token is None:
        say("There is no CDAI_TELEGRAM_TOKEN: only the web part is served, and nobody is asked anything.")
    if settings.study_clock is not None:
        say(f"The study clock is on: study time is moved by {settings.study_clock}.")
    for warning in service.warnings:
        say(warning)
