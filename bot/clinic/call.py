"""What a page's handler works with: who asks, reading, acting with a trail, site scope, answering with a page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment
from sqlalchemy import Select
from sqlmodel import Session, col
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.actions.confirm_identity import Confirmation, Factors, confirm_identity, factors_needed
from bot.actions.sign_in import Gate, Verdict
from bot.actions.study import Study
from bot.clinic.access.csrf import csrf_token
from bot.clinic.access.sessions import drop_cookie, put_cookie
from bot.clinic.routes import NAV, Count, Nav, Page
from bot.clinic.words import HTML_LANG, say
from bot.errors import DiaryError, NotFoundError
from bot.i18n import Message, clinic_text, resolve_language
from bot.people.actor import Actor, ActorKind, Origin
from bot.people.passwords import PasswordCost
from bot.people.roles import ALL_SITES, Permission, Role, can, sees_site
from bot.storage.access_log import record_access
from bot.storage.database import Database
from bot.storage.participants import participant_by_code
from bot.storage.tables import ParticipantRow, StaffRow, StaffSessionRow
from bot.storage.trail import Trail
from bot.storage.views.memory import Memory
from schedules.clock import Clock

Result = TypeVar("Result")
COUNT_KEPT_SECONDS: Final = 15.0
SAID: Final = "clinic_said"
LANGUAGE: Final = "clinic_language"
OTHER_LANGUAGE: Final = {"en": "zh", "zh": "en"}
YEAR_SECONDS: Final = 365 * 24 * 3600
ENDED_MEANWHILE: Final = clinic_text(
    "refused", "Your session has ended in the meantime, and nothing was changed: sign in again."
)
EVERY_SITE: Final = clinic_text("sites", "All sites")
NO_PARTICIPANT: Final = clinic_text("refused", "There is no participant %(code)s at your site.")
SAID_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class ClinicOptions:
    """How this instance serves its clinic.

    `secret_key` seals and stamps; `public_url` is the address people type, when it is not the listening one;
    `after_act` is called after each act has been committed, so that what it queued can be sent at once. `played`
    says how much of a demonstration's past has been played, from 0 to 1; None when there is nothing to wait for.
    """

    secret_key: str = field(repr=False)
    public_url: str | None = None
    demonstration: bool = False
    password_cost: PasswordCost = field(default_factory=PasswordCost)
    after_act: Callable[[], None] | None = None
    played: Callable[[], float | None] = lambda: None

    @property
    def https(self) -> bool:
        return (self.public_url or "").startswith("https:")


@dataclass(frozen=True, slots=True)
class SignedInStaff:
    """Who asks: the account, what it may see, its language, and the session it asks in."""

    id: int
    name: str
    printed_name: str
    role: Role
    site: str
    language: str
    session: StaffSessionRow = field(repr=False)

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.STAFF, self.name, self.role.value)

    def can(self, permission: Permission) -> bool:
        """Whether the role has the permission; templates use it to leave out what would be refused."""
        return can(self.role, permission)

    def sees(self, site: str) -> bool:
        """Whether a site lies within the account's scope."""
        return sees_site(self.site, site)


@dataclass(slots=True)
class Clinic:
    """The running clinic: what every request shares."""

    database: Database
    read_study: Callable[[], Study]
    clock: Clock
    options: ClinicOptions
    gate: Gate
    environments: dict[str, Environment]
    routes: tuple[Page, ...]
    counts: dict[Nav, Count]
    kept_counts: dict[tuple[Nav, str, Role], tuple[float, int]] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)

    @property
    def study(self) -> Study:
        """The study with the protocol in force at this moment."""
        return self.read_study()


class StepUpNeededError(DiaryError):
    """An act needs its person confirmed; answered with a page that asks and then sends the same form again."""

    http_status = 403

    def __init__(self, factors: Factors, verdict: Verdict | None) -> None:
        super().__init__("Confirm who you are: give your password and, where asked, the six-digit code.")
        self.factors = factors
        self.verdict = verdict


class WordedRefusalError(DiaryError):
    """A refusal that pages word in the reader's language; `status` is the HTTP status, 409 for a state that forbids."""

    def __init__(self, wording: Message, *, status: int = 409, **params: object) -> None:
        super().__init__(wording.english % params if params else wording.english)
        self.wording, self.params, self.http_status = wording, params, status


def clinic_of(request: Request) -> Clinic:
    return cast("Clinic", request.app.state.clinic)


def study_of(request: Request) -> Study:
    """The study with its protocol in force."""
    return clinic_of(request).study


def study_now(request: Request) -> datetime:
    """Study time: diary days, deadlines, what is open. One instant for the whole request."""
    if not hasattr(request.state, "study_now"):
        request.state.study_now = clinic_of(request).clock.now()
    return cast("datetime", request.state.study_now)


def security_now(request: Request) -> datetime:
    """Security time, never shifted: sessions, codes, access events."""
    return clinic_of(request).clock.system_now()


