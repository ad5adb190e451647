"""Requests to correct a closed day: those that wait, with the day as it stands, and the latest decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from bot.people.roles import ALL_SITES
from bot.storage.tables import CorrectionRow, ParticipantRow
from bot.storage.views.days import DayRecord, Ground, assemble_diary
from bot.storage.views.records import PersonRecord, Records, read_records
from schedules.protocol import StudyProtocol

DECIDED_SHOWN = 60


@dataclass(frozen=True, slots=True)
class WaitingCorrection:
    """One open request, whose it is, and the diary day as it stands."""

    row: CorrectionRow
    participant: ParticipantRow
    record: DayRecord


@dataclass(frozen=True, slots=True)
class Corrections:
    """One page of open requests, the oldest first, how many there are in all, and the latest decisions."""

    waiting: Sequence[WaitingCorrection]
    total: int
    decided: Sequence[tuple[CorrectionRow, ParticipantRow]]


def read_corrections(
    session: Session, protocol: StudyProtocol, now: datetime, *, scope: str, offset: int, limit: int
) -> Corrections:
    """The requests within a scope (site ids joined by commas, or `all`): a fixed number of queries."""
    is_open = CorrectionRow.state == "open"
    waiting = session.exec(
        _of(scope, CorrectionRow, ParticipantRow)
        .where(is_open)
        .order_by(col(CorrectionRow.requested_at), col(CorrectionRow.id))
        .offset(offset)
        .limit(limit)
    ).all()
    total = session.exec(_of(scope, func.count()).where(is_open)).one()
    decided = session.exec(
        _of(scope, CorrectionRow, ParticipantRow)
        .where(CorrectionRow.state != "open")
        .order_by(col(CorrectionRow.requested_at).desc(), col(CorrectionRow.id).desc())
        .limit(DECIDED_SHOWN)
    ).all()
    people = {participant.id: participant for _row, participant in waiting}
    records = read_records(session, people.values())
    described = [
        WaitingCorrection(row, participant, _day(row, records.by_code[participant.code], records, protocol, now))
        for row, participant in waiting
    ]
    return Corrections(described, int(total), decided)


def _day(
    row: CorrectionRow, person: PersonRecord, records: Records, protocol: StudyProtocol, now: datetime
) -> DayRecord:
    site = person.participant.site
    ground = Ground(protocol, site, person.calendar(protocol), person.zones, records.outages)
    diary = assemble_diary(person.participant, ground, person.days, [row.diary_day], now)
    return diary.records[row.diary_day]


def _of(scope: str, *wanted: Any) -> Any:
    statement: Any = select(*wanted).select_from(CorrectionRow)
    statement = statement.join(ParticipantRow, col(ParticipantRow.id) == col(CorrectionRow.participant_id))
    return statement if scope == ALL_SITES else statement.where(col(ParticipantRow.site).in_(scope.split(",")))
