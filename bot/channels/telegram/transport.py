"""How the Bot API is asked and answers, telling a server's refusal from its silence and both from a request unsent."""

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

READ_TIMEOUT = 20.0  # seconds
UNSAID_PAUSE = 5.0  # seconds, when a 429 does not say how long

UNREADABLE = (KeyError, TypeError, ValueError)  # what the client raises for JSON that is no answer


class NotSentError(NetworkError):
    """There was no connection, so that nothing left for the Bot API."""


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


class Transport(BaseRequest):
    """What carries the client's requests, raising AskedToWaitError for 429 and ServerTroubleError for 5xx answers."""

    @property
    def read_timeout(self) -> float:
        """Seconds of silence after which a request is given up, unless it says otherwise."""
        return READ_TIMEOUT

    @abstractmethod
    async def exchange(self, url: str, fields: Mapping[str, str], read_timeout: float) -> tuple[int, bytes]:
        """Status and body for a request with these form fields, given up after so many seconds of silence.

        Raises NotSentError when it certainly did not leave; TimeoutError, OSError or NetworkError when it may have
        arrived.
        """

    async def do_request(  # type: ignore[override]  # there is one timeout that a request may choose
        self,
        url: str,
        method: str,  # noqa: ARG002  # always POST
        request_data: RequestData | None = None,
        read_timeout: object = None,
        **_timeouts: object,
    ) -> tuple[int, bytes]:
        """Status and body of an answer that is not about the server's own state."""
        fields = request_data.json_parameters if request_data else {}
        patience = float(read_timeout) if isinstance(read_timeout, int | float) else READ_TIMEOUT
        try:
            status, payload = await self.exchange(url, fields, patience)
        except TimeoutError as error:
            raise TimedOut from error
        except OSError as error:
            raise NetworkError(type(error).__name__) from error
        if status == 429:
            raise AskedToWaitError(_retry_after(payload))
        if status >= 500:
            raise ServerTroubleError(status, refused=status not in {502, 504} and _is_own_refusal(payload))
        return status, payload


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


@dataclass(frozen=True, slots=True)
class Connection:
    """The client for one bot, and the transports beneath it."""

    bot: Bot
    sending: Transport
    polling: Transport

    async def close(self) -> None:
        """Close every connection."""
        await self.sending.shutdown()
        await self.polling.shutdown()
