"""How complete the diaries are, by week and site: what was entered on the day, late, or not at all."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.diary.completeness import DayState
from bot.storage.participants import all_participants
from bot.storage.views.days import assemble_diary
from bot.storage.views.records import PersonRecord, Records, read_records
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


def read_completeness(
    session: Session, protocol: StudyProtocol, now: datetime, *, sites: Collection[str] | None = None
) -> list[WeekLine]:
    """Every week with a scored day that has begun, oldest first, by site: ten queries, however many there are."""
    wanted = [one for one in all_participants(session) if sites is None or one.site in sites]
    records = read_records(session, wanted)
    days: dict[tuple[date, str], Counter[DayState]] = defaultdict(Counter)
    people: dict[tuple[date, str], set[int]] = defaultdict(set)
    for person in records.people:
        for on, state in _scored_days(person, records, protocol, now):
            key = (on - timedelta(days=on.weekday()), person.participant.site)
            days[key][state] += 1
            people[key].add(person.participant.id or 0)
    return [WeekLine(*key, len(people[key]), days[key]) for key in sorted(days)]


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
) -> Iterator[tuple[date, DayState]]:
    """Each scoring or excluded day of a visit that takes place, once it has begun; none after a withdrawal."""
    calendar = person.calendar(protocol)
    wanted = {
        on
        for visit in calendar.visits
        if visit.state not in STOPPED
        for on in (*visit.scoring_days, *(day.on for day in visit.excluded))
        if on <= now.date() + timedelta(days=1)
    }
    diary = assemble_diary(
        person.participant, protocol, calendar, person.zones, records.outages, person.days, sorted(wanted), now
    )
    ended = person.participant.withdrawn_at
    for on, record in diary.records.items():
        if record.state is DayState.NOT_OPEN or (ended is not None and record.day.opens_at >= ended):
            continue
        yield on, record.state
