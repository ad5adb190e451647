"""A recording layer in front of the sandbox: keeps every request of the bot, and tells tests when one passes."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.support.bot_api_rules import problems_of

ABOUT_A_MESSAGE = ("sendMessage", "editMessageText", "editMessageReplyMarkup", "deleteMessage")


@dataclass
class Request:
    """One request of the bot, as it came, and what it was answered with; instants are monotonic seconds."""

    number: int
    method: str
    parameters: Mapping[str, str]
    problems: tuple[str, ...]
    came_at: float
    status: int | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def chat(self) -> int | None:
        """The chat it is about."""
        given = self.parameters.get("chat_id", "")
        return int(given) if given.lstrip("-").isdigit() else None


class Line:
    """An ASGI app around the sandbox's.

    `watcher` is called with each request before it is carried out (`came`) and before the answer leaves
    (`done`), in the server's thread. `overlaps` counts messages that met another one under way for their chat.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.state = app.state
        self.requests: list[Request] = []
        self.watcher: Callable[[Request, str], None] = lambda _request, _phase: None
        self.overlaps = 0
        self._open: Counter[int] = Counter()
        self._lock = threading.Lock()

    def invalid(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every request that breaks the documentation, with what is wrong."""
        return [(request.method, request.problems) for request in list(self.requests) if request.problems]

    def count(self, method: str) -> int:
        """How many requests of this method have come."""
        return sum(request.method == method for request in list(self.requests))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/bot"):
            await self._app(scope, receive, send)
            return
        body = await read(receive)
        if body is None:
            return  # whoever asked is gone before the request was complete
        request = self._note(scope, body)
        self.watcher(request, "came")
        answer = Answer(send, request, self.watcher)
        try:
            await self._app(scope, Again(receive, body).receive, answer.send)
        finally:
            self._close(request)

    def _note(self, scope: Any, body: bytes) -> Request:
        method = scope["path"].rpartition("/")[2]
        parameters = dict(parse_qsl((scope["query_string"] + b"&" + body).decode(), keep_blank_values=True))
        with self._lock:
            request = Request(
                len(self.requests), method, parameters, tuple(problems_of(method, parameters)), time.monotonic()
            )
            self.requests.append(request)
            if method in ABOUT_A_MESSAGE and request.chat is not None:
                self.overlaps += self._open[request.chat] > 0
                self._open[request.chat] += 1
        return request

    def _close(self, request: Request) -> None:
        with self._lock:
            if request.method in ABOUT_A_MESSAGE and request.chat is not None:
                self._open[request.chat] -= 1


class Again:
    """Gives a body that has been read already; keeps the transport, which the sandbox cuts to act out a fault."""

    def __init__(self, receive: Any, body: bytes) -> None:
        self._receive, self._body = receive, body
        self._given = False
        self.transport = getattr(getattr(receive, "__self__", None), "transport", None)

    async def receive(self) -> Any:
        if self._given:
            return await self._receive()
        self._given = True
        return {"type": "http.request", "body": self._body, "more_body": False}


class Answer:
    """Notes status and body of an answer, and tells the watcher before the first byte leaves."""

    def __init__(self, send: Any, request: Request, watcher: Callable[[Request, str], None]) -> None:
        self._send, self._request, self._watcher = send, request, watcher
        self._start: Any = None

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._start, self._request.status = message, message["status"]
            return
        if self._start is not None:
            self._request.answer = as_mapping(message.get("body", b""))
            self._watcher(self._request, "done")
            await self._send(self._start)
            self._start = None
        await self._send(message)


def as_mapping(body: bytes) -> Mapping[str, Any]:
    """An answer's JSON object, or nothing."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


async def read(receive: Any) -> bytes | None:
    """The whole body of a request; None when it broke off."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
