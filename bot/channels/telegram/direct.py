"""A client whose requests go straight to a function instead of the network; the rehearsal plays Telegram behind it."""

from collections.abc import Awaitable, Callable, Mapping

from telegram import Bot

from bot.channels.telegram.transport import Connection, Transport

Exchange = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, bytes]]]


class DirectTransport(Transport):
    """Our transport with a function in the place of the network: method and form fields in, status and body out."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def exchange(self, url: str, fields: Mapping[str, str], read_timeout: float) -> tuple[int, bytes]:  # noqa: ARG002  # the function has its own
        """What the function answers."""
        return await self._exchange(url.rpartition("/")[2], fields)


def connect_directly(token: str, exchange: Exchange) -> Connection:
    """The client for this token. `exchange` may raise TimeoutError and ConnectionError, as the network would."""
    sending, polling = DirectTransport(exchange), DirectTransport(exchange)
    return Connection(Bot(token, request=sending, get_updates_request=polling), sending, polling)
