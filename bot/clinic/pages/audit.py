"""The audit trail: by participant, field, person and time, with the state of its chain, and as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.verify_audit import verify_audit
from bot.audit import AuditEvent
from bot.clinic.call import (
    SignedInStaff,
    clinic_of,
    language_of,
    note_view,
    page,
    reading,
    redirect,
    require_step_up,
    security_now,
    text_of,
    timezone_of,
)
from bot.clinic.glyphs import ROLE_NAMES
from bot.clinic.routes import Nav, Pages
from bot.clinic.trail_words import (
    ACTIONS,
    ACTORS,
    FIELDS,
    ORIGINS,
    SOUGHT,
    action_words,
    field_words,
    seen_words,
    value_words,
)
from bot.clinic.words import say
from bot.diary.items import Item
from bot.documents.audit_file import FiledEvent, to_csv, to_json
from bot.i18n import Message, clinic_text
from bot.people.roles import Permission
from bot.storage.access_log import record_access
from bot.storage.assessments import COMPONENTS
from bot.storage.views.audit import (
    OF_ACCOUNTS,
    Wanted,
    access_events,
    account_events,
    audit_events,
    chain_state,
    count_audit_events,
)

pages = Pages()

PER_PAGE: Final = 50
ONE_DAY: Final = timedelta(days=1)
FILTERS: Final = ("participant", "field", "person", "action", "since", "until")
LONG: Final = 48  # a longer value is folded into its own line
MOST: Final = 80  # characters of a filter
INTACT: Final = clinic_text("audit", "The chain is intact: %(count)s events verified.")
NOT_INTACT: Final = clinic_text("audit", "The chain is not intact: %(kind)s at event %(seq)s.")
REVISION: Final = clinic_text("review", "revision %(number)s")
FINDINGS: Final[Mapping[str, Message]] = {
    "broken": clinic_text("finding", "an event was changed or put elsewhere"),
    "gap": clinic_text("finding", "an event is missing"),
    "truncated": clinic_text("finding", "events are missing at the end"),
    "anchor": clinic_text("finding", "the chain is not the one that was anchored"),
    "unmatched": clinic_text("finding", "a stored row and its event differ"),
    "trigger": clinic_text("finding", "a guard of the database is missing"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as typed."""

    values: Mapping[str, str]
    page: int

    def but(self, **changed: str) -> str:
        """The same with something changed, from the first page."""
        kept = dict(self.values) | changed
        return "?" + urlencode({name: value for name, value in kept.items() if value})

    @property
    def narrowed(self) -> bool:
        return any(self.values.values())


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page prints it; `place` tells where the value stands, `query` where to ask about it."""

    seq: int
    at: datetime
    local: datetime
    who: str
    role: str
    origin: str
    did: str
    code: str | None
    place: str
    field: str
    old: str | None
    new: str | None
    long: bool
    reason: str | None
    shifted: bool
    query: str


@pages.get("/audit", may=Permission.SEE_AUDIT, nav=Nav.AUDIT)
def show_audit(request: Request, staff: SignedInStaff) -> Response:
    """Events of the account's sites, newest first."""
    asked = asked_of(request.query_params)
    wanted = wanted_of(asked, timezone_of(request))
    with reading(request) as session:
        total = count_audit_events(session, wanted, scope=staff.site)
        number = min(asked.page, pages_of(total))
        rows = audit_events(session, wanted, scope=staff.site, offset=(number - 1) * PER_PAGE, limit=PER_PAGE)
        chain = chain_state(session)
    note_view(request, staff, "audit", participant=asked.values["participant"] or None)
    return page(
        request, "audit.html", asked=asked, lines=lines_of(request, rows), total=total, number=number,
        pages_total=pages_of(total), chain=chain, findings=FINDINGS, fields=sought_fields(request),
        actions=known_actions(request),
    )  # fmt: skip


@pages.get("/audit/access", may=Permission.SEE_ACCOUNT_AUDIT, nav=Nav.AUDIT)
def show_access(request: Request, staff: SignedInStaff) -> Response:
    """Accounts (created, disabled, set up) or access (looked at, exported, signed in, refused), newest first."""
    asked = asked_of(request.query_params)
    wanted = wanted_of(asked, timezone_of(request))
    accounts = request.query_params.get("of") == "accounts"
    read: Any = account_events if accounts else access_events
    with reading(request) as session:
        rows, total = read(session, wanted, offset=(asked.page - 1) * PER_PAGE, limit=PER_PAGE)
    lines = lines_of(request, rows, codes=staff.can(Permission.SEE_COMPLETENESS))
    return page(
        request, "audit_access.html", asked=asked, lines=lines, total=total, accounts=accounts,
        pages_total=pages_of(total),
    )  # fmt: skip


@pages.post("/audit/verify", may=Permission.SEE_AUDIT, nav=Nav.AUDIT)
def take_verify(request: Request, staff: SignedInStaff) -> Response:
    """Verify now, and say what was found."""
    clinic, at = clinic_of(request), security_now(request)
    found = verify_audit(clinic.database, at=at)
    with clinic.database.write() as session:
        record_access(session, staff.actor, "verify_audit", at=at, detail="intact" if found.intact else "findings")
    if found.intact:
        return redirect(request, "/audit", said=INTACT, count=f"{found.events['audit_event']:,}")
    first = found.findings[0]
    return redirect(request, "/audit", said=NOT_INTACT, kind=say(FINDINGS[first.kind], staff.language), seq=first.seq)


