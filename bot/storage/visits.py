"""Visits and preparation days as stored, and the calendar computed from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.storage.prepared import Prepared
from bot.storage.tables import OutageRow, ParticipantRow, PreparationRow, VisitRow
from bot.storage.tracked import Tracked, every_column
from schedules.protocol import StudyProtocol
from schedules.visits import VisitCalendar, VisitFacts, VisitState, plan_calendar
from schedules.windows import Outage

# What the calendar follows from is read for every tap and every message.
VISITS = Prepared[VisitRow](every_column(VisitRow).where(col(VisitRow.participant_id) == bindparam("participant")))
VISIT = Tracked(
    VisitRow,
    every_column(VisitRow).where(
        col(VisitRow.participant_id) == bindparam("participant"), col(VisitRow.code) == bindparam("code")
    ),
)
IN_FORCE = (col(PreparationRow.participant_id) == bindparam("participant"), col(PreparationRow.removed_at).is_(None))
PREPARATION = Prepared[PreparationRow](every_column(PreparationRow).where(*IN_FORCE).order_by(col(PreparationRow.on)))
OUTAGES = Prepared[OutageRow](
    select(col(OutageRow.started_at), col(OutageRow.ended_at)).order_by(col(OutageRow.started_at))
)


def visit_row(session: Session, participant_id: int, code: str) -> VisitRow | None:
    return VISIT.first(session, participant=participant_id, code=code)


def preparation_rows(session: Session, participant_id: int) -> Sequence[PreparationRow]:
    """Preparation and endoscopy days in force, in order of date; to be changed."""
    query = select(PreparationRow).where(*IN_FORCE).order_by(col(PreparationRow.on))
    return session.exec(query, params={"participant": participant_id}).all()


@dataclass(frozen=True, slots=True)
class StoredVisits:
    """What is stored of a participant's visits: plain rows, the preparation days in order of date."""

    visits: tuple[VisitRow, ...] = ()
    preparation: tuple[PreparationRow, ...] = ()

    def facts(self, protocol: StudyProtocol) -> tuple[VisitFacts, ...]:
        """What has been decided or has happened for each visit of the protocol, in the protocol's order."""
        return facts_of(protocol, {row.code: row for row in self.visits}, self.preparation)


def stored_visits(session: Session, participant_id: int) -> StoredVisits:
    """The visits and preparation days of a participant."""
    rows = VISITS.all(session, participant=participant_id)
    return StoredVisits(tuple(rows), tuple(PREPARATION.all(session, participant=participant_id)))


def visit_facts(session: Session, participant_id: int, protocol: StudyProtocol) -> tuple[VisitFacts, ...]:
    """What has been decided or has happened for each visit of the protocol, in the protocol's order."""
    return stored_visits(session, participant_id).facts(protocol)


def facts_of(
    protocol: StudyProtocol, rows: Mapping[str, VisitRow], days: Sequence[PreparationRow]
) -> tuple[VisitFacts, ...]:
    """The facts of rows already read: visits by code, preparation days in order of date."""
    return tuple(_facts(visit.code, rows.get(visit.code), days) for visit in protocol.visits)


def _facts(code: str, row: VisitRow | None, days: Sequence[PreparationRow]) -> VisitFacts:
    mine = [day for day in days if day.code == code]
    if row is None and not mine:
        return VisitFacts(code)  # as most visits to come
    endoscopies = [day.on for day in mine if day.kind == "endoscopy"]
    return VisitFacts(
        code=code,
        scheduled_on=row.scheduled_on if row else None,
        time=time.fromisoformat(row.time) if row and row.time else None,
        held_at=row.held_at if row else None,
        held_on=row.held_on if row else None,
        state=VisitState(row.state) if row else VisitState.PLANNED,
        bowel_prep=tuple(day.on for day in mine if day.kind == "bowel_prep"),
        endoscopy_on=endoscopies[-1] if endoscopies else None,
        moved_against=row.moved_against if row else None,
    )


def calendar_of(session: Session, participant: ParticipantRow, protocol: StudyProtocol) -> VisitCalendar:
    """The participant's visit calendar as it stands now."""
    return calendar_from(protocol, participant.baseline_on, stored_visits(session, participant.id or 0))


@lru_cache(maxsize=125)  # asked for with every tap and every message, of no more people at one time
def calendar_from(protocol: StudyProtocol, baseline_on: date, stored: StoredVisits) -> VisitCalendar:
    """The calendar that follows from what is stored."""
    return plan_calendar(protocol, baseline_on, stored.facts(protocol))


def outages(session: Session) -> tuple[Outage, ...]:
    """Every recorded outage, oldest first."""
    return outages_of(OUTAGES.all(session))


def outages_of(rows: Sequence[OutageRow]) -> tuple[Outage, ...]:
    """The outages of rows already read."""
    return tuple(Outage(row.started_at, row.ended_at) for row in rows)
