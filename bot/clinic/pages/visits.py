"""Visits: what is due, and the acts on one: move, check in, preparation days, not taking place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.check_in import check_in
from bot.actions.miss_visit import miss_visit
from bot.actions.move_visit import move_visit
from bot.actions.prepare_visit import prepare_visit
from bot.clinic.asked_fields import A_DATE, CHOOSE, Faults, page_asked, read_date, read_local, read_reason, read_time
from bot.clinic.call import (
    SignedInStaff,
    act,
    clinic_of,
    language_of,
    local_now,
    note_view,
    page,
    participant_for,
    reading,
    redirect,
    study_now,
    study_of,
    text_of,
    timezone_of,
)
from bot.clinic.pages.participant import acting_on, back_to
from bot.clinic.routes import Nav, Pages
from bot.clinic.weeks import Cell, Consequence, consequence, early_columns, row_of_cells
from bot.i18n import clinic_text, format_day
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow
from bot.storage.views.board import BoardLine, Group, board_day, outlook_of
from bot.storage.views.cohort import Cohort, Person, read_cohort, visit_days
from bot.storage.views.dates import Dated, PersonDates
from bot.storage.visits import calendar_of
from schedules.visits import ScheduledVisit, VisitState
from schedules.windows import ZonePeriod, local_day

pages = Pages()

AHEAD: Final = timedelta(days=14)
OVERDUE: Final = timedelta(days=60)
PREPARATION_FIELDS: Final = 6
PER_PAGE: Final = 60
STATES: Final = ("no_show", "not_done", "terminated")

MOVED: Final = clinic_text("visits", "%(visit)s of %(code)s is on %(day)s now.")
CHECKED_IN: Final = clinic_text("visits", "%(visit)s of %(code)s is checked in.")
PREPARED: Final = clinic_text("visits", "The preparation days of %(visit)s are recorded for %(code)s.")
MISSED: Final = clinic_text("visits", "It is recorded that %(visit)s of %(code)s does not take place.")
FUTURE: Final = clinic_text("fault", "This lies in the future.")

MOVE_FIELDS: Final = {"to": clinic_text("move", "To"), "reason": clinic_text("move", "Reason for the move")}


@dataclass(frozen=True, slots=True)
class DueVisit:
    """One visit in the list, with its week and what it means."""

    person: Person
    visit: ScheduledVisit
    cells: Sequence[Cell | None]
    in_hand: int
    of: int
    consequence: Consequence
    today: date


@pages.get("/visits", may=Permission.SEE_COMPLETENESS, nav=Nav.VISITS)
def show_visits(request: Request, staff: SignedInStaff) -> Response:
    """Visits that are overdue, due today, or come within two weeks, by date."""
    study, now = study_of(request), study_now(request)
    number, today = page_asked(request), Today(now)
    with reading(request) as session:
        everybody = clinic_of(request).memory.dates.read(session, study.protocol, now)
        found = [due for person in everybody if staff.sees(person.site) for due in due_of(person, today(person))]
        found.sort(key=lambda one: (one[1].on, one[0].code))
        shown = found[(number - 1) * PER_PAGE : number * PER_PAGE]
        people = {person.id for person, _visit in shown}
        cohort = read_cohort(session, study.protocol, now, scope=staff.site, ids=people)
    note_view(request, staff, "visits")
    persons = {person.id: person for person in cohort.people}
    lines = [line_of(cohort, persons[dated.id], visit.code) for dated, visit in shown]
    early = early_columns(lines)
    rows = [row(request, line, early) for line in lines]
    return page(
        request,
        "visits.html",
        overdue=[one for one in rows if one.visit.on < one.today],
        today_rows=[one for one in rows if one.visit.on == one.today],
        later=[one for one in rows if one.visit.on > one.today],
        early=early,
        numbers=numbers_of(found, today),
        number=number,
        pages_total=max(-(-len(found) // PER_PAGE), 1),
        can_act=staff.can(Permission.RUN_DIARY),
    )


@dataclass
class Today:
    """The date in a participant's own zone, worked out once for all who live by the same."""

    now: datetime
    _known: dict[tuple[ZonePeriod, ...], date] = field(default_factory=dict)

    def __call__(self, person: PersonDates) -> date:
        if person.zones not in self._known:
            self._known[person.zones] = local_day(self.now, person.zones)
        return self._known[person.zones]


