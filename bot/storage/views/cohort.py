"""Many participants at once, in a fixed number of queries: calendars, zones, chats, and the diary days around now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Select
from sqlmodel import Session, col, select

from bot.diary.completeness import DayState, DayTimes, Timing, day_state
from bot.people.roles import ALL_SITES
from bot.storage.tables import AnswerRow, ChatRow, EntryRow, ParticipantRow, PreparationRow, VisitRow, ZoneRow
from bot.storage.visits import facts_of, outages
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit, VisitCalendar, VisitFacts, VisitState, day_minus_one_closing, plan_calendar
from schedules.windows import DiaryDay, Outage, ZonePeriod, diary_day, local_day, zone_on

LOOKS_BACK = timedelta(days=15)  # a visit whose date passed longer ago is no longer today's business
BEGINS_SOON = timedelta(days=3)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entered:
    """What counts of a day's entry, without its values."""

    revision: int
    timing: str
    source: str
    submitted_at: datetime


@dataclass(frozen=True)
class Person:
    """One participant with everything that calendars are computed from; `chat` is the one that is bound now."""

    id: int
    code: str
    row: Any
    protocol: StudyProtocol
    zones: tuple[ZonePeriod, ...]
    facts: tuple[VisitFacts, ...]
    chat: Any

    @cached_property
    def calendar(self) -> VisitCalendar:
        return plan_calendar(self.protocol, self.row.baseline_on, self.facts)

    @property
    def site_tz(self) -> str:
        return self.protocol.site(self.row.site).timezone

    @property
    def reach(self) -> str:
        """How messages stand: reached, waiting (no tap came back yet), stopped, blocked or unbound."""
        if self.chat is None:
            return "unbound"
        if self.row.stopped_at is not None:
            return "stopped"
        if self.chat.blocked_at is not None:
            return "blocked"
        return "reached" if self.chat.reach_at is not None else "waiting"


@dataclass(frozen=True, slots=True)
class NearBy:
    """A cheap look, without a calendar, at whether a visit may be near enough for its diary to matter now."""

    protocol: StudyProtocol
    baseline: int
    offsets: tuple[timedelta, ...]

    @classmethod
    def of(cls, protocol: StudyProtocol) -> "NearBy":
        codes = [visit.code for visit in protocol.visits]
        return cls(
            protocol,
            codes.index(protocol.baseline.code),
            tuple(timedelta(days=visit.day_offset) for visit in protocol.visits),
        )

    def may_concern(self, person: Person, today: date) -> bool:
        """Errs on the side of yes: a diary that begins today or within two days, or a visit that was due lately."""
        rules, facts = self.protocol.rules, person.facts
        marked = any(fact.bowel_prep or fact.endoscopy_on for fact in facts)
        back = rules.lookback_days if marked else rules.scoring_days + self.protocol.diary.early_days
        first, last = today - LOOKS_BACK, today + timedelta(days=back) + BEGINS_SOON
        base = facts[self.baseline]
        anchor = base.held_on or base.scheduled_on or person.row.baseline_on
        for offset, fact in zip(self.offsets, facts, strict=True):
            if fact.state is VisitState.PLANNED or fact.held_on == today:
                planned, by_hand = anchor + offset, fact.scheduled_on or fact.held_on
                if first <= planned <= last or (by_hand is not None and first <= by_hand <= last):
                    return True
        return False


@dataclass(frozen=True, slots=True)
class CohortDay:
    """One diary day of one participant: times, state, and what was entered (without values)."""

    day: DiaryDay
    state: DayState
    entered: Entered | None
    items: frozenset[str]

    @property
    def on(self) -> date:
        return self.day.on


@dataclass
class Cohort:
    """The participants of some sites as they stand at `now`."""

    protocol: StudyProtocol
    now: datetime
    people: Sequence[Person]
    outages: tuple[Outage, ...]
    entries: Mapping[int, Mapping[date, Entered]]
    answers: Mapping[tuple[int, date], frozenset[str]]
    near_by: NearBy
    _days: dict[tuple[object, ...], DiaryDay] = field(default_factory=dict)
    _today: dict[tuple[ZonePeriod, ...], date] = field(default_factory=dict)

    def today(self, person: Person) -> date:
        """The date in the participant's own zone."""
        if person.zones not in self._today:
            self._today[person.zones] = local_day(self.now, person.zones)
        return self._today[person.zones]

    def concerns(self, person: Person) -> bool:
        """Whether a calendar is worth computing for today."""
        return self.near_by.may_concern(person, self.today(person))

    def entered(self, person: Person) -> Mapping[date, Entered]:
        """What the participant has entered lately, by day."""
        return self.entries.get(person.id, {})

    def day(self, person: Person, on: date) -> CohortDay:
        """A diary day as it stands now."""
        entered = self.entered(person).get(on)
        found = self._times(person, on, entered)
        items = self.answers.get((person.id, on), frozenset())
        state = day_state(
            DayTimes(found.opens_at, found.midnight_at, found.closes_at),
            self.now,
            excluded=person.calendar.exclusion(on) is not None,
            timing=Timing(entered.timing) if entered else None,
            has_answers=bool(items),
            outage=found.outage,
        )
        return CohortDay(found, state, entered, items)

    def _times(self, person: Person, on: date, entered: Entered | None) -> DiaryDay:
        """The day's instants; those of people with the same zone and closing are computed once."""
        here, there = zone_on(person.zones, on), zone_on(person.zones, on + ONE_DAY)
        visit = person.calendar.visit_after(on)
        closing = day_minus_one_closing(visit, person.site_tz) if visit is not None else None
        submitted = entered.submitted_at if entered is not None and self.outages else None
        key = (on, here, there, closing, submitted)
        if key not in self._days:
            history = (ZonePeriod(on, here), ZonePeriod(on + ONE_DAY, there))
            self._days[key] = diary_day(
                on,
                history,
                self.protocol.diary,
                self.protocol.outages,
                day_minus_one_closing=closing,
                outages=self.outages,
                submitted_at=submitted,
            )
        return self._days[key]


