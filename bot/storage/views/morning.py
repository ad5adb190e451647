"""The morning list: whose yesterday is still open, who cannot reach the minimum, whom messages do not reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session

from bot.storage.tables import MessageRow, ParticipantRow
from bot.storage.tables.traffic import ON_THE_WAY
from bot.storage.views.board import RINGING, BoardLine, Group, board_lines, urgency
from bot.storage.views.cohort import Cohort, read_cohort
from schedules.protocol import StudyProtocol
from schedules.visits import VisitState

SOON = timedelta(days=2)
UNREACHED = ("blocked", "stopped", "unbound")


@dataclass(frozen=True, slots=True)
class Unreached:
    """A participant whom messages do not reach, with the next diary day that is to be asked."""

    line: BoardLine
    next_day: date


@dataclass(frozen=True, slots=True)
class MorningList:
    """The three parts of the list; each participant stands in one."""

    cohort: Cohort
    lines: Sequence[BoardLine]
    save: tuple[BoardLine, ...]
    cannot: tuple[BoardLine, ...]
    unreached: tuple[Unreached, ...]

    @property
    def total(self) -> int:
        return len(self.save) + len(self.cannot) + len(self.unreached)


def read_morning(session: Session, protocol: StudyProtocol, now: datetime, *, scope: str) -> MorningList:
    """The list at `now` for some sites; constant number of queries."""
    cohort = read_cohort(session, protocol, now, scope=scope)
    lines = board_lines(cohort)
    save = tuple(line for line in lines if line.group is Group.SAVE)
    cannot = tuple(line for line in lines if line.group is Group.CANNOT)
    rest = (line for line in lines if line.group not in (Group.SAVE, Group.CANNOT))
    unreached = [found for line in rest if (found := unreached_of(line, cohort)) is not None]
    unreached.sort(key=lambda one: (one.next_day, urgency(one.line)))
    return MorningList(cohort, lines, save, cannot, tuple(unreached))


def unreached_of(line: BoardLine, cohort: Cohort) -> Unreached | None:
    """The participant as one whom no message reaches although a diary day is near, else None."""
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
    found = min(asked, default=None)
    return Unreached(line, found) if found is not None else None


def closing_today(lines: Sequence[BoardLine], now: datetime) -> dict[datetime, int]:
    """How many open days close at which instant from now on, earliest first."""
    found: dict[datetime, int] = {}
    for line in lines:
        for day in line.savable:
            if day.closes_at > now:
                found[day.closes_at] = found.get(day.closes_at, 0) + 1
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Evening:
    """Messages since last evening by end state, and the questions planned for this evening by their instant."""

    ended: Mapping[str, int]
    tonight: Mapping[datetime, int]


def read_evening(session: Session, cohort: Cohort, since: datetime) -> Evening:
    """What became of the messages since an instant, and what is planned for the next 24 hours."""
    found = MessageRow.__table__.c  # type: ignore[attr-defined]  # SQLModel hides the table
    people = ParticipantRow.__table__.c  # type: ignore[attr-defined]
    sites = sorted({person.row.site for person in cohort.people})
    rows = (
        session.connection()
        .execute(
            select(found.state, found.due_at, found.kind, func.count())
            .join(ParticipantRow.__table__, found.participant_id == people.id)  # type: ignore[attr-defined]
            .where(
                people.site.in_(sites),
                found.kind.in_(RINGING),
                found.due_at >= since,
                found.due_at < cohort.now + timedelta(hours=24),
            )
            .group_by(found.state, found.due_at, found.kind)
        )
        .all()
    )
    ended: dict[str, int] = dict.fromkeys(("sent", "refused", "unknown", "expired"), 0)
    tonight: dict[datetime, int] = {}
    for state, due_at, kind, number in rows:
        if state in ended:
            ended[state] += number
        elif state in ON_THE_WAY and kind == "prompt" and due_at > cohort.now:
            tonight[due_at] = tonight.get(due_at, 0) + number
    return Evening(ended, dict(sorted(tonight.items())))