def numbers_of(found: Sequence[tuple[PersonDates, Dated]], today: Today) -> list[int]:
    """How many visits lie before, on and after today."""
    kinds = Counter((visit.on > today(person)) - (visit.on < today(person)) for person, visit in found)
    return [kinds[which] for which in (-1, 0, 1)]


def due_of(person: PersonDates, today: date) -> list[tuple[PersonDates, Dated]]:
    """The person's visits that are overdue, today's, or near."""
    if person.withdrawn:
        return []
    return [
        (person, visit)
        for visit in person.visits
        if (visit.state is VisitState.PLANNED and today - OVERDUE <= visit.on <= today + AHEAD)
        or (visit.held and visit.on == today)
    ]


def line_of(cohort: Cohort, person: Person, code: str) -> BoardLine:
    """A visit's week in the board's terms."""
    visit = person.calendar.visit(code)
    days = tuple(board_day(cohort, person, visit, on) for on in visit_days(visit))
    return BoardLine(person, Group.TRACK, cohort.today(person), visit, days, outlook_of(days, cohort.protocol))


def row(request: Request, line: BoardLine, early: int) -> DueVisit:
    visit, outlook = line.visit, line.outlook
    if visit is None or outlook is None:
        raise LookupError("a line of this list has a visit")
    language = language_of(request)
    return DueVisit(
        line.person,
        visit,
        row_of_cells(line, early, language, timezone_of(request)),
        outlook.in_hand,
        outlook.of,
        consequence(outlook, language, over=visit.held),
        line.today,
    )


@pages.post("/participants/{code}/visits/{visit}/move", may=Permission.RUN_DIARY, nav=Nav.VISITS, fields=MOVE_FIELDS)
def take_move(request: Request, staff: SignedInStaff) -> Response:
    """Move the visit, after its preview and with a reason."""
    participant, visit = asked_for(request, staff)
    to, at = read_date(text_of(request, "to")), read_time(text_of(request, "at"))
    faults: Faults = {} if to else {"to": (A_DATE, {})}
    reason = read_reason(request, faults)
    if to is None or faults:
        return page(
            request, "move_reason.html", status=422, participant=participant, visit=visit, to=to,
            at=text_of(request, "at"), faults=faults, reason=reason,
        )  # fmt: skip
    act(
        request,
        lambda audit: move_visit(
            audit,
            acting_on(audit, staff, participant.code),
            visit.code,
            to,
            study=study_of(request),
            at=at,
            reason=reason,
        ),
    )
    day = format_day(to, language_of(request))
    path = f"/participants/{participant.code}?visit={visit.code}"
    return redirect(request, path, said=MOVED, visit=visit.code, code=participant.code, day=day)


@pages.get("/participants/{code}/visits/{visit}/check-in", may=Permission.RUN_DIARY, nav=Nav.VISITS)
def show_check_in(request: Request, staff: SignedInStaff) -> Response:
    """Check in at an earlier moment than now."""
    participant, visit = asked_for(request, staff)
    local = local_now(request)
    return page(
        request, "check_in.html", participant=participant, visit=visit, on=local.date(), at=f"{local:%H:%M}", faults={}
    )


@pages.post("/participants/{code}/visits/{visit}/check-in", may=Permission.RUN_DIARY, nav=Nav.VISITS)
def take_check_in(request: Request, staff: SignedInStaff) -> Response:
    """Record that the visit began: now, or at the date and time given."""
    participant, visit = asked_for(request, staff)
    on, at = text_of(request, "on"), text_of(request, "at")
    began: datetime | None = None
    if on or at:
        day, wall = read_date(on), read_time(at)
        began = read_local(day, wall, request) if day and wall else None
        if began is None or began > study_now(request):
            faults: Faults = {"on": (FUTURE if began else A_DATE, {})}
            return page(
                request, "check_in.html", status=422, participant=participant, visit=visit, on=day or on, at=at,
                faults=faults,
            )  # fmt: skip
    act(
        request,
        lambda audit: check_in(
            audit, acting_on(audit, staff, participant.code), visit.code, study=study_of(request), at=began
        ),
    )
    return back_to(request, participant.code, CHECKED_IN, visit=visit.code)


