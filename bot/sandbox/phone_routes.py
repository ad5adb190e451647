"""The phone page and its small JSON interface: look, type, tap, move the clock, switch faults."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bot.errors import DiaryError
from bot.sandbox.bell import Bell
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.phone_deeds import DEEDS
from bot.sandbox.phone_view import Link, Phone, page_state
from bot.sandbox.rules import BotApi
from bot.sandbox.study_clock import StudyClock
from schedules.clock import Clock

DraftPage = Callable[[str, str, str], str]

_PAGE = "bot.sandbox.page"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}
_ASSETS = ("phone.css", "phone.js", "chat.js", "bubble.js", "panel.js", "text.js", "words.js", "words.json", "icon.svg")
_WAIT_SECONDS = 20.0
_LOOK_SECONDS = 0.2
_LONGEST_STEP = 366 * 24 * 3600
_EVENING = 18
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PhoneRoutes:
    """Serves the page for people on this machine; there is no sign-in, so other hosts' pages are kept out."""

    def __init__(
        self,
        api: BotApi,
        *,
        clock: Clock,
        study_clock: StudyClock,
        bell: Bell,
        phones: Sequence[Phone],
        links: Sequence[Link],
        draft_page: DraftPage | None,
        hosts: frozenset[str],
        progress: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._study_clock = study_clock
        self._bell = bell
        self._phones = {phone.user_id: phone for phone in phones}
        self._links = links
        self._draft_page = draft_page
        self._hosts = hosts
        self._progress = progress
        self._templates = Environment(
            loader=PackageLoader("bot.sandbox", "page"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
        )

    def routes(self) -> list[Route]:
        """Return all routes of the page."""
        return [
            Route("/", self._open(self.page)),
            Route("/page/{name}", self._open(self.asset)),
            Route("/phone/state", self._open(self.state)),
            Route("/phone/clock", self._open(self.clock)),
            Route("/phone/photo/{file_id}", self._open(self.photo)),
            Route("/phone/{user_id:int}/{deed}", self._open(self.act), methods=["POST"]),
            Route("/phone/clock/move", self._open(self.move_clock), methods=["POST"]),
            Route("/phone/faults", self._open(self.switch_fault), methods=["POST"]),
            Route("/draft/{code}/{visit}", self._open(self.draft)),
        ]

    async def page(self, request: Request) -> Response:
        """The page itself, in words already; its script changes them with the language."""
        links = [link._asdict() for link in self._links]
        language = _language(request)
        page = self._templates.get_template("phone.html")
        return HTMLResponse(page.render(links=links, language=language, words=_words(language)))

    async def asset(self, request: Request) -> Response:
        """Style sheet, script and words of the page."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            return _problem("not_found", 404)
        content = resources.files(_PAGE).joinpath(name).read_bytes()
        return Response(content, media_type=_KINDS[Path(name).suffix])

    async def state(self, request: Request) -> Response:
        """What the phones show, as soon as it is newer than `version`."""
        known = request.query_params.get("version")
        end = self._clock.monotonic() + _WAIT_SECONDS
        while known == str(self._api.state.version) and not self._bell.closed:
            with self._bell.listening() as heard:
                left = end - self._clock.monotonic()
                if known != str(self._api.state.version):
                    break
                if left <= 0 or await request.is_disconnected():
                    break
                await heard.wait(min(left, 1.0))
        phones = list(self._phones.values())
        return JSONResponse(page_state(self._api, phones, self._clock.system_now().timestamp()))

    async def clock(self, _request: Request) -> Response:
        """Study time and what the bot says about itself."""
        study, status = self._study_clock, await self._study_clock.readiness()
        return JSONResponse({
            "now": study.now().timestamp(),
            "movable": study.movable,
            "moving": study.moving,
            "ready": None if status is None else status.ready,
            "next": status.next_due.timestamp() if status and status.next_due else None,
            "waiting": 0 if status is None else status.inbox + status.outbox_due,
            "played": self._progress(),
        })  # fmt: skip

    async def photo(self, request: Request) -> Response:
        """A picture that the bot sent."""
        content = self._api.state.photos.get(request.path_params["file_id"])
        if content is None:
            return _problem("not_found", 404)
        kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
        return Response(content, media_type=kind)

    async def act(self, request: Request) -> Response:
        """Do something on a phone."""
        user_id, deed = request.path_params["user_id"], request.path_params["deed"]
        act = DEEDS.get(deed)
        if act is None or user_id not in self._phones:
            return _problem("not_found", 404)
        body = await request.json()
        if deed != "language" and not await self._wait_until_played(request):
            return _problem("not_ready", 409)
        act(self._api, self._clock.system_now(), self._phones[user_id], body)
        return JSONResponse({"done": True})

    async def _wait_until_played(self, request: Request) -> bool:
        """Nobody acts in a past that is still being played; False when the page or the server went away meanwhile."""
        while self._progress() is not None:
            if self._bell.closed or await request.is_disconnected():
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    async def move_clock(self, request: Request) -> Response:
        """Move study time: kind `next`, `seconds` (with `seconds`) or `evening` (with `timezone`)."""
        body = await request.json()
        study = self._study_clock
        if not await self._wait_until_played(request):
            return _problem("not_ready", 409)
        if body["kind"] == "next":
            await study.step_next()
        elif body["kind"] == "seconds":
            await study.move_to(study.now() + timedelta(seconds=min(int(body["seconds"]), _LONGEST_STEP)))
        elif body["kind"] == "evening":
            await study.move_to(tomorrow_evening(study.now(), ZoneInfo(str(body["timezone"]))))
        else:
            return _problem("not_found", 404)
        return JSONResponse({"done": True})

    async def switch_fault(self, request: Request) -> Response:
        """Switch one kind of fault on or off; `count` and `probability` may limit it."""
        body = await request.json()
        kind = FaultKind(body["kind"])
        if body["on"]:
            share, count = float(body.get("probability", 1.0)), body.get("count")
            self._api.faults.on(Fault(kind, probability=share, count=None if count is None else int(count)))
        else:
            self._api.faults.off(kind)
        self._api.state.changed()
        return JSONResponse({"done": True})

    async def draft(self, request: Request) -> Response:
        """The CDAI draft that the caller renders."""
        if self._draft_page is None:
            return _problem("not_found", 404)
        code, visit = request.path_params["code"], request.path_params["visit"]
        language = _language(request)
        body = await run_in_threadpool(self._draft_page, code, visit, language)
        page = self._templates.get_template("draft.html")
        return HTMLResponse(page.render(body=body, code=code, visit=visit, language=language, words=_words(language)))

    def _open(self, endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """Let only requests of our own page in, and turn refusals into answers."""

        async def guarded(request: Request) -> Response:
            if not self._from_our_page(request):
                return _problem("foreign", 403)
            try:
                response: Response = await endpoint(request)
            except DiaryError as error:
                code = getattr(error, "code", "refused")
                response = _problem(code, error.http_status, str(error))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                response = _problem("wrong", 400, str(error))
            response.headers.update(_HEADERS)
            return response

        return guarded

    def _from_our_page(self, request: Request) -> bool:
        """A foreign site can neither name our host (rebinding) nor send JSON without asking first."""
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        plain = request.method in ("GET", "HEAD")
        return host in self._hosts and (plain or request.headers.get("content-type", "").startswith("application/json"))


def tomorrow_evening(now: datetime, zone: ZoneInfo) -> datetime:
    """Return 18:00 of the next local date."""
    local = now.astimezone(zone) + timedelta(days=1)
    return local.replace(hour=_EVENING, minute=0, second=0, microsecond=0)


def _language(request: Request) -> str:
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return "zh" if wanted.startswith("zh") else "en"


def _words(language: str) -> dict[str, str]:
    words: dict[str, dict[str, str]] = json.loads(resources.files(_PAGE).joinpath("words.json").read_text("utf-8"))
    return words[language]


def _problem(code: str, status: int, sentence: str = "") -> Response:
    return JSONResponse({"error": code, "sentence": sentence}, status_code=status)
