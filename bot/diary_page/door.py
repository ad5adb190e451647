"""The way in: a personal link becomes a cookie that no script can read, and forms are bound to that cookie."""

import hmac
import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.errors import RefusedError
from bot.people.keys import token_hash
from bot.people.sealing import Sealer
from bot.storage.diary_links import link_by_hash
from bot.storage.participants import participant_by_id
from bot.storage.tables import DiaryLinkRow, ParticipantRow

TOKEN_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
CSRF: Final = "csrf"
COOKIE_DAYS: Final = 180  # from the first diary day to the last visit; what it opens can be revoked at any time
SAID: Final = "diary_said"
SAID_SECONDS: Final = 60
OWN_SITE: Final = frozenset({"same-origin", "none"})


class Door:
    """Reads and writes the page's cookies, and tells our own forms from others'."""

    def __init__(self, sealer: Sealer, public_url: str | None) -> None:
        self._sealer, self._public_url = sealer, public_url
        self._https = (public_url or "").startswith("https:")

    @property
    def cookie(self) -> str:
        """The cookie's name; `__Host-` binds it to this very host, which browsers allow only over https."""
        return "__Host-diary" if self._https else "diary"

    def open_with(self, session: Session, token: str) -> DiaryLinkRow | None:
        """The link that a token opens, None for one that is unknown, malformed or revoked."""
        return link_by_hash(session, token_hash(token)) if TOKEN_SHAPE.fullmatch(token) else None

    def caller(self, session: Session, request: Request) -> ParticipantRow | None:
        """The participant whose link this browser has opened, as long as the link is not revoked."""
        link_id = self.link_id(request)
        row = session.get(DiaryLinkRow, link_id) if link_id is not None else None
        if row is None or row.revoked_at is not None:
            return None
        return participant_by_id(session, row.participant_id)

    def link_id(self, request: Request) -> int | None:
        """The link that the cookie stands for, alive or not."""
        sealed = request.cookies.get(self.cookie, "")
        try:
            return int(self._sealer.open(self.cookie, sealed)) if sealed else None
        except (RefusedError, ValueError):
            return None

    def admit(self, response: Response, request: Request, link: DiaryLinkRow) -> None:
        """Give the browser its cookie; one that it has already stays, so that forms in other tabs go on working."""
        if self.link_id(request) != link.id:
            seconds = COOKIE_DAYS * 24 * 3600
            self._put(response, self.cookie, self._sealer.seal(self.cookie, str(link.id)), seconds)

    def form_token(self, request: Request) -> str:
        """What a form of this browser has to carry."""
        return self._sealer.stamp("diary_form", request.cookies.get(self.cookie, ""))

    def is_forged(self, request: Request, given: str) -> bool:
        """Whether a form must be refused: not made for this browser, or sent from another site's page."""
        right = hmac.compare_digest(given.encode(), self.form_token(request).encode())
        ours = request.headers.get("sec-fetch-site", "same-origin") in OWN_SITE
        return not (right and ours and self._origin_is_ours(request))

    def _origin_is_ours(self, request: Request) -> bool:
        origin = request.headers.get("origin")
        if origin in (None, "null"):
            return True  # pages that send no referrer name no origin either; the token had to be right
        ours = {request.headers.get("host", "")} | ({urlsplit(self._public_url).netloc} if self._public_url else set())
        return urlsplit(origin).netloc in ours

    def say_next(self, response: Response, notes: Sequence[str]) -> None:
        """Let the next page say these sentences, once."""
        if notes:
            self._put(response, SAID, self._sealer.seal(SAID, json.dumps(list(notes))), SAID_SECONDS)

    def said(self, request: Request) -> tuple[str, ...]:
        """The sentences that this page has to say."""
        sealed = request.cookies.get(SAID, "")
        try:
            return tuple(json.loads(self._sealer.open(SAID, sealed))) if sealed else ()
        except RefusedError:
            return ()

    def has_said(self, response: Response) -> None:
        response.delete_cookie(SAID, path="/", secure=self._https, httponly=True, samesite="lax")

    def _put(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self._https, httponly=True, samesite="lax")
