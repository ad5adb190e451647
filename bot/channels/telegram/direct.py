"""A client whose requests go straight to a function instead of the network; the rehearsal plays Telegram behind it."""

from collections.abc import Awaitable, Callable, Mapping

import httpx
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import HTTPXRequest, RequestData

from bot.channels.telegram.transport import Connection, Transport

Exchange = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, bytes]]]


class _DirectRequest(HTTPXRequest):
    """Where the stock request speaks HTTP, this one asks a function: method and form fields in, status and body out."""

    exchange: Exchange

    async def do_request(  # type: ignore[override]  # there is no network that the timeouts could hold for
        self,
        url: str,  # or as httpx has read it
        method: str,  # noqa: ARG002  # always POST
        request_data: RequestData | None = None,
        **_timeouts: object,
    ) -> tuple[int, bytes]:
        fields = request_data.json_parameters if request_data else {}
        try:
            return await self.exchange(str(url).rpartition("/")[2], fields)
        except httpx.TimeoutException as error:
            raise TimedOut from error
        except httpx.HTTPError as error:
            raise NetworkError(type(error).__name__) from error


class DirectTransport(Transport, _DirectRequest):
    """Our transport with the function in the place of the network."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(connection_pool_size=1, httpx_kwargs={"trust_env": False, "verify": False})
        self.exchange = exchange


def connect_directly(token: str, exchange: Exchange) -> Connection:
    """The client for this token. `exchange` may raise httpx errors, which are read as the network's own."""
    sending, polling = DirectTransport(exchange), DirectTransport(exchange)
    return Connection(Bot(token, request=sending, get_updates_request=polling), sending, polling)
