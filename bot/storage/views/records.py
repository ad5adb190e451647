"""Everything that drafts are built from, for one participant or many, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

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
    ids = [person.id or 0 for person in people]
    visits: dict[int, dict[str, VisitRow]] = defaultdict(dict)
    for visit in _of(session, VisitRow, ids, VisitRow.id):
        visits[visit.participant_id][visit.code] = visit
    preparation = _grouped(_of(session, PreparationRow, ids, PreparationRow.on, open_only=True))
    zones = _zones(_of(session, ZoneRow, ids, ZoneRow.from_on, ZoneRow.id))
    entries = _by_day(_of(session, EntryRow, ids, EntryRow.revision))
    answers = _answers(_of(session, AnswerRow, ids, AnswerRow.ordinal))
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
            days=StoredDays(answers[key], entries[key], {}, helped[key]),
            assessments=counting(assessed[key]),
        )
        for person, key in zip(people, ids, strict=True)
    ]
    return Records(found, outages(session), _protocols(session))


def read_record(session: Session, participant: ParticipantRow) -> tuple[PersonRecord, Records]:
    """One participant, with what all share."""
    records = read_records(session, [participant])
    return records.people[0], records


def _of(session: Session, table: type[Any], ids: Sequence[int], *order: Any, open_only: bool = False) -> Sequence[Any]:
    statement = select(table).where(col(table.participant_id).in_(ids)).order_by(*order)
    if open_only:
        statement = statement.where(col(table.removed_at).is_(None))
    return session.exec(statement).all()


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
