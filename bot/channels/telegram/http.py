"""HTTP to the Bot API, in a third of the processor time of the client's own transport."""

import ssl
from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp
import httpx
from telegram import Bot
from telegram.error import NetworkError
from telegram.request import BaseRequest

from bot.channels.telegram.transport import Connection, NotSentError, Transport
from bot.settings import Settings

CONNECT_TIMEOUT = 5.0  # seconds, and as long again for a place among the connections
AT_ONCE = 24  # requests at a time, but for polls
HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": BaseRequest.USER_AGENT}


class HttpTransport(Transport):
    """A pool of kept connections, opened by the first request."""

    def __init__(
        self, trusted: ssl.SSLContext | None = None, *, outside: bool = False, connect_timeout: float = CONNECT_TIMEOUT
    ) -> None:
        """`trusted` are the roots for TLS; a server `outside` this machine is reached by the environment's proxy."""
        self._trusted, self._outside, self._connect_timeout = trusted, outside, connect_timeout
        self._session: aiohttp.ClientSession | None = None

    async def initialize(self) -> None:
        """Nothing: the pool belongs to the loop of the first request."""

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def exchange(self, url: str, fields: Mapping[str, str], read_timeout: float) -> tuple[int, bytes]:
        """What the server answers. For what it raises see `Transport`."""
        try:
            async with self._open().post(
                url, data=urlencode(fields).encode(), timeout=self._patience(read_timeout), allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError) as error:
            raise NotSentError(type(error).__name__) from error
        except TimeoutError:
            raise  # some of the next are timeouts, too
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            tls = self._trusted if self._trusted is not None else True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=AT_ONCE, ssl=tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=HEADERS,
                trust_env=self._outside,
            )
        return self._session

    def _patience(self, read_timeout: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=None, connect=2 * self._connect_timeout, sock_connect=self._connect_timeout, sock_read=read_timeout
        )


def connect(settings: Settings) -> Connection:
    """The client for the configured token and Bot API; the caller has made sure that there is a token."""
    if settings.telegram_token is None:
        raise ValueError("a bot needs a token")
    outside = not settings.api_is_loopback  # on this very machine no proxy of the environment is used
    secured = settings.telegram_api_url.startswith("https:")
    trusted = httpx.create_ssl_context(trust_env=outside) if secured else None  # made once: it reads every root
    sending, polling = HttpTransport(trusted, outside=outside), HttpTransport(trusted, outside=outside)
    token = settings.telegram_token.get_secret_value()
    bot = Bot(token, base_url=settings.telegram_api_url, request=sending, get_updates_request=polling)
    return Connection(bot, sending, polling)
