"""What many participants' calendars and days are read from: plain rows, in one query each, however many they are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select
from sqlmodel import Session, col, select

from bot.people.roles import ALL_SITES
from bot.storage.tables import AnswerRow, EntryRow, ParticipantRow, PreparationRow, VisitRow, ZoneRow
from schedules.protocol import StudyProtocol
from schedules.windows import ZonePeriod


@dataclass(frozen=True, slots=True)
class Entered:
    """What counts of a day's entry, without its values."""

    revision: int
    timing: str
    source: str
    submitted_at: datetime


def narrowing(
    scope: str, site: str | None = None, code: str | None = None, ids: Collection[int] | None = None
) -> list[Any]:
    """Conditions on participants: within a scope (site ids joined by commas, or `all`), and what narrows further."""
    where: list[Any] = []
    if scope != ALL_SITES:
        where.append(col(ParticipantRow.site).in_(scope.split(",")))
    if site:
        where.append(col(ParticipantRow.site) == site)
    if code:
        where.append(col(ParticipantRow.code).contains(code.upper(), autoescape=True))
    if ids is not None:
        where.append(col(ParticipantRow.id).in_(ids))
    return where


def narrowed(statement: Select[Any], where: Iterable[Any]) -> Select[Any]:
    """The statement with these conditions."""
    for clause in where:
        statement = statement.where(clause)
    return statement


def rows_of(
    session: Session, table: Any, where: Sequence[Any], *more: Any, columns: Collection[str] = ()
) -> Sequence[Any]:
    """The rows (plain, not tracked) of a table that belong to the participants meant."""
    found = table.__table__
    wanted = [found.c[name] for name in columns] if columns else list(found.c)
    statement: Select[Any] = select(*wanted).select_from(found)
    if where:
        statement = statement.join(ParticipantRow.__table__, found.c.participant_id == ParticipantRow.__table__.c.id)  # type: ignore[attr-defined]
    statement = narrowed(statement, (*where, *more))
    return session.connection().execute(statement.order_by(found.c.id)).all()


def site_zone(row: Any, protocol: StudyProtocol) -> tuple[ZonePeriod, ...]:
    """The site's zone, for somebody whose own is not recorded."""
    return (ZonePeriod(row.baseline_on, protocol.site(row.site).timezone),)


def zones_by_person(session: Session, where: Sequence[Any]) -> Mapping[int, tuple[ZonePeriod, ...]]:
    """Zones with the date from which each holds, oldest first."""
    found: dict[int, dict[date, ZonePeriod]] = defaultdict(dict)
    rows = rows_of(session, ZoneRow, where, columns=("participant_id", "from_on", "tzid"))
    for row in sorted(rows, key=lambda row: row.from_on):  # stable: the later of two that begin on one day holds
        found[row.participant_id][row.from_on] = ZonePeriod(row.from_on, row.tzid)
    return {key: tuple(periods.values()) for key, periods in found.items()}


def visits_by_person(session: Session, where: Sequence[Any]) -> Mapping[int, dict[str, Any]]:
    """Visits by code."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for row in rows_of(session, VisitRow, where):
        found[row.participant_id][row.code] = row
    return found


def preparation_by_person(session: Session, where: Sequence[Any]) -> Mapping[int, list[Any]]:
    """Preparation days in force, in order of date."""
    found: dict[int, list[Any]] = defaultdict(list)
    rows = rows_of(session, PreparationRow, where, col(PreparationRow.removed_at).is_(None))
    for row in sorted(rows, key=lambda row: row.on):
        found[row.participant_id].append(row)
    return found


def entries_by_person(session: Session, where: Sequence[Any], since: date) -> Mapping[int, Mapping[date, Entered]]:
    """The revision that counts, by participant and day; its instant is that of the first submission."""
    found: dict[int, dict[date, Entered]] = defaultdict(dict)
    columns = ("participant_id", "diary_day", "revision", "timing", "source", "submitted_at")
    rows = rows_of(session, EntryRow, where, col(EntryRow.diary_day) >= since, columns=columns)
    for row in sorted(rows, key=lambda row: row.revision):
        days = found[row.participant_id]
        first = days[row.diary_day].submitted_at if row.diary_day in days else row.submitted_at
        days[row.diary_day] = Entered(row.revision, row.timing, row.source, first)
    return found


def answered_items(session: Session, where: Sequence[Any], since: date) -> Mapping[tuple[int, date], frozenset[str]]:
    """Which items have been answered, by participant and day."""
    found: dict[tuple[int, date], set[str]] = defaultdict(set)
    columns = ("participant_id", "diary_day", "item")
    for row in rows_of(session, AnswerRow, where, col(AnswerRow.diary_day) >= since, columns=columns):
        found[row.participant_id, row.diary_day].add(row.item)
    return {key: frozenset(items) for key, items in found.items()}
