"""The diary page as an ASGI app to be mounted at /diary: plain pages and forms, one per question, no script needed."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlmodel import Session
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.actions.study import Study
from bot.diary_page import answering, joining, words
from bot.diary_page.door import CSRF, Door
from bot.diary_page.forms import read_form, text_of
from bot.diary_page.headers import DiaryHeaders
from bot.diary_page.page_call import PageCall, page_call
from bot.diary_page.render import Renderer, go_to
from bot.diary_page.view import more_view, view_now
from bot.log import get_logger
from bot.people.sealing import Sealer
from bot.storage.database import Database
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock

log = get_logger(__name__)

STATIC: Final = Path(__file__).parent / "static"
Act = Callable[[PageCall, FormData], None]
Look = Callable[[PageCall], object]
Handler = Callable[[Request], Awaitable[Response]]
ELSEWHERE: Final = "elsewhere"

ACTS: Final[dict[str, Act]] = {
    "/tap": lambda call, form: answering.tap(call, text_of(form, "tap")),
    "/number": lambda call, form: answering.number(call, text_of(form, "form"), text_of(form, "number")),
    "/language": lambda call, form: answering.language(call, text_of(form, "language")),
    "/again": lambda call, _form: joining.read_again(call),
    "/hour": lambda call, form: answering.hour(call, text_of(form, "hour")),
    "/stop": lambda call, _form: answering.stop(call),
    "/resume": lambda call, _form: answering.resume(call),
    "/message": lambda call, form: answering.message(call, text_of(form, "text")),
}


@dataclass(frozen=True, slots=True)
class DiaryOptions:
    """How this instance serves the page.

    `secret_key` seals cookies; `public_url` is the address people type, when it is not the listening one;
    `after_act` is called after each commit, so that what was queued for a chat can be sent at once.
    """

    secret_key: str = field(repr=False)
    public_url: str | None = None
    after_act: Callable[[], None] = lambda: None

    @property
    def https(self) -> bool:
        return (self.public_url or "").startswith("https:")


class DiaryPage:
    """The page's handlers; the database is asked in threads of its own, so that no request blocks another."""

    def __init__(self, database: Database, study: Callable[[], Study], clock: Clock, options: DiaryOptions) -> None:
        self._database, self._study, self._clock, self._options = database, study, clock, options
        self._door = Door(Sealer(options.secret_key), options.public_url)
        self._render = Renderer(self._door, shifted=clock.shifted)

    def routes(self) -> list[Route]:
        """Every address of the page; none of them but the personal link names anybody."""
        return [
            Route("/", self._calmly(self.show), methods=["GET"]),
            Route("/more", self._calmly(self.show_more), methods=["GET"]),
            Route("/stop", self._calmly(self.ask_to_stop), methods=["GET"]),
            *(Route(path, self._acting(act), methods=["POST"]) for path, act in ACTS.items()),
            Route("/{token}", self._calmly(self.open_link), methods=["GET"]),
        ]

    async def open_link(self, request: Request) -> Response:
        """A personal link: its token is put into a cookie, and leaves the address, the history and the referrer."""

        def find() -> Response | None:
            with self._database.read() as session:
                link = self._door.open_with(session, request.path_params["token"])
                if link is None:
                    return None
                response = go_to(request, "/")
                self._door.admit(response, request, link)
                return response

        return await self._database.reading(find) or self._render.shut(request)

    async def show(self, request: Request) -> Response:
        """Where the diary stands."""
        return await self._page(request, "diary.html", view_now)

    async def show_more(self, request: Request) -> Response:
        """Time of the questions, a message to the team, stopping, and the notice."""
        return await self._page(request, "more.html", only_joined(more_view))

    async def ask_to_stop(self, request: Request) -> Response:
        """Ask once before all messages end."""
        return await self._page(request, "stop.html", only_joined(lambda _call: None))

    async def _page(self, request: Request, template: str, look: Look) -> Response:
        def read() -> tuple[object, str, str] | None:
            with self._database.write() as session:
                call = self._call(session, request)
                return (look(call), call.language, call.phone) if call is not None else None

        found = await self._database.writing(read) if await self._knows(request) else None
        if found is None:
            return self._render.shut(request)
        view, language, phone = found
        if view == ELSEWHERE:
            return go_to(request, "/")
        return self._render.page(request, template, language, phone=phone, view=view)

    async def _knows(self, request: Request) -> bool:
        """Whether the browser's cookie leads to anybody; strangers never take a writer's turn."""

        def look() -> bool:
            with self._database.read() as session:
                return self._door.caller(session, request) is not None

        return self._door.link_id(request) is not None and await self._database.reading(look)

    def _call(self, session: Session, request: Request) -> PageCall | None:
        """The caller's request, looked up anew within the transaction; None once the link has been revoked."""
        caller = self._door.caller(session, request)
        if caller is None:
            return None
        return page_call(session, caller, self._study(), self._clock.now(), shifted=self._clock.shifted)

    def _acting(self, act: Act) -> Handler:
        async def serve(request: Request) -> Response:
            form = await read_form(request)
            try:
                return await self._answer(request, form, act)
            except DATABASE_TROUBLE as error:
                log.warning("database_trouble", part="diary_page", error=type(error).__name__)
                return self._render.not_saved(request, words.NOT_SAVED, status=503, form=form)
            except Exception:  # whatever it is, a person is told that nothing was saved
                log.exception("diary_form_failed", error_id=secrets.token_hex(4))
                return self._render.not_saved(request, words.NOT_SAVED, status=500, form=form)

        return serve

    async def _answer(self, request: Request, form: FormData, act: Act) -> Response:
        if not await self._knows(request):
            return self._render.shut(request)
        if self._door.is_forged(request, text_of(form, CSRF)):
            return self._render.not_saved(request, words.FORGED, status=403, form=form)
        notes = await self._database.writing(lambda: self._carry_out(request, form, act))
        if notes is None:
            return self._render.shut(request)
        self._options.after_act()
        response = go_to(request, "/")
        self._door.say_next(response, notes)
        return response

    def _carry_out(self, request: Request, form: FormData, act: Act) -> list[str] | None:
        """One transaction; None when the link has been revoked meanwhile. Whoever has left changes nothing."""
        with self._database.write() as session:
            call = self._call(session, request)
            if call is None:
                return None
            if call.sender.withdrawn_at is None:
                act(call, form)
            return call.notes

    def _calmly(self, handler: Handler) -> Handler:
        """A page for whatever goes wrong while reading."""

        async def serve(request: Request) -> Response:
            try:
                return await handler(request)
            except DATABASE_TROUBLE as error:
                log.warning("database_trouble", part="diary_page", error=type(error).__name__)
            except Exception:  # a person gets a page, the log the place in the code
                log.exception("diary_page_failed", error_id=secrets.token_hex(4))
            return self._render.unavailable(request)

        return serve

    async def no_page(self, request: Request, _error: Exception) -> Response:
        """An address that leads nowhere answers as an unknown link does."""
        return self._render.shut(request)


def only_joined(look: Look) -> Look:
    """A page for those who take part; anybody else is led to where they stand."""

    def look_if_joined(call: PageCall) -> object:
        takes_part = call.sender.joined_at is not None and call.sender.withdrawn_at is None
        return look(call) if takes_part else ELSEWHERE

    return look_if_joined


def create_diary_page(database: Database, study: Callable[[], Study], clock: Clock, options: DiaryOptions) -> Starlette:
    """The participant's diary page; mount it at /diary. `study` answers the study with the protocol now in force."""
    page = DiaryPage(database, study, clock, options)
    return Starlette(
        routes=[Mount("/static", StaticFiles(directory=STATIC)), *page.routes()],
        middleware=[Middleware(DiaryHeaders, https=options.https)],
        exception_handlers={HTTPException: page.no_page},
    )
