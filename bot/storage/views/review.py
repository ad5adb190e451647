"""Diary days that deserve a second look, why (late, corrected after the visit, too fast ...), and who gave it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.people.roles import ALL_SITES
from bot.storage.tables import AnswerRow, EntryRow, ParticipantRow, ReviewMarkRow, VisitRow
from bot.storage.visits import outages
from schedules.protocol import StudyProtocol
from schedules.windows import Outage, ZonePeriod, diary_day

PER_ITEM: Final = timedelta(seconds=2)
ONE_DAY: Final = timedelta(days=1)


class Flag(StrEnum):
    """Why a day deserves a second look."""

    LATE = "late"
    CORRECTED = "corrected"
    FAST = "fast"
    SAME_MINUTE = "same_minute"
    STAFF = "staff"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who reviewed the revision that counts, or verified it against its source, and when."""

    kind: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewDay:
    """One diary day with its entry that counts; `first_at` is when it was first submitted."""

    code: str
    site: str
    on: date
    entry: Any
    first_at: datetime
    flags: tuple[Flag, ...]
    marks: tuple[Mark, ...]

    @property
    def reviewed(self) -> bool:
        return any(mark.kind == "reviewed" for mark in self.marks)


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around the entries: first answers, held visits, outages, marks, busy minutes."""

    protocol: StudyProtocol
    answers: Mapping[tuple[int, date], tuple[int, datetime]]
    held: Mapping[int, Sequence[tuple[date, datetime]]]
    outages: tuple[Outage, ...]
    marks: Mapping[tuple[int, date, int], Sequence[Mark]]
    minutes: Mapping[tuple[int, datetime], int]


def read_review(
    session: Session, protocol: StudyProtocol, *, scope: str, since: date, code: str = ""
) -> list[ReviewDay]:
    """Every entered day of a scope since a date, newest first. Five queries, however many there are."""
    where = _narrowing(scope, code)
    rows = _entries(session, where, since)
    days: dict[tuple[int, date], list[Any]] = defaultdict(list)
    for row in rows:
        days[row.participant_id, row.diary_day].append(row)
    minutes = Counter((key[0], _minute(revisions[0].submitted_at)) for key, revisions in days.items())
    around = _Around(
        protocol,
        _first_answers(session, where, since),
        _held(session, where),
        tuple(outages(session)),
        _marks(session, where, since),
        minutes,
    )
    found = [_day(revisions, around) for revisions in days.values()]
    return sorted(found, key=lambda day: (day.on, day.code), reverse=True)


def _day(revisions: Sequence[Any], around: _Around) -> ReviewDay:
    row, first = revisions[-1], revisions[0]
    marks = around.marks.get((row.participant_id, row.diary_day, row.revision), ())
    flags = tuple(flag for flag, holds in _flags(row, first, around).items() if holds)
    return ReviewDay(row.code, row.site, row.diary_day, row, first.submitted_at, flags, tuple(marks))


def _flags(row: Any, first: Any, around: _Around) -> dict[Flag, bool]:
    return {
        Flag.LATE: row.timing != "on_time",
        Flag.CORRECTED: row.revision > 1 and _after_visit(row, around),
        Flag.FAST: first.source == "participant" and _fast(first, around),
        Flag.SAME_MINUTE: around.minutes[row.participant_id, _minute(first.submitted_at)] > 1,
        Flag.STAFF: any(one.source != "participant" for one in (row, first)),
        Flag.OUTAGE: _hit(row, first, around),
    }


def _after_visit(row: Any, around: _Around) -> bool:
    """Whether the visit that the day served had been held when the value was changed."""
    held = [at for on, at in around.held.get(row.participant_id, ()) if on > row.diary_day]
    return bool(held) and bool(row.submitted_at > min(held))


def _fast(first: Any, around: _Around) -> bool:
    """Whether first answer to Submit took less than two seconds for each item."""
    items, begun = around.answers.get((first.participant_id, first.diary_day), (0, first.submitted_at))
    return items > 0 and bool(first.submitted_at - begun < PER_ITEM * items)


def _hit(row: Any, first: Any, around: _Around) -> bool:
    """Whether an outage fell into the time in which the day could be entered."""
    near = tuple(
        one
        for one in around.outages
        if one.ended_at.date() >= row.diary_day - ONE_DAY and one.started_at.date() <= row.diary_day + 2 * ONE_DAY
    )
    if not near:
        return False
    zones = (ZonePeriod(row.diary_day, row.tzid),)
    return diary_day(
        row.diary_day, zones, around.protocol.diary, around.protocol.outages, outages=near,
        submitted_at=first.submitted_at,
    ).outage  # fmt: skip


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _narrowing(scope: str, code: str) -> list[Any]:
    where: list[Any] = [] if scope == ALL_SITES else [col(ParticipantRow.site).in_(scope.split(","))]
    return [*where, col(ParticipantRow.code).contains(code.upper(), autoescape=True)] if code else where


def _of(table: Any, where: Sequence[Any], *columns: Any) -> Any:
    statement: Any = select(*columns)
    return statement.join(ParticipantRow, col(ParticipantRow.id) == table.participant_id).where(*where)


def _entries(session: Session, where: Sequence[Any], since: date) -> Sequence[Any]:
    table = EntryRow.__table__  # type: ignore[attr-defined]  # SQLModel hides the table
    statement = _of(EntryRow, where, *table.c, ParticipantRow.code, ParticipantRow.site).where(
        EntryRow.diary_day >= since
    )
    return session.connection().execute(statement.order_by(col(EntryRow.revision))).all()


def _first_answers(
    session: Session, where: Sequence[Any], since: date
) -> Mapping[tuple[int, date], tuple[int, datetime]]:
    """How many items were answered at first, and when the first of them, by participant and day."""
    begun = func.min(AnswerRow.answered_at).label("begun")
    statement = _of(AnswerRow, where, AnswerRow.participant_id, AnswerRow.diary_day, func.count().label("items"), begun)
    statement = statement.where(AnswerRow.diary_day >= since, AnswerRow.ordinal == 1)
    rows = session.connection().execute(statement.group_by(AnswerRow.participant_id, AnswerRow.diary_day)).all()
    return {(row[0], row[1]): (row.items, row.begun) for row in rows}


def _held(session: Session, where: Sequence[Any]) -> Mapping[int, Sequence[tuple[date, datetime]]]:
    statement = _of(VisitRow, where, VisitRow.participant_id, VisitRow.held_on, VisitRow.held_at)
    found: dict[int, list[tuple[date, datetime]]] = defaultdict(list)
    for key, on, at in session.connection().execute(statement.where(col(VisitRow.held_at).is_not(None))):
        found[key].append((on, at))
    return found


def _marks(session: Session, where: Sequence[Any], since: date) -> Mapping[tuple[int, date, int], Sequence[Mark]]:
    row = ReviewMarkRow
    statement = _of(row, where, row.participant_id, row.diary_day, row.revision, row.kind, row.marked_by, row.marked_at)
    found: dict[tuple[int, date, int], list[Mark]] = defaultdict(list)
    for key, on, revision, kind, by, at in session.connection().execute(statement.where(row.diary_day >= since)):
        found[key, on, revision].append(Mark(kind, by, at))
    return found
