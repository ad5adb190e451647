"""The HTTP front: webhook, liveness, readiness and metrics; the clinic and the diary page are mounted beside them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.metrics import INBOX_ASIDE, INBOX_WAITING, OUTBOX_DUE, REGISTRY
from bot.channels.readiness import Readiness

NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
Webhook = Callable[[Request], Awaitable[Response]]
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


def create_http(readiness: Callable[[], Awaitable[Readiness]], *, webhook: Webhook | None = None) -> FastAPI:
    """The app; `readiness` is asked for each answer of `/readyz` and `/metrics`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry=NO_TELEMETRY)

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"alive": True})

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        found = await readiness()
        return JSONResponse(found.as_json(), status_code=200 if found.ready else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        found = await readiness()
        INBOX_WAITING.set(found.inbox)
        INBOX_ASIDE.set(found.aside)
        OUTBOX_DUE.set(found.outbox_due)
        return PlainTextResponse(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    if webhook is not None:
        app.add_route("/telegram/webhook", webhook, methods=["POST"])
    app.add_middleware(SecurityHeaders)
    return app


class SecurityHeaders:
    """Adds the headers that every page needs, unless the page has set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def add_headers(message: MutableMapping[str, Any]) -> None:
    """Add each missing header to a response's start."""
    present = {name.lower() for name, _ in message["headers"]}
    message["headers"] = [*message["headers"], *(pair for pair in HEADERS if pair[0] not in present)]
