"""One participant's visits and the diary days that belong to each: is this day asked, and what for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as wall_time
from enum import StrEnum

from schedules.errors import ScheduleError
from schedules.windows import ONE_DAY, instant


class VisitState(StrEnum):
    """What has become of a visit; `terminated` ends every later visit too."""

    PLANNED = "planned"
    HELD = "held"
    NO_SHOW = "no_show"
    NOT_DONE = "not_done"
    TERMINATED = "terminated"


STOPPED = frozenset({VisitState.NO_SHOW, VisitState.NOT_DONE, VisitState.TERMINATED})


class ExclusionReason(StrEnum):
    """Why a date never counts."""

    BOWEL_PREP = "bowel_prep"
    ENDOSCOPY = "endoscopy"
    POST_ENDOSCOPY = "post_endoscopy"


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What the site has recorded about one visit; everything left out follows the plan.

    `scheduled_on` is a date set by hand. It holds while the plan it was set against stands: `moved_against`
    is the planned date of that moment, and None means that it holds whatever becomes of the plan.
    `held_on` is the date of `held_at` in the site's zone. `time` is the planned check-in, site time.
    """

    code: str
    scheduled_on: date | None = None
    time: wall_time | None = None
    held_at: datetime | None = None
    held_on: date | None = None
    state: VisitState = VisitState.PLANNED
    bowel_prep: tuple[date, ...] = ()
    endoscopy_on: date | None = None
    moved_against: date | None = None


@dataclass(frozen=True, slots=True)
class ExcludedDay:
    """A date that never counts, and why."""

    on: date
    reason: ExclusionReason


@dataclass(frozen=True, slots=True)
class ScheduledVisit:
    """One visit as it stands now: its date, its tolerance, and its diary days (oldest first).

    `first` and `last` bound the visit window. `excluded` are the dates that the walk back from the visit
    passed over. `asked_days` are the days on which the participant is asked for this visit's sake: none once
    the visit is known not to take place.
    """

    code: str
    planned_on: date
    on: date
    time: wall_time | None
    state: VisitState
    held_at: datetime | None
    first: date
    last: date
    excluded: tuple[ExcludedDay, ...]
    scoring_days: tuple[date, ...]
    asked_days: tuple[date, ...]
    baseline: bool
    endoscopy_planned: bool
    preparation_recorded: bool

    @property
    def outside_tolerance(self) -> bool:
        """True when the visit's date lies outside its visit window."""
        return not self.first <= self.on <= self.last

    @property
    def held(self) -> bool:
        """True when the visit took place."""
        return self.state is VisitState.HELD

    def label(self, day: date) -> str:
        """Name a diary day by its distance from the visit: `D-7` to `D-1`."""
        return f"D-{(self.on - day).days}"


@dataclass(frozen=True, slots=True)
class AskedDay:
    """A day on which the participant is asked: for which visit, and as which of how many scoring days.

    `number` is None on an early day, which is asked in case the window has to reach back.
    """

    on: date
    visit: str
    number: int | None
    of: int
    label: str

    @property
    def early(self) -> bool:
        """True on an extra day before the scoring days."""
        return self.number is None


@dataclass(frozen=True, slots=True)
class VisitCalendar:
    """All visits of one participant in protocol order, with every date marked as excluded."""

    visits: tuple[ScheduledVisit, ...]
    marked: Mapping[date, ExclusionReason]

    def visit(self, code: str) -> ScheduledVisit:
        """Return the visit of this code. Raises ScheduleError naming the codes there are."""
        for visit in self.visits:
            if visit.code == code:
                return visit
        known = ", ".join(visit.code for visit in self.visits)
        raise ScheduleError("There is no visit %(visit)s; the study has %(known)s.", visit=code, known=known)

    def days(self) -> tuple[date, ...]:
        """Every asked day, oldest first."""
        return tuple(sorted({day for visit in self.visits for day in visit.asked_days}))

    def asked(self, day: date) -> AskedDay | None:
        """Say what a date is asked for; a scoring day comes before an early one, then the nearer visit."""
        asking = [visit for visit in self.visits if day in visit.asked_days]
        if not asking:
            return None
        return _asked_for(min(asking, key=lambda v: (day not in v.scoring_days, v.on)), day)

    def next_asked(self, from_day: date, entered: Collection[date] = ()) -> date | None:
        """Return the first asked day from a date on that is not entered yet."""
        return next((day for day in self.days() if day >= from_day and day not in entered), None)

    def visit_after(self, day: date) -> ScheduledVisit | None:
        """Return the visit on the very next date: the one whose check-in closes this day."""
        return next((visit for visit in self.visits if visit.on == day + ONE_DAY), None)

    def exclusion(self, day: date) -> ExclusionReason | None:
        """Say why a date never counts; None when it may."""
        return self.marked.get(day)


def day_minus_one_closing(visit: ScheduledVisit | None, site_tz: str) -> datetime | None:
    """Return the check-in that closes the day before a visit: the recorded one, else the planned one."""
    if visit is None:
        return None
    if visit.held_at is not None:
        return visit.held_at
    return None if visit.time is None else instant(visit.on, visit.time, site_tz)


def _asked_for(visit: ScheduledVisit, day: date) -> AskedDay:
    number = visit.scoring_days.index(day) + 1 if day in visit.scoring_days else None
    return AskedDay(day, visit.code, number, len(visit.scoring_days), visit.label(day))
