"""How complete the diaries are, by week and site: what was entered on the day, late, or not at all."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session

from bot.diary.completeness import DayState
from bot.storage.views.days import DayRecord, Ground, assemble_diary
from bot.storage.views.draft import NEAR
from bot.storage.views.kept import FOR_EVER, Found, Kept
from bot.storage.views.records import PersonRecord, Records, read_records_in_bulk
from schedules.protocol import StudyProtocol
from schedules.visits import STOPPED

EXPECTED = (DayState.ON_TIME, DayState.LATE, DayState.PARTIAL, DayState.MISSED, DayState.OUTAGE)


@dataclass(frozen=True, slots=True)
class WeekLine:
    """The scored diary days of one site in one week; `monday` begins the week."""

    monday: date
    site: str
    participants: int
    days: Mapping[DayState, int]

    @property
    def expected(self) -> int:
        """Days that have closed and should hold an entry; excluded and open days are not among them."""
        return sum(self.days.get(state, 0) for state in EXPECTED)

    @property
    def entered(self) -> int:
        return self.days.get(DayState.ON_TIME, 0) + self.days.get(DayState.LATE, 0)

    @property
    def missed(self) -> int:
        """Closed without an entry, or with answers that were never submitted."""
        return self.days.get(DayState.MISSED, 0) + self.days.get(DayState.PARTIAL, 0)


@dataclass(frozen=True, slots=True)
class PersonWeeks:
    """One participant's scored days by state, by the Monday that begins the week."""

    code: str
    site: str
    weeks: Mapping[date, Mapping[DayState, int]]


def kept_weeks() -> Kept[PersonWeeks]:
    """Everybody's weeks, in order of the codes."""
    return Kept(work_out, lambda one: one.code)


def work_out(
    session: Session, protocol: StudyProtocol, now: datetime, ids: Collection[int] | None
) -> Mapping[int, Found[PersonWeeks]]:
    """The weeks of these participants, or of all, with the instant at which a day may change by itself."""
    records = read_records_in_bulk(session, ids)
    return {person.participant.id or 0: _weeks_of(person, records, protocol, now) for person in records.people}


def _weeks_of(person: PersonRecord, records: Records, protocol: StudyProtocol, now: datetime) -> Found[PersonWeeks]:
    weeks: dict[date, Counter[DayState]] = defaultdict(Counter)
    until = FOR_EVER
    for on, record in _scored_days(person, records, protocol, now):
        if record is None:
            until = min(until, next_date(now))
            continue
        if on >= now.date() - NEAR:
            until = min((until, *(at for at in (record.day.opens_at, record.day.closes_at) if at > now)))
        if _has_begun(record, person.participant.withdrawn_at):
            weeks[on - timedelta(days=on.weekday())][record.state] += 1
    return Found(PersonWeeks(person.participant.code, person.participant.site, weeks), until)


def next_date(now: datetime) -> datetime:
    """When the next date begins by the universal clock, by which days ahead come into sight."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(0), UTC)


def read_completeness(
    session: Session,
    protocol: StudyProtocol,
    now: datetime,
    *,
    sites: Collection[str] | None = None,
    kept: Kept[PersonWeeks] | None = None,
) -> list[WeekLine]:
    """Every week with a scored day that has begun, oldest first, by site: a fixed number of queries.

    `kept` spares what has been worked out already.
    """
    known = (kept_weeks() if kept is None else kept).read(session, protocol, now)
    days: dict[tuple[date, str], Counter[DayState]] = defaultdict(Counter)
    people: Counter[tuple[date, str]] = Counter()
    for person in known:
        if sites is None or person.site in sites:
            for monday, states in person.weeks.items():
                people[monday, person.site] += 1
                for state, number in states.items():
                    days[monday, person.site][state] += number
    return [WeekLine(*key, people[key], days[key]) for key in sorted(days)]


def total_of(lines: Collection[WeekLine], site: str) -> WeekLine | None:
    """All weeks of a site together; None when it has none. Participants are counted once a week."""
    own = [line for line in lines if line.site == site]
    if not own:
        return None
    days: Counter[DayState] = Counter()
    for line in own:
        days.update(line.days)
    return WeekLine(own[0].monday, site, max(line.participants for line in own), days)


def _scored_days(
    person: PersonRecord, records: Records, protocol: StudyProtocol, now: datetime
) -> Iterator[tuple[date, DayRecord | None]]:
    """Each scoring or excluded day of a visit that takes place; one more than a day ahead has no record."""
    calendar = person.calendar(protocol)
    wanted = {
        on
        for visit in calendar.visits
        if visit.state not in STOPPED
        for on in (*visit.scoring_days, *(day.on for day in visit.excluded))
    }
    ground = Ground(protocol, person.participant.site, calendar, person.zones, records.outages)
    diary = assemble_diary(person.participant, ground, person.days, sorted(wanted), now)
    for on in wanted:
        yield on, diary.records[on] if on <= now.date() + timedelta(days=1) else None


def _has_begun(record: DayRecord, ended: datetime | None) -> bool:
    """Whether the day has opened, and did so before a withdrawal."""
    return record.state is not DayState.NOT_OPEN and (ended is None or record.day.opens_at < ended)