def form_of(request: Request) -> FormData:
    """The posted form, already read; empty for a GET."""
    return getattr(request.state, "form", FormData())


def text_of(request: Request, name: str) -> str:
    """A posted text with its outer blanks trimmed; empty when absent."""
    value = form_of(request).get(name, "")
    return value.strip() if isinstance(value, str) else ""


def caller_ip(request: Request) -> str:
    """Where the request comes from; behind a trusted proxy uvicorn has put the caller's own address there."""
    return request.client.host if request.client else "unknown"


@contextmanager
def reading(request: Request) -> Iterator[Session]:
    """A session for reading."""
    with clinic_of(request).database.read() as session:
        yield session


def act(request: Request, deed: Callable[[Trail], Result]) -> Result:
    """Run an action in one write transaction, with a trail that names this member of staff and study time."""
    clinic = clinic_of(request)
    staff: SignedInStaff = request.state.staff
    with clinic.database.write() as session:
        check_still_active(session, staff)
        trail = Trail(session, clinic.clock.now(), staff.actor, Origin.CLINIC, shifted=clinic.clock.shifted)
        result = deed(trail)
    clinic.kept_counts.clear()
    if clinic.options.after_act is not None:
        clinic.options.after_act()
    return result


def check_still_active(session: Session, staff: SignedInStaff) -> None:
    """Refuse an act whose account or session ended while the request was on its way."""
    row, browser = session.get(StaffRow, staff.id), session.get(StaffSessionRow, staff.session.id)
    if row is None or row.disabled_at is not None or browser is None or browser.ended_at is not None:
        raise WordedRefusalError(ENDED_MEANWHILE, status=403)


def site_scope(statement: Select[Any], staff: SignedInStaff) -> Select[Any]:
    """Narrow a query over participants to the account's sites."""
    if staff.site == ALL_SITES:
        return statement
    return statement.where(col(ParticipantRow.site).in_(staff.site.split(",")))


def participant_for(session: Session, staff: SignedInStaff, code: str) -> ParticipantRow:
    """The participant of this code; a foreign site's is not found, in the same words as one that never was."""
    try:
        row = participant_by_code(session, code)
    except NotFoundError:
        row = None
    if row is None or not staff.sees(row.site):
        raise WordedRefusalError(NO_PARTICIPANT, status=404, code=code[:20])
    return row


def note_view(request: Request, staff: SignedInStaff, what: str, *, participant: str | None = None) -> None:
    """Record that health data were looked at: an access event of action `view_<what>`."""
    with clinic_of(request).database.write() as session:
        record_access(session, staff.actor, f"view_{what}", at=security_now(request), participant=participant)


def step_up_factors(request: Request, staff: SignedInStaff) -> Factors:
    """What a form for a signature should ask, for the macro `step_up_fields`."""
    return factors_needed(clinic_of(request).gate, staff.session, at=security_now(request))


def require_step_up(request: Request, staff: SignedInStaff, act_name: str) -> Confirmation:
    """Confirm the person by the posted `confirm_password` and `confirm_code`, before a signature, unlocking or export.

    Raises StepUpNeededError when they are absent or wrong; the answer is then a page that asks for them and posts the
    same form again, so a handler only has to call this first.
    """
    gate, at = clinic_of(request).gate, security_now(request)
    password, code = text_of(request, "confirm_password"), text_of(request, "confirm_code")
    factors = factors_needed(gate, staff.session, at=at)
    if not password or (factors.code and not code):
        raise StepUpNeededError(factors, None)
    found = confirm_identity(
        gate, staff.session, password=password, code=code, act=act_name, ip=caller_ip(request), at=at
    )
    if found.verdict is not Verdict.PASSED:
        raise StepUpNeededError(found.factors, found.verdict)
    return found


def language_of(request: Request) -> str:
    """The account's language, or what a signed-out person chose or their browser prefers."""
    return cast("str", request.state.language)


def timezone_of(request: Request) -> str:
    """The zone in which this person's pages tell the time: the site's, or the study's for several sites."""
    protocol = study_of(request).protocol
    staff: SignedInStaff | None = getattr(request.state, "staff", None)
    own = next((site for site in protocol.sites if staff is not None and site.id == staff.site), None)
    return own.timezone if own else protocol.timezone


def local_now(request: Request) -> datetime:
    """Study time on the wall clock of `timezone_of`."""
    return study_now(request).astimezone(ZoneInfo(timezone_of(request)))


def link(request: Request, path: str) -> str:
    """An address within the clinic, wherever it is mounted."""
    return str(request.scope.get("root_path", "")) + path


