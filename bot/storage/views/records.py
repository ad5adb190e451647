"""Everything that drafts are built from, for one participant or many, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import select as sql_select
from sqlmodel import Session, SQLModel, col, select

from bot.storage.assessments import counting
from bot.storage.tables import (
    AnswerRow,
    AssessmentRow,
    EntryRow,
    HelpedRow,
    ParticipantRow,
    PreparationRow,
    ProtocolRow,
    VisitRow,
    ZoneRow,
)
from bot.storage.views.days import StoredDays
from bot.storage.visits import facts_of, outages
from schedules.protocol import StudyProtocol
from schedules.visits import VisitCalendar, plan_calendar
from schedules.windows import Outage, ZonePeriod


@dataclass(frozen=True)
class PersonRecord:
    """One participant's stored visits, days and clinic values; `assessments` are the revisions that count."""

    participant: ParticipantRow
    visits: Mapping[str, VisitRow]
    preparation: Sequence[PreparationRow]
    zones: tuple[ZonePeriod, ...]
    days: StoredDays
    assessments: Sequence[AssessmentRow]

    def calendar(self, protocol: StudyProtocol) -> VisitCalendar:
        """The visit calendar under a protocol version."""
        facts = facts_of(protocol, self.visits, self.preparation)
        return plan_calendar(protocol, self.participant.baseline_on, facts)


@dataclass(frozen=True)
class Records:
    """Participants with what all of them share: outages, and every protocol version that was in force."""

    people: Sequence[PersonRecord]
    outages: tuple[Outage, ...]
    protocols: Mapping[str, ProtocolRow]

    @cached_property
    def by_code(self) -> Mapping[str, PersonRecord]:
        """The participants by code."""
        return {person.participant.code: person for person in self.people}


def read_records(session: Session, participants: Iterable[ParticipantRow]) -> Records:
    """Read all of these participants: nine queries, however many there are."""
    people = list(participants)
    return _read(session, people, [person.id or 0 for person in people])


def read_records_in_bulk(session: Session, ids: Collection[int] | None) -> Records:
    """Read these participants, or all (None), without the answers of days that have an entry: it says the same."""
    where = [] if ids is None else [col(ParticipantRow.id).in_(ids)]
    table = ParticipantRow.__table__  # type: ignore[attr-defined]  # SQLModel hides the table
    people = session.connection().execute(plain(table).where(*where)).all()
    return _read(session, people, ids, answers=(~_has_entry().exists(),))


def _read(session: Session, people: Sequence[Any], ids: Collection[int] | None, *, answers: Any = ()) -> Records:
    keys = [person.id or 0 for person in people]
    visits: dict[int, dict[str, VisitRow]] = defaultdict(dict)
    for visit in _of(session, VisitRow, ids, VisitRow.id):
        visits[visit.participant_id][visit.code] = visit
    in_force = col(PreparationRow.removed_at).is_(None)
    preparation = _grouped(_of(session, PreparationRow, ids, PreparationRow.on, where=(in_force,)))
    zones = _zones(_of(session, ZoneRow, ids, ZoneRow.from_on, ZoneRow.id))
    entries = _by_day(_of(session, EntryRow, ids, EntryRow.revision))
    answered = _answers(_of(session, AnswerRow, ids, AnswerRow.ordinal, where=answers))
    helped: dict[int, set[date]] = defaultdict(set)
    for row in _of(session, HelpedRow, ids, HelpedRow.id):
        helped[row.participant_id].add(row.diary_day)
    assessed = _grouped(_of(session, AssessmentRow, ids, AssessmentRow.entered_at, AssessmentRow.id))
    found = [
        PersonRecord(
            participant=person,
            visits=visits[key],
            preparation=preparation[key],
            zones=zones[key],
            days=StoredDays(answered[key], entries[key], {}, helped[key]),
            assessments=counting(assessed[key]),
        )
        for person, key in zip(people, keys, strict=True)
    ]
    return Records(found, outages(session), _protocols(session))


def read_record(session: Session, participant: ParticipantRow) -> tuple[PersonRecord, Records]:
    """One participant, with what all share."""
    records = read_records(session, [participant])
    return records.people[0], records


def plain(table: Any) -> Any:
    """Rows of a table as they are, not tracked: several times as fast to read."""
    return sql_select(*table.c)


def _of(
    session: Session, table: type[Any], ids: Collection[int] | None, *order: Any, where: Collection[Any] = ()
) -> Sequence[Any]:
    statement = plain(table.__table__).where(*where)
    if ids is not None:
        statement = statement.where(col(table.participant_id).in_(ids))
    return session.connection().execute(statement.order_by(*order)).all()


def _has_entry() -> Any:
    return sql_select(EntryRow.id).where(  # type: ignore[call-overload]  # SQLModel types columns as values
        EntryRow.participant_id == AnswerRow.participant_id, EntryRow.diary_day == AnswerRow.diary_day
    )


def _grouped(rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.participant_id].append(row)
    return found


def _zones(rows: Iterable[ZoneRow]) -> Mapping[int, tuple[ZonePeriod, ...]]:
    """Zones oldest first; the later of two that begin on one day holds."""
    found: dict[int, dict[date, ZonePeriod]] = defaultdict(dict)
    for row in rows:
        found[row.participant_id][row.from_on] = ZonePeriod(row.from_on, row.tzid)
    return defaultdict(tuple, {key: tuple(periods.values()) for key, periods in found.items()})


def _by_day(rows: Iterable[EntryRow]) -> Mapping[int, Mapping[date, Sequence[EntryRow]]]:
    found: dict[int, dict[date, list[EntryRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.participant_id][row.diary_day].append(row)
    return found


def _answers(rows: Iterable[AnswerRow]) -> Mapping[int, Mapping[date, Mapping[str, AnswerRow]]]:
    found: dict[int, dict[date, dict[str, AnswerRow]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        found[row.participant_id][row.diary_day][row.item] = row
    return found


def _protocols(session: Session) -> Mapping[str, ProtocolRow]:
    """Every version by fingerprint, the latest adoption of each."""
    rows: Sequence[SQLModel] = session.exec(select(ProtocolRow).order_by(col(ProtocolRow.id))).all()
    return {row.fingerprint: row for row in rows if isinstance(row, ProtocolRow)}
