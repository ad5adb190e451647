"""Cross-site request forgery: a token bound to the browser's session, and where the request says it comes from."""

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from bot.people.sealing import Sealer

FIELD = "csrf"
PURPOSE = "csrf"


def csrf_token(sealer: Sealer, secret: str) -> str:
    """The token for forms of the browser that holds this cookie value."""
    return sealer.stamp(PURPOSE, secret)


def is_forged(request: Request, given: str, secret: str, *, sealer: Sealer, public_url: str | None) -> bool:
    """Whether a POST must be refused: wrong token, or sent by another site's page."""
    return not (
        hmac.compare_digest(given.encode(), csrf_token(sealer, secret).encode())
        and _site_is_ours(request)
        and _origin_is_ours(request, public_url)
    )


def _site_is_ours(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _origin_is_ours(request: Request, public_url: str | None) -> bool:
    origin = request.headers.get("origin")
    if origin is None:
        return True  # old browsers; the token still had to be right
    ours = {request.headers.get("host", "")} | ({urlsplit(public_url).netloc} if public_url else set())
    return urlsplit(origin).netloc in ours