def redirect(request: Request, path: str, *, said: Message | None = None, **params: object) -> Response:
    """See another page next (303); `said` is one sentence that it shows once, such as what was done."""
    response = RedirectResponse(link(request, path), status_code=303)
    if said is not None:
        words = say(said, language_of(request), **params)
        sealed = clinic_of(request).gate.sealer.seal(SAID, words)
        response.set_cookie(
            SAID, sealed, max_age=SAID_SECONDS, httponly=True, samesite="lax", secure=clinic_of(request).options.https
        )
    return response


def page(request: Request, template: str, *, status: int = 200, **context: object) -> Response:
    """Render a template in this person's language.

    Every template knows: `staff` (None when signed out), `lang`, `html_lang`, `url(path)`, `csrf`, `nav`, `at_local`,
    `demonstration`, `played`, `shifted`, `said`, `refresh` (whether only a part is wanted), and what
    `bot.clinic.render` adds.
    """
    clinic = clinic_of(request)
    environment = clinic.environments[language_of(request)]
    said = _said(request)
    shared = _shared_context(request, clinic) | {"said": said}
    body = environment.get_template(template).render(shared | context)
    response = HTMLResponse(body, status_code=status)
    if said is not None:
        response.delete_cookie(SAID)
    return response


def _shared_context(request: Request, clinic: Clinic) -> dict[str, object]:
    staff: SignedInStaff | None = getattr(request.state, "staff", None)
    language = language_of(request)
    return {
        "staff": staff,
        "lang": language,
        "html_lang": HTML_LANG[language],
        "url": lambda path: link(request, path),
        "here": request.url.path + (f"?{request.url.query}" if request.method == "GET" and request.url.query else ""),
        "in_other_language": "?" + request.url.include_query_params(lang=OTHER_LANGUAGE[language]).query,
        "csrf": csrf_token(clinic.gate.sealer, request.state.csrf_secret) if request.state.csrf_secret else "",
        "nav": nav_for(request, staff) if staff else [],
        "at_local": local_now(request),
        "tzid": timezone_of(request),
        "demonstration": clinic.options.demonstration,
        "played": clinic.options.played(),
        "shifted": clinic.clock.shifted,
        "refresh": request.headers.get("hx-request") == "true",
        "Permission": Permission,
        "say": lambda message, **params: say(message, language, **params),
        "study_name": clinic.study.protocol.names[language],
        "sites": {site.id: site.names[language] for site in clinic.study.protocol.sites}
        | {ALL_SITES: say(EVERY_SITE, language)},
    }


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the top bar as this person sees it."""

    label: Message
    address: str
    count: int | None
    current: bool


def nav_for(request: Request, staff: SignedInStaff) -> list[NavItem]:
    """The entries that are served and that the role may open, with their counts."""
    current: Nav | None = getattr(request.state, "nav", None)
    return [
        NavItem(entry.label, link(request, entry.path), _count(request, staff, nav), nav is current)
        for nav, entry in NAV.items()
        if is_served(clinic_of(request), nav, staff)
    ]


def is_served(clinic: Clinic, nav: Nav, staff: SignedInStaff) -> bool:
    """Whether a page stands at the entry's path and this role may open it."""
    return any(
        route.method == "GET" and route.path == NAV[nav].path and route.may is not None and staff.can(route.may)
        for route in clinic.routes
    )


def _count(request: Request, staff: SignedInStaff, nav: Nav) -> int | None:
    clinic = clinic_of(request)
    counter = clinic.counts.get(nav)
    if counter is None:
        return None
    key, moment = (nav, staff.site, staff.role), clinic.clock.monotonic()
    kept = clinic.kept_counts.get(key)
    if kept is None or moment - kept[0] > COUNT_KEPT_SECONDS:
        with clinic.database.read() as session:
            kept = (moment, counter(session, staff, clinic))
        clinic.kept_counts[key] = kept
    return kept[1]


def _said(request: Request) -> str | None:
    sealed = request.cookies.get(SAID)
    if not sealed:
        return None
    try:
        return clinic_of(request).gate.sealer.open(SAID, sealed)
    except DiaryError:
        return None


def safe_next(request: Request, path: str | None) -> str:
    """A path within the clinic to go to after signing in; anything else leads to the start."""
    root = link(request, "/")
    parts = urlsplit(path or "")
    if parts.scheme or parts.netloc or not (path or "").startswith(root) or "\\" in (path or ""):
        return root
    return quote(path or "", safe="/?&=%:-._~")


def as_pairs(form: FormData) -> list[tuple[str, str]]:
    """A form as names and texts; uploaded files are left out."""
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def remember_language(response: Response, request: Request, language: str) -> None:
    """Let this browser's sign-in page speak a person's language before it knows who comes."""
    response.set_cookie(
        LANGUAGE,
        resolve_language(language),
        max_age=YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        secure=clinic_of(request).options.https,
    )


def put_session(response: Response, request: Request, token: str) -> None:
    """Give the browser its session."""
    put_cookie(response, token, https=clinic_of(request).options.https)


def drop_session(response: Response, request: Request) -> None:
    drop_cookie(response, https=clinic_of(request).options.https)