@pages.post("/audit/export", may=Permission.EXPORT, nav=Nav.AUDIT)
def take_export(request: Request, staff: SignedInStaff) -> Response:
    """The filtered trail as a file, oldest first; the chain is verified before."""
    require_step_up(request, staff, "export_audit")
    kind = "json" if text_of(request, "format") == "json" else "csv"
    tzid = timezone_of(request)
    wanted = wanted_of(asked_of({name: text_of(request, name) for name in FILTERS}), tzid)
    clinic, at = clinic_of(request), security_now(request)
    found = verify_audit(clinic.database, at=at)
    with reading(request) as session:
        rows = audit_events(session, wanted, scope=staff.site)[::-1]
    with clinic.database.write() as session:
        record_access(session, staff.actor, "export_audit", at=at, entity="file", entity_id=kind, detail=len(rows))
    events = [filed(row) for row in rows]
    body = to_json(events, tzid, chain=found.as_json()) if kind == "json" else to_csv(events, tzid)
    name = f"audit-{at:%Y%m%d-%H%M}.{kind}"
    media = "application/json" if kind == "json" else "text/csv; charset=utf-8"
    return Response(body, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})


def filed(row: Any) -> FiledEvent:
    """A stored event as the file holds it."""
    event = AuditEvent(**{name: getattr(row, name) for name in AuditEvent.__slots__})
    return FiledEvent(event, row.prev_hash, row.hash)


def asked_of(given: Mapping[str, str]) -> Asked:
    """The filters as typed; anything that is none is left out."""
    values = {name: given.get(name, "").strip()[:MOST] for name in FILTERS}
    number = given.get("page", "1")
    return Asked(values, max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1)


def wanted_of(asked: Asked, tzid: str) -> Wanted:
    """The filters as the view takes them: dates are whole days on the clock of `tzid`."""
    given = asked.values
    since, until = day_of(given["since"]), day_of(given["until"])
    return Wanted(
        participant=given["participant"],
        field=given["field"],
        person=given["person"],
        action=given["action"],
        since=midnight(since, tzid) if since else None,
        until=midnight(until + ONE_DAY, tzid) if until else None,
    )


def day_of(text: str) -> date | None:
    """A date as a form sends it; None for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(2000, 1, 1) < found < date(2200, 1, 1) else None


def midnight(day: date, tzid: str) -> datetime:
    """The beginning of a day in a zone."""
    return datetime.combine(day, time(), ZoneInfo(tzid))


def pages_of(total: int) -> int:
    return max(1, -(-total // PER_PAGE))


def sought_fields(request: Request) -> list[tuple[str, str]]:
    """The fields that the filter offers."""
    return [(name, say(FIELDS[name], language_of(request))) for name in SOUGHT]


def known_actions(request: Request) -> list[tuple[str, str]]:
    """The deeds that the filter offers, in the order of their words."""
    found = [(key, say(words, language_of(request))) for key, words in ACTIONS.items()]
    return sorted(found, key=lambda pair: pair[1])


def lines_of(request: Request, rows: Sequence[Any], *, codes: bool = True) -> list[Line]:
    """The events as printed; without `codes` no participant is named."""
    language, zone = language_of(request), ZoneInfo(timezone_of(request))
    return [line_of(row, language, zone, codes=codes) for row in rows]


def line_of(row: Any, language: str, zone: ZoneInfo, *, codes: bool) -> Line:
    old, new = (None if value is None else value_words(value, language) for value in (row.old, row.new))
    code = row.participant if codes else None
    return Line(
        seq=row.seq,
        at=row.at,
        local=row.at.astimezone(zone),
        who=row.actor_id,
        role=role_of(row, language),
        origin=spoken(ORIGINS.get(row.origin, row.origin), language),
        did=spoken(action_words(row.action), language),
        code=code,
        place=place_of(row, language) if codes or row.entity in OF_ACCOUNTS else "",
        field=spoken(field_words(row.field), language) if row.field else "",
        old=old,
        new=new,
        long=max(len(old or ""), len(new or "")) > LONG,
        reason=row.reason,
        shifted=row.shifted,
        query=query_address(row),
    )


def spoken(words: Message | str, language: str) -> str:
    return say(words, language) if isinstance(words, Message) else words


def role_of(row: Any, language: str) -> str:
    """The role of staff, or what kind of originator it is."""
    if row.actor_role in ROLE_NAMES:
        return say(ROLE_NAMES[row.actor_role], language)
    return spoken(ACTORS.get(row.actor_kind, row.actor_kind), language)


def place_of(row: Any, language: str) -> str:
    """Where the value stands: the parts of its key behind the participant's code, components in words."""
    parts = str(row.entity_id).split("/")
    if len(parts) == 1:
        return spoken(seen_words(row.action), language)
    return " · ".join(part_of_place(part, language) for part in parts[1:])


def part_of_place(part: str, language: str) -> str:
    """A component in words, a number as a revision; a date and a visit's code as they are."""
    if part in COMPONENTS:
        return spoken(field_words(part), language)
    return say(REVISION, language, number=part) if part.isdecimal() else part


def query_address(row: Any) -> str:
    """The form of a query on this value; empty where there is none to ask about."""
    parts = str(row.entity_id).split("/")
    if row.participant is None or len(parts) == 1:
        return ""
    if row.entity in ("answer", "entry") and row.field in {item.value for item in Item}:
        return "?" + urlencode({"participant": row.participant, "day": parts[1], "item": row.field})
    if row.entity == "assessment" and len(parts) > 2 and parts[2] in COMPONENTS:  # code/visit/component
        return "?" + urlencode({"participant": row.participant, "visit": parts[1], "item": parts[2]})
    return ""
