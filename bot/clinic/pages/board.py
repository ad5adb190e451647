"""The board: participants by visit by diary day, what can still be saved first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from bot.clinic.call import (
    SignedInStaff,
    clinic_of,
    language_of,
    link,
    note_view,
    page,
    reading,
    study_now,
    study_of,
    timezone_of,
)
from bot.clinic.routes import Nav, Pages
from bot.clinic.steps import Deed, Step, next_step
from bot.clinic.weeks import Cell, Consequence, consequence, early_columns, legend_of, row_of_cells
from bot.i18n import Message, clinic_text
from bot.people.roles import ALL_SITES, Permission
from bot.storage.views.board import (
    FOLDED,
    BoardLine,
    Group,
    SentMessage,
    Traffic,
    earliest_date,
    last_message,
    read_traffic,
)
from bot.storage.views.cohort import Cohort
from bot.storage.views.standing import Standing, count_groups, lines_of, signs_of, within
from schedules.visits import ScheduledVisit

pages = Pages()

PER_PAGE: Final = 60
NO_TRAFFIC: Final = Traffic()
GROUPS: Final[dict[Group, Message]] = {
    Group.SAVE: clinic_text("board", "Can be saved now"),
    Group.CANNOT: clinic_text("board", "Cannot reach %(minimum)s of %(of)s"),
    Group.TRACK: clinic_text("board", "On track"),
    Group.TODAY: clinic_text("board", "Diary closed, visit due"),
    Group.BETWEEN: clinic_text("board", "Between windows"),
    Group.WITHDRAWN: clinic_text("board", "Withdrawn"),
}
REASONS: Final[dict[Group, Message]] = {
    Group.SAVE: clinic_text("board", "Yesterday is still open. Closes at check-in or %(closes)s."),
    Group.CANNOT: clinic_text("board", "Needs a later visit date to be evaluable."),
    Group.TRACK: clinic_text("board", "Today is asked this evening."),
    Group.TODAY: clinic_text("board", "Check in when the participant arrives."),
    Group.BETWEEN: clinic_text("board", "No questions at present."),
    Group.WITHDRAWN: clinic_text("board", "No messages any more; what was entered stays."),
}
ORDERS: Final[dict[str, Message]] = {
    "urgency": clinic_text("board", "By urgency"),
    "visit": clinic_text("board", "By visit date"),
    "code": clinic_text("board", "By code"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    site: str
    visit: str
    code: str
    order: str
    page: int

    def but(self, **changed: object) -> str:
        """The same board with something changed, from its first page."""
        kept = {"site": self.site, "visit": self.visit, "code": self.code, "order": self.order} | changed
        return "?" + urlencode({name: value for name, value in kept.items() if value and value != "urgency"})


@dataclass(frozen=True, slots=True)
class Row:
    """One participant as the board prints a line."""

    code: str
    site: str
    group: Group
    visit: ScheduledVisit | None
    today: date
    cells: Sequence[Cell | None]
    in_hand: int | None
    of: int | None
    consequence: Consequence | None
    message: SentMessage | None
    step: Step
    following: ScheduledVisit | None
    withdrawn_on: date | None


@pages.get("/board", may=Permission.SEE_COMPLETENESS, nav=Nav.BOARD)
def show_board(request: Request, staff: SignedInStaff) -> Response:
    """Groups in the order of urgency, filtered, one page at a time."""
    asked = asked_of(request)
    study, now = study_of(request), study_now(request)
    with reading(request) as session:
        everybody = clinic_of(request).memory.standings.read(session, study.protocol, now)
        found = within(everybody, staff.site, site=asked.site, code=asked.code)
        chosen = [one for one in found if not asked.visit or one.visit == asked.visit]
        shown = in_order(chosen, asked)[(asked.page - 1) * PER_PAGE : asked.page * PER_PAGE]
        here, cohort = lines_of(session, study.protocol, now, shown)
        traffic = read_traffic(session, [one.id for one in shown], now)
    note_view(request, staff, "board")
    early = early_columns(here)
    rows = [row_of(line, cohort, traffic.get(line.person.id, NO_TRAFFIC), early, request) for line in here]
    return page(
        request,
        "board.html",
        asked=asked,
        counts=count_groups(chosen),
        empty=not found and not (asked.code or asked.site),
        bands=bands(rows, asked),
        early=early,
        legend_counts=legend_of(signs_of(one for one in chosen if one.group not in FOLDED)),
        pages_total=max(-(-len(chosen) // PER_PAGE), 1),
        visits=[visit.code for visit in study.protocol.visits],
        own_sites=own_sites(request, staff),
        groups=GROUPS,
        reasons=REASONS,
        orders=ORDERS,
        folded=FOLDED,
        plan=study.protocol,
        Deed=Deed,
        Group=Group,
        can_act=staff.can(Permission.RUN_DIARY),
        address=lambda code: link(request, f"/participants/{code}"),
    )


def asked_of(request: Request) -> Asked:
    """The filters in the address; what makes no sense is left out."""
    given = request.query_params
    number = given.get("page", "1")
    protocol = study_of(request).protocol
    visit, site, order = given.get("visit", ""), given.get("site", ""), given.get("order", "urgency")
    return Asked(
        site=site if site in {known.id for known in protocol.sites} else "",
        visit=visit if visit in {known.code for known in protocol.visits} else "",
        code=given.get("code", "").strip()[:20],
        order=order if order in ORDERS else "urgency",
        page=int(number) if number.isdecimal() and 0 < len(number) < 6 and int(number) > 0 else 1,
    )


def own_sites(request: Request, staff: SignedInStaff) -> list[str]:
    """The ids of the sites this account sees."""
    return [site.id for site in study_of(request).protocol.sites if staff.site == ALL_SITES or staff.sees(site.id)]


def in_order(found: Sequence[Standing], asked: Asked) -> Sequence[Standing]:
    """Within each group by what was asked; the groups keep their order, and by urgency they stand already."""
    if asked.order == "urgency":
        return found
    groups = {group: place for place, group in enumerate(Group)}
    if asked.order == "code":
        return sorted(found, key=lambda one: (groups[one.group], one.code))
    return sorted(found, key=lambda one: (groups[one.group], one.visit_on or date.max, one.code))


def row_of(line: BoardLine, cohort: Cohort, traffic: Traffic, early: int, request: Request) -> Row:
    """Word one line; the adviser is asked only for those who cannot reach the minimum."""
    language, tzid = language_of(request), timezone_of(request)
    earliest = earliest_date(line, cohort) if line.group is Group.CANNOT else None
    outlook, visit = line.outlook, line.visit
    over = visit is not None and visit.held
    left_at = line.person.row.withdrawn_at
    return Row(
        code=line.code,
        site=line.person.row.site,
        group=line.group,
        visit=visit,
        today=line.today,
        cells=row_of_cells(line, early, language, tzid) if line.days else (),
        in_hand=outlook.in_hand if outlook else None,
        of=outlook.of if outlook else None,
        consequence=consequence(outlook, language, over=over) if outlook else None,
        message=last_message(line, traffic) if line.group not in FOLDED else None,
        step=next_step(line, earliest=earliest),
        following=following(line) if line.group is Group.BETWEEN else None,
        withdrawn_on=left_at.date() if left_at else None,
    )


def following(line: BoardLine) -> ScheduledVisit | None:
    """The next visit that is still to come."""
    visits = line.person.calendar.visits
    return next((visit for visit in visits if visit.state == "planned" and visit.on >= line.today), None)


def bands(rows: Iterable[Row], asked: Asked) -> list[tuple[Group, list[Row], bool]]:
    """Rows by group, and whether a folded group stands open: when it was searched for, or has the page to itself."""
    found: list[tuple[Group, list[Row]]] = [(key, list(some)) for key, some in groupby(rows, key=lambda row: row.group)]
    alone = all(group in FOLDED for group, _rows in found)
    return [(group, some, bool(asked.code) or alone) for group, some in found]
