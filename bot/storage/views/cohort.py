"""Many participants at once, in a fixed number of queries: calendars, zones, chats, and the diary days around now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlmodel import Session, col, select

from bot.diary.completeness import DayState, Timing, day_state
from bot.storage.tables import ChatRow, ParticipantRow
from bot.storage.views.cohort_rows import (
    Entered,
    answered_items,
    entries_by_person,
    narrowed,
    narrowing,
    preparation_by_person,
    rows_of,
    site_zone,
    visits_by_person,
    zones_by_person,
)
from bot.storage.visits import facts_of, outages
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit, VisitCalendar, VisitFacts, VisitState, day_minus_one_closing, plan_calendar
from schedules.windows import MIDNIGHT, DiaryDay, Outage, ZonePeriod, diary_day, instant, local_day, zone_on

LOOKS_BACK = timedelta(days=15)  # a visit whose date passed longer ago is no longer today's business
BEGINS_SOON = timedelta(days=3)
ONE_DAY = timedelta(days=1)


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
    _midnights: dict[tuple[date, str], datetime] = field(default_factory=dict)

    @cached_property
    def _hit_dates(self) -> frozenset[date]:
        """The dates on which an outage may have touched a day, in whatever zone."""
        return frozenset(
            day for one in self.outages for day in _dates(one.started_at.date() - 3 * ONE_DAY, one.ended_at.date())
        )

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

    def midnight(self, person: Person) -> datetime:
        """When the participant's next date begins."""
        tomorrow = self.today(person) + ONE_DAY
        key = (tomorrow, zone_on(person.zones, tomorrow))
        if key not in self._midnights:
            self._midnights[key] = instant(tomorrow, MIDNIGHT, key[1])
        return self._midnights[key]

    def day(self, person: Person, on: date) -> CohortDay:
        """A diary day as it stands now."""
        entered = self.entered(person).get(on)
        found = self.times(person, on, entered)
        items = self.answers.get((person.id, on), frozenset())
        state = day_state(
            found,
            self.now,
            excluded=person.calendar.exclusion(on) is not None,
            timing=Timing(entered.timing) if entered else None,
            has_answers=bool(items),
            outage=found.outage,
        )
        return CohortDay(found, state, entered, items)

    def times(self, person: Person, on: date, entered: Entered | None) -> DiaryDay:
        """The day's instants; those of people with the same zone and closing are computed once."""
        here, there = zone_on(person.zones, on), zone_on(person.zones, on + ONE_DAY)
        visit = person.calendar.visit_after(on)
        closing = day_minus_one_closing(visit, person.site_tz) if visit is not None else None
        submitted = entered.submitted_at if entered is not None and on in self._hit_dates else None
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
    ids: Collection[int] | None = None,
) -> Cohort:
    """The participants within a scope (site ids joined by commas, or `all`), in order of their codes.

    `site`, `code` and `ids` narrow further; a code may be given in part. Eight queries, however many there are.
    """
    where = narrowing(scope, site, code, ids)
    everyone = select(ParticipantRow.__table__)  # type: ignore[attr-defined]  # SQLModel hides the table
    people = session.connection().execute(narrowed(everyone, where).order_by(ParticipantRow.code)).all()
    since = now.date() - LOOKS_BACK - timedelta(days=protocol.rules.lookback_days + protocol.diary.early_days + 2)
    zones = zones_by_person(session, where)
    facts = visits_by_person(session, where)
    days = preparation_by_person(session, where)
    chats = {chat.participant_id: chat for chat in rows_of(session, ChatRow, where, col(ChatRow.unbound_at).is_(None))}
    return Cohort(
        protocol,
        now,
        [
            Person(
                row.id,
                row.code,
                row,
                protocol,
                zones.get(row.id) or site_zone(row, protocol),
                facts_of(protocol, facts[row.id], days[row.id]),
                chats.get(row.id),
            )
            for row in people
        ],
        outages(session),
        entries_by_person(session, where, since),
        answered_items(session, where, since),
        NearBy.of(protocol),
    )


def _dates(first: date, last: date) -> Iterable[date]:
    """Every date from the first to the day after the last, whatever the zone says of it."""
    return (first + timedelta(days=ahead) for ahead in range((last - first).days + 2))


def visit_days(visit: ScheduledVisit) -> list[date]:
    """Every date that belongs to a visit's diary: asked, scored or passed over, oldest first."""
    return sorted({*visit.asked_days, *visit.scoring_days, *(day.on for day in visit.excluded)})
