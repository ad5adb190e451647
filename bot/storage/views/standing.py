"""Where every participant stands, in the few facts by which lists are ordered, counted and cut into pages.

A page computes the lines it shows anew from what is stored; what is kept here says only which lines those are.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlmodel import Session

from bot.diary.completeness import DayState
from bot.people.roles import ALL_SITES
from bot.storage.views.board import BoardDay, BoardLine, Group, board_line, urgency
from bot.storage.views.cohort import Cohort, read_cohort
from bot.storage.views.kept import Found, Kept
from schedules.protocol import StudyProtocol
from schedules.visits import VisitState

UNREACHED = ("blocked", "stopped", "unbound")
SOON = timedelta(days=2)


class Sign(NamedTuple):
    """All of a diary day that chooses its mark."""

    state: DayState
    past_its_day: bool
    by_staff: bool
    corrected: bool
    today: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One participant: the group, and what orders and counts lines; `rank` is the board's order.

    `closings` are the instants at which days close that can still be saved, `spare` how many days can still be lost,
    `unreached` the next diary day of somebody whom no message reaches. `checks_in` tells a visit of today with a time.
    """

    id: int
    code: str
    site: str
    group: Group
    rank: tuple[Any, ...]
    visit: str | None
    visit_on: date | None
    spare: int | None
    closings: tuple[datetime, ...]
    checks_in: bool
    unreached: date | None
    signs: Mapping[Sign, int]


def kept_standings() -> Kept[Standing]:
    """Everybody's standing, in the board's order."""
    return Kept(work_out, lambda one: one.rank)


def work_out(
    session: Session, protocol: StudyProtocol, now: datetime, ids: Collection[int] | None
) -> Mapping[int, Found[Standing]]:
    """The standing of these participants, or of all, with the instant at which it may change by itself."""
    cohort = read_cohort(session, protocol, now, scope=ALL_SITES, ids=ids)
    return {person.id: _found(board_line(cohort, person), cohort) for person in cohort.people}


def _found(line: BoardLine, cohort: Cohort) -> Found[Standing]:
    return Found(standing_of(line, cohort), holds_until(line, cohort))


def standing_of(line: BoardLine, cohort: Cohort) -> Standing:
    """The facts of a line of the board."""
    visit = line.visit
    return Standing(
        id=line.person.id,
        code=line.code,
        site=line.person.row.site,
        group=line.group,
        rank=urgency(line),
        visit=visit.code if visit else None,
        visit_on=visit.on if visit else None,
        spare=line.outlook.spare if line.outlook else None,
        closings=tuple(day.closes_at for day in line.savable),
        checks_in=visit is not None and visit.on == line.today and visit.time is not None,
        unreached=unreached_day(line, cohort),
        signs=Counter(sign_of(day, line.today) for day in line.days if day.on_show(line.today)),
    )


def sign_of(day: BoardDay, today: date) -> Sign:
    """What chooses the mark of a day."""
    return Sign(day.state, day.past_its_day, day.by_staff, day.corrected, day.on == today)


def holds_until(line: BoardLine, cohort: Cohort) -> datetime:
    """The next instant at which the line may change though nothing is written: a midnight, an opening, a closing."""
    instants = [cohort.midnight(line.person)]
    for day in line.days:
        found = cohort.times(line.person, day.on, cohort.entered(line.person).get(day.on))
        instants += (found.opens_at, found.midnight_at, found.closes_at)
    return min(at for at in instants if at > cohort.now)


def unreached_day(line: BoardLine, cohort: Cohort) -> date | None:
    """The next diary day, today or within two days, of somebody whom no message reaches."""
    person = line.person
    if person.reach not in UNREACHED or line.group is Group.WITHDRAWN or not cohort.concerns(person):
        return None
    asked = (
        day
        for visit in person.calendar.visits
        if visit.state is VisitState.PLANNED
        for day in visit.asked_days
        if line.today <= day <= line.today + SOON
    )
    return min(asked, default=None)


class Sited(Protocol):
    """Somebody with a code at a site."""

    @property
    def code(self) -> str: ...

    @property
    def site(self) -> str: ...


Somebody = TypeVar("Somebody", bound=Sited)


def within(people: Iterable[Somebody], scope: str, *, site: str = "", code: str = "") -> list[Somebody]:
    """Those of a scope (site ids joined by commas, or `all`); `site` and `code` (in part) narrow further."""
    sites = None if scope == ALL_SITES else frozenset(scope.split(","))
    wanted = code.upper()
    return [
        one
        for one in people
        if (sites is None or one.site in sites) and (not site or one.site == site) and wanted in one.code
    ]


def signs_of(standings: Iterable[Standing]) -> Counter[Sign]:
    """How many diary days bear each sign."""
    found: Counter[Sign] = Counter()
    for one in standings:
        for sign, number in one.signs.items():
            found[sign] += number
    return found


def count_groups(standings: Iterable[Standing]) -> dict[Group, int]:
    """How many participants each group has, every group named."""
    found = Counter(one.group for one in standings)
    return {group: found[group] for group in Group}


def lines_of(
    session: Session, protocol: StudyProtocol, now: datetime, shown: Sequence[Standing]
) -> tuple[list[BoardLine], Cohort]:
    """The lines of these participants, computed anew and in the order given, and the cohort they make."""
    cohort = read_cohort(session, protocol, now, scope=ALL_SITES, ids=[one.id for one in shown])
    people = {person.id: person for person in cohort.people}
    return [board_line(cohort, people[one.id]) for one in shown], cohort
