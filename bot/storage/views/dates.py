"""Everybody's visits in brief: their dates, what became of them, and whether a signature stands on their drafts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from bot.people.roles import ALL_SITES
from bot.storage.tables import ParticipantRow, SignatureRow, SignatureVoidRow
from bot.storage.views.cohort_rows import (
    narrowed,
    narrowing,
    preparation_by_person,
    site_zone,
    visits_by_person,
    zones_by_person,
)
from bot.storage.views.kept import Found, Kept
from bot.storage.visits import facts_of
from schedules.protocol import StudyProtocol
from schedules.visits import VisitState, plan_calendar
from schedules.windows import ZonePeriod


class Dated(NamedTuple):
    """One visit; `signature_stands` is that of its latest signature, None without any."""

    code: str
    on: date
    state: VisitState
    signature_stands: bool | None

    @property
    def held(self) -> bool:
        return self.state is VisitState.HELD


@dataclass(frozen=True, slots=True)
class PersonDates:
    """One participant's visits in the protocol's order."""

    id: int
    code: str
    site: str
    withdrawn: bool
    zones: tuple[ZonePeriod, ...]
    visits: tuple[Dated, ...]


def kept_dates() -> Kept[PersonDates]:
    """Everybody's visits, in order of the codes; time alone never changes them."""
    return Kept(work_out, lambda one: one.code)


def work_out(
    session: Session,
    protocol: StudyProtocol,
    now: datetime,  # noqa: ARG001  # what is kept is always worked out as of an instant
    ids: Collection[int] | None,
) -> Mapping[int, Found[PersonDates]]:
    """The visits of these participants, or of all: five queries."""
    where = narrowing(ALL_SITES, ids=ids)
    table: Any = ParticipantRow
    people = session.connection().execute(
        narrowed(select(table.id, table.code, table.site, table.baseline_on, table.withdrawn_at), where)
    )
    rows = people.all()
    zones, visits = zones_by_person(session, where), visits_by_person(session, where)
    days, stands = preparation_by_person(session, where), _signatures(session, where)
    found = {}
    for row in rows:
        calendar = plan_calendar(protocol, row.baseline_on, facts_of(protocol, visits[row.id], days[row.id]))
        own = tuple(Dated(one.code, one.on, one.state, stands.get((row.id, one.code))) for one in calendar.visits)
        history = zones.get(row.id) or site_zone(row, protocol)
        found[row.id] = Found(PersonDates(row.id, row.code, row.site, row.withdrawn_at is not None, history, own))
    return found


def _signatures(session: Session, where: list[Any]) -> Mapping[tuple[int, str], bool]:
    """Whether the latest signature of a visit stands, by participant and visit."""
    statement: Any = (
        select(col(SignatureRow.participant_id), col(SignatureRow.visit), col(SignatureVoidRow.id))
        .join(ParticipantRow, col(ParticipantRow.id) == col(SignatureRow.participant_id))
        .join(SignatureVoidRow, col(SignatureVoidRow.signature_id) == col(SignatureRow.id), isouter=True)
        .order_by(col(SignatureRow.id))
    )
    rows = session.connection().execute(narrowed(statement, where))
    return {(person, visit): void is None for person, visit, void in rows}
