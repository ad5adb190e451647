"""The clinic as an ASGI app to be mounted at /clinic: admission, CSRF, roles, and calm pages for every error."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.actions.sign_in import Gate
from bot.actions.study import Study
from bot.clinic.access.csrf import FIELD, is_forged
from bot.clinic.access.headers import ClinicHeaders
from bot.clinic.access.kept_forms import NEVER_KEPT, keep_form, settle_form
from bot.clinic.access.sessions import BACKGROUND, Found, find_session, put_cookie, read_cookie, touch
from bot.clinic.call import (
    LANGUAGE,
    Clinic,
    ClinicOptions,
    SignedInStaff,
    StepUpNeededError,
    WordedRefusalError,
    as_pairs,
    clinic_of,
    drop_session,
    link,
    page,
    remember_language,
    safe_next,
    security_now,
    text_of,
)
from bot.clinic.glyphs import ROLE_NAMES
from bot.clinic.refusals import worded
from bot.clinic.render import environments
from bot.clinic.routes import Handler, OpenHandler, Page, all_counts, all_routes
from bot.clinic.words import say
from bot.errors import DiaryError
from bot.i18n import LANGUAGES, clinic_text, resolve_language
from bot.log import get_logger
from bot.people.passwords import Passwords
from bot.people.roles import Role, can
from bot.people.sealing import Sealer
from bot.storage.access_log import record_access
from bot.storage.database import Database
from bot.storage.staff import kept_forms
from schedules.clock import Clock
from schedules.errors import ScheduleError

log = get_logger(__name__)

STATIC = Path(__file__).parent / "static"
VISITOR = "clinic_visitor"  # the random value to which forms of signed-out people are bound
MOST_FIELDS = 300

FORGED = clinic_text(
    "refused",
    "This form did not come from a page of yours, or its page was too old. Nothing was changed: go back and try again.",
)
TOO_LONG = clinic_text("refused", "What was sent is too long. Nothing was changed.")
NOT_THIS_ROLE = clinic_text("refused", "Your role, %(role)s, may not open this page.")
NO_PAGE = clinic_text("refused", "There is no such page.")


def create_clinic(
    database: Database,
    study: Callable[[], Study],
    clock: Clock,
    options: ClinicOptions,
    *,
    routes: tuple[Page, ...] | None = None,
) -> Starlette:
    """The staff web app; mount it at /clinic. `study` answers the study with the protocol in force at the moment.

    `routes` are all pages of `bot/clinic/pages/` unless given.
    """
    sealer = Sealer(options.secret_key)
    gate = Gate(database, Passwords(options.password_cost), sealer)
    served = all_routes() if routes is None else routes
    app = Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=STATIC)),
            *(Route(found.path, endpoint(found), methods=[found.method]) for found in served),
        ],
        middleware=[Middleware(ClinicHeaders, https=options.https)],
        exception_handlers={HTTPException: no_page},
    )
    app.state.clinic = Clinic(database, study, clock, options, gate, environments(), served, all_counts())
    return app


def endpoint(found: Page) -> Callable[[Request], Awaitable[Response]]:
    """The route's ASGI endpoint: reads the form, then serves in a thread, because storage is synchronous."""

    async def serve_page(request: Request) -> Response:
        if request.method == "POST":
            try:
                request.state.form = await request.form(max_fields=MOST_FIELDS, max_files=0)
            except (ClientDisconnect, HTTPException):
                request.state.form = None
        return await run_in_threadpool(serve, request, found)

    return serve_page


def serve(request: Request, route: Page) -> Response:
    """Admit the caller, run the handler, and word whatever goes wrong."""
    clinic = clinic_of(request)
    request.state.nav = route.nav
    visitor = greet(request)
    found = find_caller(request)
    try:
        response = admitted(request, route, found)
    except StepUpNeededError as needed:
        response = ask_to_confirm(request, needed)
    except (DiaryError, ScheduleError) as error:
        response = refused(request, error)
    except Exception as error:  # noqa: BLE001  # whatever it is, a person gets a page with a number
        response = failed(request, error)
    settle_kept(request, response)
    if visitor is not None:
        put_cookie(response, visitor, https=clinic.options.https, kind=VISITOR)
    if request.query_params.get("lang"):
        remember_language(response, request, request.query_params["lang"])
    return response


def greet(request: Request) -> str | None:
    """Give a browser that is new here a random value, to which its forms are bound; answers one to be stored."""
    known = read_cookie(request, https=clinic_of(request).options.https, kind=VISITOR)
    request.state.csrf_secret = known or secrets.token_urlsafe(24)
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
    preferred = request.headers.get("accept-language", "").split(",")[0].split(";")[0]
    request.state.language = resolve_language(chosen or preferred)
    return None if known else cast("str", request.state.csrf_secret)


def find_caller(request: Request) -> Found | None:
    """The session that the cookie leads to, over or not; a live one sets who asks."""
    clinic = clinic_of(request)
    token, at = read_cookie(request, https=clinic.options.https), security_now(request)
    if token is None:
        return None
    with clinic.database.read() as session:
        found = find_session(session, token, at)
    if found is None:
        return None
    request.state.csrf_secret = token
    if found.over is None:
        request.state.staff = signed_in(found)
        request.state.language = request.state.staff.language
        if request.headers.get(BACKGROUND) is None:
            touch(clinic.database, found.row, at)
    return found