def read_cohort(
    session: Session,
    protocol: StudyProtocol,
    now: datetime,
    *,
    scope: str,
    site: str | None = None,
    code: str | None = None,
) -> Cohort:
    """The participants within a scope (site ids joined by commas, or `all`), in order of their codes.

    `site` and `code` narrow further; a code may be given in part. Eight queries, however many there are.
    """
    where = _narrowing(scope, site, code)
    everyone = select(ParticipantRow.__table__)  # type: ignore[attr-defined]  # SQLModel hides the table
    people = session.connection().execute(_narrowed(everyone, where).order_by(ParticipantRow.code)).all()
    since = now.date() - LOOKS_BACK - timedelta(days=protocol.rules.lookback_days + protocol.diary.early_days + 2)
    zones = _zones(session, where)
    facts = _facts(session, where)
    days = _preparations(session, where)
    chats = {chat.participant_id: chat for chat in _of(session, ChatRow, where, col(ChatRow.unbound_at).is_(None))}
    return Cohort(
        protocol,
        now,
        [
            Person(
                row.id,
                row.code,
                row,
                protocol,
                zones.get(row.id) or _site_zone(row, protocol),
                facts_of(protocol, facts[row.id], days[row.id]),
                chats.get(row.id),
            )
            for row in people
        ],
        outages(session),
        _entries(session, where, since),
        _answers(session, where, since),
        NearBy.of(protocol),
    )


def _narrowing(scope: str, site: str | None, code: str | None) -> list[Any]:
    where: list[Any] = []
    if scope != ALL_SITES:
        where.append(col(ParticipantRow.site).in_(scope.split(",")))
    if site:
        where.append(col(ParticipantRow.site) == site)
    if code:
        where.append(col(ParticipantRow.code).contains(code.upper(), autoescape=True))
    return where


def _narrowed(statement: Select[Any], where: Iterable[Any]) -> Select[Any]:
    for clause in where:
        statement = statement.where(clause)
    return statement


def _of(session: Session, table: Any, where: Sequence[Any], *more: Any, columns: Collection[str] = ()) -> Sequence[Any]:
    """The rows (plain, not tracked) of a table that belong to the participants meant."""
    found = table.__table__
    wanted = [found.c[name] for name in columns] if columns else list(found.c)
    statement: Select[Any] = select(*wanted).select_from(found)
    if where:
        statement = statement.join(ParticipantRow.__table__, found.c.participant_id == ParticipantRow.__table__.c.id)  # type: ignore[attr-defined]
    statement = _narrowed(statement, (*where, *more))
    return session.connection().execute(statement.order_by(found.c.id)).all()


def _site_zone(row: Any, protocol: StudyProtocol) -> tuple[ZonePeriod, ...]:
    """The site's zone, for somebody whose own is not recorded."""
    return (ZonePeriod(row.baseline_on, protocol.site(row.site).timezone),)


def _zones(session: Session, where: Sequence[Any]) -> Mapping[int, tuple[ZonePeriod, ...]]:
    found: dict[int, dict[date, ZonePeriod]] = defaultdict(dict)
    rows = _of(session, ZoneRow, where, columns=("participant_id", "from_on", "tzid"))
    for row in sorted(rows, key=lambda row: row.from_on):  # stable: the later of two that begin on one day holds
        found[row.participant_id][row.from_on] = ZonePeriod(row.from_on, row.tzid)
    return {key: tuple(periods.values()) for key, periods in found.items()}


def _facts(session: Session, where: Sequence[Any]) -> Mapping[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for row in _of(session, VisitRow, where):
        found[row.participant_id][row.code] = row
    return found


def _preparations(session: Session, where: Sequence[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    rows = _of(session, PreparationRow, where, col(PreparationRow.removed_at).is_(None))
    for row in sorted(rows, key=lambda row: row.on):
        found[row.participant_id].append(row)
    return found


def _entries(session: Session, where: Sequence[Any], since: date) -> Mapping[int, Mapping[date, Entered]]:
    """The revision that counts, by participant and day; its instant is that of the first submission."""
    found: dict[int, dict[date, Entered]] = defaultdict(dict)
    columns = ("participant_id", "diary_day", "revision", "timing", "source", "submitted_at")
    rows = _of(session, EntryRow, where, col(EntryRow.diary_day) >= since, columns=columns)
    for row in sorted(rows, key=lambda row: row.revision):
        days = found[row.participant_id]
        first = days[row.diary_day].submitted_at if row.diary_day in days else row.submitted_at
        days[row.diary_day] = Entered(row.revision, row.timing, row.source, first)
    return found


def _answers(session: Session, where: Sequence[Any], since: date) -> Mapping[tuple[int, date], frozenset[str]]:
    """Which items have been answered, by participant and day."""
    found: dict[tuple[int, date], set[str]] = defaultdict(set)
    columns = ("participant_id", "diary_day", "item")
    for row in _of(session, AnswerRow, where, col(AnswerRow.diary_day) >= since, columns=columns):
        found[row.participant_id, row.diary_day].add(row.item)
    return {key: frozenset(items) for key, items in found.items()}


def visit_days(visit: ScheduledVisit) -> list[date]:
    """Every date that belongs to a visit's diary: asked, scored or passed over, oldest first."""
    return sorted({*visit.asked_days, *visit.scoring_days, *(day.on for day in visit.excluded)})
