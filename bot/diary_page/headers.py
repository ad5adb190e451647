"""Headers on every answer of the diary page: nothing is kept, referred to, indexed or framed; and a limit on bodies."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 64_000
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive, nosnippet",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
STATIC_CACHE: Final = "public, max-age=3600"
HSTS: Final = "max-age=31536000; includeSubDomains"


class DiaryHeaders:
    """Sets the headers; only files below /static may be kept by a browser, and only https promises https."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = HEADERS | ({"strict-transport-security": HSTS} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = self._headers | ({"cache-control": STATIC_CACHE} if "/static/" in scope["path"] else {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].decode().lower() not in own]
                message["headers"] = [*kept, *((name.encode(), value.encode()) for name, value in own.items())]
            await send(message)

        await self._app(scope, limited(receive), send_with_headers)


def limited(receive: Receive) -> Receive:
    """Read at most so much; a longer body ends as if the sender had gone."""
    size = 0

    async def read() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= LARGEST_BODY else {"type": "http.disconnect"}

    return read