def signed_in(found: Found) -> SignedInStaff:
    """The account of a live session, as pages see it."""
    account = found.account
    return SignedInStaff(
        id=account.id,
        name=account.staff.name,
        printed_name=account.printed_name,
        role=Role(account.staff.role),
        site=account.staff.site,
        language=account.credential.language,
        session=found.row,
    )


def admitted(request: Request, route: Page, found: Found | None) -> Response:
    """The handler's answer, or the way to sign in; a wrong token or role is refused before anything is read."""
    if request.method == "POST" and (problem := form_problem(request)):
        return page(request, "refused.html", status=problem[0], sentence=problem[1])
    if route.may is None:
        return cast("OpenHandler", route.handler)(request)
    staff: SignedInStaff | None = getattr(request.state, "staff", None)
    if staff is None:
        return to_sign_in(request, found)
    if not can(staff.role, route.may):
        with clinic_of(request).database.write() as session:
            record_access(
                session, staff.actor, "refuse_page", at=security_now(request), entity="page", entity_id=route.path
            )
        role = say(ROLE_NAMES[staff.role.value], staff.language)
        raise WordedRefusalError(NOT_THIS_ROLE, status=403, role=role)
    return cast("Handler", route.handler)(request, staff)


def form_problem(request: Request) -> tuple[int, str] | None:
    """Status and sentence for a form that cannot be taken, or None."""
    clinic = clinic_of(request)
    if request.state.form is None:
        request.state.form = FormData()
        return 413, say(TOO_LONG, request.state.language)
    if is_forged(
        request,
        text_of(request, FIELD),
        request.state.csrf_secret,
        sealer=clinic.gate.sealer,
        public_url=clinic.options.public_url,
    ):
        return 403, say(FORGED, request.state.language)
    return None


def to_sign_in(request: Request, found: Found | None) -> Response:
    """Send a signed-out caller to the sign-in page; a form that came too late is kept for its account."""
    clinic = clinic_of(request)
    kept = False
    if request.method == "POST" and found is not None and found.over in {"idle", "expired", "displaced", "signed_out"}:
        with clinic.database.write() as session:
            keep_form(
                session,
                found.account.id,
                request.url.path,
                as_pairs(request.state.form),
                sealer=clinic.gate.sealer,
                at=security_now(request),
            )
        kept = True
    why = "kept" if kept else "ended" if found is not None and found.over else "needed"
    address = link(request, f"/sign-in?why={why}")
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        address += "&next=" + quote(request.url.path + query, safe="/")
        address += "".join(
            f"&lang={language}" for language in LANGUAGES if language == request.query_params.get("lang")
        )
    response: Response = RedirectResponse(address, status_code=303)
    if request.headers.get("hx-request") == "true":
        response = Response(status_code=401, headers={"HX-Redirect": address})
    if found is not None:
        drop_session(response, request)
    return response


def settle_kept(request: Request, response: Response) -> None:
    """A kept form that was sent again and taken is no longer kept."""
    staff: SignedInStaff | None = getattr(request.state, "staff", None)
    number = text_of(request, "kept_form")
    if staff is None or response.status_code >= 400 or not number.isdecimal() or len(number) > 9:
        return
    at = security_now(request)
    with clinic_of(request).database.write() as session:
        for row in kept_forms(session, staff.id, at):
            if row.id == int(number):
                settle_form(session, row, at)


def ask_to_confirm(request: Request, needed: StepUpNeededError) -> Response:
    """Ask for the factors, with the form that needs them carried along."""
    carried = [(name, value) for name, value in as_pairs(request.state.form) if name not in NEVER_KEPT]
    return page(
        request,
        "confirm.html",
        status=200 if needed.verdict is None else needed.http_status,
        factors=needed.factors,
        verdict=needed.verdict,
        carried=carried,
        target=request.url.path,
    )


def refused(request: Request, error: ScheduleError) -> Response:
    """A refusal as a calm page in the reader's language, with the status its class knows."""
    status = error.http_status if isinstance(error, DiaryError) else 404
    if isinstance(error, WordedRefusalError):
        sentence = say(error.wording, request.state.language, **error.params)
    else:
        sentence = worded(error, request.state.language)
    return page(request, "refused.html", status=status, sentence=sentence, back=came_from(request))


def came_from(request: Request) -> str | None:
    """The page of ours from which a form was sent, to go back to; None when there is none."""
    parts = urlsplit(request.headers.get("referer", ""))
    if request.method != "POST" or parts.netloc != request.url.netloc:
        return None
    return safe_next(request, parts.path + (f"?{parts.query}" if parts.query else ""))


def failed(request: Request, error: Exception) -> Response:
    """Something that should not happen: a page with a number that leads to the log line."""
    error_id = secrets.token_hex(4)
    log.error("clinic_page_failed", error_id=error_id, exc_info=error)
    return page(request, "failed.html", status=500, error_id=error_id)


async def no_page(request: Request, error: Exception) -> Response:
    """An address that leads nowhere, or a method that a page does not have."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    greet(request)
    request.state.form = FormData()
    return await run_in_threadpool(
        page, request, "refused.html", status=status, sentence=say(NO_PAGE, request.state.language)
    )
