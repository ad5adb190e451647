"""`demo`: the whole product in one process, with a phone page in the browser; nothing of it is kept."""

import asyncio
import logging
import signal
from typing import Annotated

import typer

from bot.cli.common import say

DEFAULT_PORT = 8100


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    port: Annotated[
        int, typer.Option(help="Port of the phone page on this machine; 0 takes any free one.", min=-1, max=65_535)
    ] = -1,
    participants: Annotated[int, typer.Option(help="How many simulated participants are played first.", min=0)] = 40,
) -> None:
    """Show the whole product on this machine: no token, no network, nothing kept."""
    asyncio.run(serve(port, participants))


async def serve(port: int, participants: int) -> None:
    """Serve until interrupted."""
    from bot.log import set_up
    from bot.rehearsal.demo import Demo

    set_up(level=logging.ERROR)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Demo(choose_port(port), participants=participants) as running:
        print(running.address, flush=True)
        say("Open this address in a browser: phones, a study clock, the clinic's sign-ins and the CDAI drafts.")
        say("All data are synthetic. A study is being played up to today; the page says how far it has come.")
        say("Press Ctrl-C to end; everything is thrown away.")
        await running.run(stopped)


def choose_port(port: int) -> int:
    """The port asked for; without one the usual port, or any free one when that is taken."""
    from bot.channels.listening import bind
    from bot.errors import RefusedError

    if port >= 0:
        return port
    try:
        bind("127.0.0.1", DEFAULT_PORT).close()
    except RefusedError:
        return 0
    return DEFAULT_PORT
