"""Whose diary can still be saved: every participant's present diary week, grouped by what a person can do about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from bot.diary.completeness import SCORED, DayState, Timing
from bot.storage.tables import MessageRow
from bot.storage.tables.traffic import ON_THE_WAY
from bot.storage.views.cards import asked_items
from bot.storage.views.cohort import LOOKS_BACK, Cohort, CohortDay, Person, visit_days
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit, VisitState, earliest_evaluable_on

ONE_DAY = timedelta(days=1)
FARTHEST = timedelta(days=60)  # no window reaches back farther
RINGING = ("prompt", "second", "last_call", "snoozed", "outage", "staff")
MESSAGES_BACK = timedelta(days=3)
MESSAGES_AHEAD = timedelta(hours=36)
ENDED = ("sent", "refused", "unknown", "expired")


class Group(StrEnum):
    """What can be done for a participant now; the order is the board's."""

    SAVE = "save"
    CANNOT = "cannot"
    TRACK = "track"
    TODAY = "today"
    BETWEEN = "between"
    WITHDRAWN = "withdrawn"


FOLDED = (Group.BETWEEN, Group.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class BoardDay:
    """One diary day of the week on show; `back` is its distance from the visit.

    `past_its_day` tells an open day that can still be saved from today's; `saving_left` says that only Submit is
    missing; `scored` whether the day is one of the seven.
    """

    on: date
    back: int
    state: DayState
    closes_at: datetime
    past_its_day: bool
    scored: bool
    exclusion: str | None
    by_staff: bool
    corrected: bool
    outage: bool
    after_closing: bool
    saving_left: bool

    @property
    def can_be_saved(self) -> bool:
        return self.state is DayState.OPEN and self.past_its_day

    def on_show(self, today: date) -> bool:
        """Whether the board shows the day; an extra day that stayed empty took nothing from anybody."""
        waits = self.state is DayState.OPEN or self.on == today
        return self.scored or self.exclusion is not None or self.state in SCORED or waits


@dataclass(frozen=True, slots=True)
class Outlook:
    """Days of a visit: `in_hand` count, `left` can still come in, `minimum` are needed of `of`."""

    in_hand: int
    left: int
    minimum: int
    of: int

    @property
    def needed(self) -> int:
        return max(self.minimum - self.in_hand, 0)

    @property
    def evaluable(self) -> bool:
        return self.in_hand >= self.minimum

    @property
    def possible(self) -> bool:
        return self.in_hand + self.left >= self.minimum

    @property
    def spare(self) -> int:
        """How many of the days that are left can still be lost."""
        return self.in_hand + self.left - self.minimum


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One participant with the visit that matters now; without one, only the group says where they stand."""

    person: Person
    group: Group
    today: date
    visit: ScheduledVisit | None = None
    days: tuple[BoardDay, ...] = ()
    outlook: Outlook | None = None

    @property
    def code(self) -> str:
        return self.person.code

    @property
    def savable(self) -> tuple[BoardDay, ...]:
        return tuple(day for day in self.days if day.can_be_saved)

    @property
    def deadline(self) -> datetime | None:
        """When the first day that can still be saved closes."""
        return min((day.closes_at for day in self.savable), default=None)


def board_lines(cohort: Cohort) -> list[BoardLine]:
    """Every participant, in the board's order: by group, deadline, and how few days can still be lost."""
    return sorted((board_line(cohort, person) for person in cohort.people), key=urgency)


def urgency(line: BoardLine) -> tuple[Any, ...]:
    """Sort by group, then deadline, then by how few days can still be lost, then by code."""
    far = line.visit.on if line.visit else date.max
    spare = line.outlook.spare if line.outlook else 0
    return (tuple(Group).index(line.group), line.deadline is None, line.deadline or 0, spare, far, line.code)


def board_line(cohort: Cohort, person: Person) -> BoardLine:
    """Where one participant stands."""
    today = cohort.today(person)
    if person.row.withdrawn_at is not None:
        return BoardLine(person, Group.WITHDRAWN, today)
    visit = present_visit(person, today) if cohort.concerns(person) else None
    if visit is None:
        return BoardLine(person, Group.BETWEEN, today)
    days = tuple(board_day(cohort, person, visit, on) for on in visit_days(visit))
    outlook = outlook_of(days, cohort.protocol)
    return BoardLine(person, _group(visit, days, outlook, today), today, visit, days, outlook)


def present_visit(person: Person, today: date) -> ScheduledVisit | None:
    """The visit whose diary has begun, else one that is due or overdue, else one that was held today."""
    begun, due, held = None, None, None
    for visit in person.calendar.visits:
        if visit.state is VisitState.PLANNED and visit.on > today:
            days = visit_days(visit) if begun is None and visit.on - today <= FARTHEST else []
            begun = begun or (visit if days and days[0] <= today else None)
        elif visit.state is VisitState.PLANNED and today - LOOKS_BACK <= visit.on <= today:
            due = visit
        elif visit.held and visit.on == today:
            held = visit
    return begun or due or held


def board_day(cohort: Cohort, person: Person, visit: ScheduledVisit, on: date) -> BoardDay:
    """One day of the week on show."""
    found, entered = cohort.day(person, on), cohort.entered(person).get(on)
    exclusion = person.calendar.exclusion(on)
    return BoardDay(
        on=on,
        back=(visit.on - on).days,
        state=found.state,
        closes_at=found.day.closes_at,
        past_its_day=cohort.now >= found.day.midnight_at,
        scored=on in visit.scoring_days,
        exclusion=exclusion.value if exclusion else None,
        by_staff=entered is not None and entered.source != "participant",
        corrected=entered is not None and entered.revision > 1,
        outage=found.day.outage,
        after_closing=entered is not None and entered.timing == Timing.AFTER_CLOSING,
        saving_left=_saving_left(found, cohort.protocol),
    )


def _saving_left(found: CohortDay, protocol: StudyProtocol) -> bool:
    """Whether every item is answered and nothing but Submit is missing."""
    if found.state is not DayState.OPEN or found.entered is not None:
        return False
    return {item.value for item in asked_items(protocol)} <= found.items


def counts(day: BoardDay, protocol: StudyProtocol) -> bool:
    """Whether the day's entry counts for its visit."""
    return day.state in SCORED or (
        day.after_closing and protocol.rules.score_after_closing and day.state is not DayState.EXCLUDED
    )


def outlook_of(days: Iterable[BoardDay], protocol: StudyProtocol) -> Outlook:
    """What is in hand and what can still come in, of the days that are scored."""
    scored = [day for day in days if day.scored]
    in_hand = sum(counts(day, protocol) for day in scored)
    left = sum(day.state in (DayState.OPEN, DayState.NOT_OPEN) for day in scored)
    return Outlook(in_hand, left, protocol.rules.min_valid_days, len(scored))


def _group(visit: ScheduledVisit, days: Sequence[BoardDay], outlook: Outlook, today: date) -> Group:
    if visit.held:
        return Group.TODAY
    if any(day.can_be_saved for day in days):
        return Group.SAVE
    if not outlook.possible:
        return Group.CANNOT
    return Group.TRACK if visit.on > today else Group.TODAY


def earliest_date(line: BoardLine, cohort: Cohort) -> date | None:
    """The first date on which the visit could still be evaluated; None when there is none within 60 days."""
    if line.visit is None or line.visit.state is not VisitState.PLANNED:
        return None
    person = line.person
    scored = {"on_time", "late"} | ({"after_closing"} if cohort.protocol.rules.score_after_closing else set())
    entered = {on for on, entry in cohort.entered(person).items() if entry.timing in scored}
    return earliest_evaluable_on(
        cohort.protocol,
        person.row.baseline_on,
        person.facts,
        line.visit.code,
        entered=entered,
        now=cohort.now,
        history=person.zones,
        site_tz=person.site_tz,
    )


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message that rang or is to ring: its kind and end state (`planned` while on its way), and when."""

    kind: str
    state: str
    at: datetime
    diary_day: date | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """A participant's recent messages, oldest first, and the next one that is planned."""

    recent: tuple[SentMessage, ...] = ()
    planned: SentMessage | None = None

    @property
    def last(self) -> SentMessage | None:
        return self.recent[-1] if self.recent else None


def read_traffic(session: Session, people: Iterable[int], now: datetime) -> Mapping[int, Traffic]:
    """Messages of the last three days and the next 36 hours, by participant: one query."""
    found = MessageRow.__table__.c  # type: ignore[attr-defined]  # SQLModel hides the table
    rows = (
        session.connection()
        .execute(
            select(found.participant_id, found.kind, found.state, found.due_at, found.sent_at, found.diary_day)
            .where(
                col(MessageRow.participant_id).in_(list(people)),
                col(MessageRow.kind).in_(RINGING),
                col(MessageRow.due_at) >= now - MESSAGES_BACK,
                col(MessageRow.due_at) <= now + MESSAGES_AHEAD,
            )
            .order_by(found.due_at, found.id)
        )
        .all()
    )
    recent: dict[int, list[SentMessage]] = {}
    planned: dict[int, SentMessage] = {}
    for row in rows:
        if row.state in ENDED:
            at = row.sent_at or row.due_at
            recent.setdefault(row.participant_id, []).append(SentMessage(row.kind, row.state, at, row.diary_day))
        elif row.state in ON_THE_WAY:
            planned.setdefault(row.participant_id, SentMessage(row.kind, "planned", row.due_at, row.diary_day))
    return {key: Traffic(tuple(recent.get(key, ())), planned.get(key)) for key in {*recent, *planned}}


def last_message(line: BoardLine, traffic: Traffic) -> SentMessage | None:
    """The message that says most: trouble first, on track what comes next, else the last one."""
    last = traffic.last
    if last is not None and (last.state in ("refused", "unknown") or line.group is not Group.TRACK):
        return last
    return traffic.planned or last