@pages.get("/participants/{code}/visits/{visit}/preparation", may=Permission.RUN_DIARY, nav=Nav.VISITS)
def show_preparation(request: Request, staff: SignedInStaff) -> Response:
    """The days of bowel preparation and endoscopy before a visit."""
    participant, visit = asked_for(request, staff)
    with reading(request) as session:
        marked = calendar_of(session, participant, study_of(request).protocol).marked
    near = {on: why.value for on, why in sorted(marked.items()) if abs((visit.on - on).days) <= AHEAD.days}
    endoscopy = next((on for on, why in near.items() if why == "endoscopy"), None)
    preparation = [on for on, why in near.items() if why == "bowel_prep"]
    return preparation_page(request, participant, visit, preparation, endoscopy)


def preparation_page(
    request: Request,
    participant: ParticipantRow,
    visit: ScheduledVisit,
    preparation: Sequence[date],
    endoscopy: date | None,
    *,
    status: int = 200,
    fault: bool = False,
) -> Response:
    """The form, its dates offered as the days before the visit."""
    rules = study_of(request).protocol.rules
    offered = [visit.on - timedelta(days=back) for back in range(min(rules.lookback_days, PREPARATION_FIELDS), -1, -1)]
    return page(
        request,
        "preparation.html",
        status=status,
        participant=participant,
        visit=visit,
        preparation=preparation,
        endoscopy=endoscopy,
        offered=sorted({*offered, *preparation, *([endoscopy] if endoscopy else [])}),
        fault=fault,
    )


@pages.post("/participants/{code}/visits/{visit}/preparation", may=Permission.RUN_DIARY, nav=Nav.VISITS)
def take_preparation(request: Request, staff: SignedInStaff) -> Response:
    """Store the days; none at all clears them."""
    participant, visit = asked_for(request, staff)
    days = [day for text in form_list(request, "prep") if (day := read_date(text)) is not None]
    endoscopy = read_date(text_of(request, "endoscopy"))
    if endoscopy is not None and any(day > endoscopy for day in days):
        return preparation_page(request, participant, visit, days, endoscopy, status=422, fault=True)
    act(
        request,
        lambda audit: prepare_visit(
            audit,
            acting_on(audit, staff, participant.code),
            visit.code,
            bowel_prep=days,
            endoscopy_on=endoscopy,
            study=study_of(request),
        ),
    )
    path = f"/participants/{participant.code}?visit={visit.code}"
    return redirect(request, path, said=PREPARED, visit=visit.code, code=participant.code)


def form_list(request: Request, name: str) -> list[str]:
    """Every text posted under a name."""
    return [value for value in request.state.form.getlist(name) if isinstance(value, str)]


@pages.get("/participants/{code}/visits/{visit}/missed", may=Permission.RUN_DIARY, nav=Nav.VISITS)
def show_missed(request: Request, staff: SignedInStaff) -> Response:
    """Say that a visit does not take place."""
    participant, visit = asked_for(request, staff)
    return page(request, "missed.html", participant=participant, visit=visit, state="", reason="", faults={})


@pages.post("/participants/{code}/visits/{visit}/missed", may=Permission.RUN_DIARY, nav=Nav.VISITS)
def take_missed(request: Request, staff: SignedInStaff) -> Response:
    """Record the state with its reason."""
    participant, visit = asked_for(request, staff)
    state, faults = text_of(request, "state"), Faults()
    if state not in STATES:
        faults["state"] = (CHOOSE, {})
    reason = read_reason(request, faults)
    if faults:
        return page(
            request, "missed.html", status=422, participant=participant, visit=visit, state=state, reason=reason,
            faults=faults,
        )  # fmt: skip
    act(
        request,
        lambda audit: miss_visit(
            audit,
            acting_on(audit, staff, participant.code),
            visit.code,
            state=state,
            reason=reason,
            study=study_of(request),
        ),
    )
    path = f"/participants/{participant.code}?visit={visit.code}"
    return redirect(request, path, said=MISSED, visit=visit.code, code=participant.code)


def asked_for(request: Request, staff: SignedInStaff) -> tuple[ParticipantRow, ScheduledVisit]:
    """The participant and visit in the address."""
    study = study_of(request)
    with reading(request) as session:
        participant = participant_for(session, staff, request.path_params["code"])
        visit = calendar_of(session, participant, study.protocol).visit(request.path_params["visit"])
    return participant, visit
