"""The HTTP side of the Bot API: requests in any of Telegram's forms, long polling, and faults acted out."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.sandbox.answers import Reply, accepted, bad_request, refused
from bot.sandbox.bell import Bell
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.rules import BotApi, Exchange
from bot.sandbox.updates import MAX_TIMEOUT
from schedules.clock import Clock

_BODY_LIMIT = 10 * 1024 * 1024
_LOOK_SECONDS = 1.0
_FOR_EVER = 24 * 3600.0
_BAD_GATEWAY = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>502 Bad Gateway</body>\n</html>\n"
_PORTAL = "<!DOCTYPE html><html><title>Sign in to the network</title><p>Please sign in.</p></html>"


class BotRoutes:
    """Answers `/bot<token>/<method>`; `hold_seconds` is how long a time-out fault keeps a request waiting."""

    def __init__(self, api: BotApi, clock: Clock, bell: Bell, *, hold_seconds: float) -> None:
        self._api = api
        self._clock = clock
        self._bell = bell
        self._hold_seconds = hold_seconds

    async def answer(self, request: Request) -> Response:
        """Serve one request of the bot."""
        token, method = request.path_params["token"], request.path_params["method"]
        given = await read_request(request)
        if given is None:
            return _as_response(refused(bad_request("bad_body", "can't parse the request body")))
        exchange = self._api.exchange(self._clock.system_now(), token, method, given)
        if exchange.fault is not None:
            return await self._act_out(request, exchange, exchange.fault)
        reply = exchange.reply
        if reply is not None and method.lower() == "getupdates" and reply.body.get("result") == []:
            return await self._wait_for_updates(request, given)
        return _as_response(reply)

    async def _wait_for_updates(self, request: Request, given: Mapping[str, Any]) -> Response:
        """Hold an empty getUpdates call until an update comes, its time is over or another poller appears."""
        self._bell.ring()  # whoever waits already learns that there is another poller
        ticket, limit = self._api.poll_ticket, int(given.get("limit") or 100)
        end = self._clock.monotonic() + min(max(int(given.get("timeout") or 0), 0), MAX_TIMEOUT)
        while True:
            with self._bell.listening() as heard:
                reply = self._api.poll_again(self._clock.system_now(), ticket, limit)
                left = end - self._clock.monotonic()
                if self._api.faults.outage:
                    return drop_connection(request)
                if reply is not None:
                    return _as_response(reply)
                if left <= 0 or self._bell.closed or await request.is_disconnected():
                    return _as_response(accepted([]))
                await heard.wait(min(left, _LOOK_SECONDS))

    async def _act_out(self, request: Request, exchange: Exchange, fault: Fault) -> Response:
        match fault.kind:
            case FaultKind.TOO_MANY:
                return _as_response(exchange.reply)
            case FaultKind.SERVER_ERROR:
                return JSONResponse(_SERVER_ERROR, status_code=500)
            case FaultKind.BAD_GATEWAY:
                return HTMLResponse(_BAD_GATEWAY, status_code=502)
            case FaultKind.HTML_BODY:
                return HTMLResponse(_PORTAL)
            case FaultKind.TRUNCATED:
                return _half(exchange.reply)
            case FaultKind.TIMEOUT_BEFORE | FaultKind.TIMEOUT_AFTER:
                await self._hold(request, self._hold_seconds)
            case FaultKind.HANG:
                await self._hold(request, _FOR_EVER)
            case FaultKind.RESET | FaultKind.OUTAGE:
                pass
        return drop_connection(request)

    async def _hold(self, request: Request, seconds: float) -> None:
        end = self._clock.monotonic() + seconds
        while self._clock.monotonic() < end and not self._bell.closed:
            if await request.is_disconnected():
                return
            await asyncio.sleep(0.05)


_SERVER_ERROR = {"ok": False, "error_code": 500, "description": "Internal Server Error"}


async def read_request(request: Request) -> dict[str, Any] | None:
    """Return query, form or JSON values as one mapping; None when the body cannot be read."""
    given: dict[str, Any] = dict(request.query_params)
    if request.method == "GET":
        return given
    if int(request.headers.get("content-length") or 0) > _BODY_LIMIT:
        return None
    if request.headers.get("content-type", "").startswith("application/json"):
        body = await _json_object(request)
        return None if body is None else given | body
    async with request.form() as form:
        for name, value in form.items():
            given[name] = await value.read() if isinstance(value, UploadFile) else value
    return given


def drop_connection(request: Request) -> Response:
    """Cut the line without an answer, as a dead server does.

    Uvicorn keeps its transport on the object behind `receive`; another server gets a bare 503 instead.
    """
    transport = getattr(getattr(request.receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
    return Response(status_code=503)


async def _json_object(request: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _as_response(reply: Reply | None) -> Response:
    return Response(status_code=503) if reply is None else JSONResponse(reply.body, status_code=reply.status)


def _half(reply: Reply | None) -> Response:
    content = json.dumps(reply.body if reply else {"ok": True, "result": True}).encode()
    return Response(content[: len(content) // 2], media_type="application/json")
