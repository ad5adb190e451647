"""HTTP to the Bot API as python-telegram-bot does it, but telling a server's refusal from its silence."""

import json
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx
from telegram import Bot
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.channels.telegram.lanes import Lanes
from bot.settings import Settings

READ_TIMEOUT = 20.0
CONNECT_TIMEOUT = 5.0
POOL_TIMEOUT = 5.0
UNSAID_PAUSE = 5.0  # seconds, when a 429 does not say how long
LANES = 24  # requests at a time, but for polls
SPARE = 4  # connections for one request at a time: one that was torn down may leave its connection stuck

UNREADABLE = (KeyError, TypeError, ValueError)  # what the client raises for JSON that is no answer


class ServerTroubleError(NetworkError):
    """The Bot API answered 5xx; `refused` says that it did so in its own words, so nothing was delivered."""

    def __init__(self, status: int, *, refused: bool) -> None:
        super().__init__(f"the Bot API answered {status}")
        self.status = status
        self.refused = refused


class AskedToWaitError(TelegramError):
    """The Bot API asks for a pause of so many seconds before anything else is sent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the Bot API asks for a pause of {seconds} s")
        self.seconds = seconds


class Transport(HTTPXRequest):
    """The stock transport, raising AskedToWaitError for 429 and ServerTroubleError for 5xx answers."""

    async def do_request(  # type: ignore[override]  # the timeouts pass through untouched
        self, url: str, method: str, request_data: RequestData | None = None, **timeouts: object
    ) -> tuple[int, bytes]:
        known: Any = _read_once(url)  # httpx takes an address that it has read for one to read
        status, payload = await super().do_request(known, method, request_data, **timeouts)  # type: ignore[arg-type]  # as they came
        if status == 429:
            raise AskedToWaitError(_retry_after(payload))
        if status >= 500:
            raise ServerTroubleError(status, refused=status not in {502, 504} and _is_own_refusal(payload))
        return status, payload


@lru_cache(maxsize=32)
def _read_once(url: str) -> httpx.URL:
    """A method's address; read anew it takes a twentieth of all that a message does."""
    return httpx.URL(url)


def _is_own_refusal(payload: bytes) -> bool:
    return _answer(payload).get("ok") is False


def _retry_after(payload: bytes) -> float:
    parameters = _answer(payload).get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else UNSAID_PAUSE


def _answer(payload: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(payload)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _transport(trusted: ssl.SSLContext, *, outside: bool) -> Transport:
    return Transport(
        connection_pool_size=SPARE,
        read_timeout=READ_TIMEOUT,
        write_timeout=READ_TIMEOUT,
        connect_timeout=CONNECT_TIMEOUT,
        pool_timeout=POOL_TIMEOUT,
        httpx_kwargs={"trust_env": outside, "verify": trusted},
    )


@dataclass(frozen=True, slots=True)
class Connection:
    """The client for one bot, and the transports beneath it."""

    bot: Bot
    sending: BaseRequest
    polling: Transport

    async def close(self) -> None:
        """Close every connection."""
        await self.sending.shutdown()
        await self.polling.shutdown()


def connect(settings: Settings) -> Connection:
    """The client for the configured token and Bot API; the caller has made sure that there is a token."""
    if settings.telegram_token is None:
        raise ValueError("a bot needs a token")
    outside = not settings.api_is_loopback  # on this very machine no proxy of the environment is used
    trusted = httpx.create_ssl_context(trust_env=outside)  # made once: it reads every certificate
    sending = Lanes([_transport(trusted, outside=outside) for _ in range(LANES)], patience=POOL_TIMEOUT)
    polling = _transport(trusted, outside=outside)
    token = settings.telegram_token.get_secret_value()
    bot = Bot(token, base_url=settings.telegram_api_url, request=sending, get_updates_request=polling)
    return Connection(bot, sending, polling)
