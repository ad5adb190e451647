"""What a study prescribes: the frozen types of a protocol file; all times of day are wall times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from schedules.errors import ScheduleError
from schedules.rule_set import RuleSet

LANGUAGES = ("zh", "en")
DATA_REGIONS = ("cn", "eu", "uk", "us", "other")


class Source(StrEnum):
    """Where a value of the protocol file comes from."""

    REGISTRY = "registry"
    ASSUMPTION = "assumption"


@dataclass(frozen=True, slots=True)
class MarkedValue:
    """One value of the protocol file as written, with its source mark and its line."""

    key: str
    value: object
    source: Source
    line: int


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit as the study prescribes it: days after the baseline visit, and the tolerance on either side."""

    code: str
    day_offset: int
    days_before: int
    days_after: int
    endoscopy: bool
    baseline: bool
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DiaryPlan:
    """How a diary day opens and closes, how many days count, and whether the fourth item is asked.

    `opens` is a wall time of the diary day, `closes` one of the following date. `days` and `minimum_days` are
    the scoring rule set's. `early_days` are asked before the seven while preparation dates are not recorded.
    """

    days: int = 7
    opens: time = time(18)
    closes: time = time(12)
    early_days: int = 2
    minimum_days: int = 4
    antidiarrhoeal: bool = False


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When unasked messages may go out; quiet hours run from `quiet_from` over midnight to `quiet_until`."""

    first_hour: time = time(18)
    last_hour: time = time(21, 30)
    hour_step: timedelta = timedelta(minutes=30)
    default_hour: time = time(20)
    second_after: timedelta = timedelta(minutes=90)
    second_at_quiet: time = time(21, 45)
    second_minimum_gap: timedelta = timedelta(minutes=30)
    last_call: time = time(8)
    last_call_margin: timedelta = timedelta(minutes=30)
    quiet_from: time = time(22)
    quiet_until: time = time(8)
    snooze_minutes: int = 30
    snooze_tomorrow: time = time(8, 30)
    in_progress: timedelta = timedelta(minutes=10)
    prompt_cutoff: time = time(22)

    @property
    def hours(self) -> tuple[time, ...]:
        """The reminder hours a participant can choose from, earliest first."""
        step = int(self.hour_step.total_seconds()) // 60
        minutes = range(_minutes(self.first_hour), _minutes(self.last_hour) + 1, step)
        return tuple(time(m // 60, m % 60) for m in minutes)


@dataclass(frozen=True, slots=True)
class OutagePolicy:
    """How long an outage must last to extend a diary day, by how much, and until when at most (on D+2)."""

    minimum: timedelta = timedelta(minutes=30)
    grace: timedelta = timedelta(hours=6)
    latest: time = time(12)


@dataclass(frozen=True, slots=True)
class InvitationPolicy:
    """How long an invitation can be used."""

    valid: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Site:
    """A hospital of the study: what participants are told about it, and its zone; texts by language."""

    id: str
    names: Mapping[str, str]
    phone: str
    timezone: str
    notice: Mapping[str, str]
    notice_version: str


@dataclass(frozen=True, slots=True)
class EndpointCriteria:
    """The study's own success criteria: CDAI points, SES-CD percent and points."""

    remission_below: int = 150
    response_decrease: int = 70
    response_decrease_major: int = 100
    sescd_response_percent: int = 50
    sescd_remission_at_most: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class StudyProtocol:
    """Everything a study decides, as one version of its protocol file states it; two are compared by fingerprint.

    `legal_basis` is the study's own statement on sending data outside its region; None when it gives none.
    `names` are for staff pages only: a participant never reads them. `visits` stand in the order of their
    offsets.
    """

    id: str
    version: str
    registry_id: str
    names: Mapping[str, str]
    timezone: str
    data_region: str
    legal_basis: str | None
    participants_planned: int
    visits: tuple[PlannedVisit, ...]
    diary: DiaryPlan
    reminders: ReminderPolicy
    outages: OutagePolicy
    invitations: InvitationPolicy
    sites: tuple[Site, ...]
    rules: RuleSet
    endpoints: EndpointCriteria
    fingerprint: str
    values: tuple[MarkedValue, ...] = field(default=(), repr=False)

    @property
    def marks(self) -> dict[str, Source]:
        """The source mark of every value, by its key in the file."""
        return {value.key: value.source for value in self.values}

    @property
    def baseline(self) -> PlannedVisit:
        """The visit that anchors all others."""
        return next(visit for visit in self.visits if visit.baseline)

    def visit(self, code: str) -> PlannedVisit:
        """Return the visit of this code. Raises ScheduleError naming the codes the study has."""
        for visit in self.visits:
            if visit.code == code:
                return visit
        known = ", ".join(visit.code for visit in self.visits)
        raise ScheduleError("The study has no visit %(visit)s; it has %(known)s.", visit=code, known=known)

    def site(self, site_id: str) -> Site:
        """Return the site of this id. Raises ScheduleError naming the sites the study has."""
        for site in self.sites:
            if site.id == site_id:
                return site
        known = ", ".join(site.id for site in self.sites)
        raise ScheduleError("The study has no site %(site)s; it has %(known)s.", site=site_id, known=known)


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute
