"""Queries on values as pages show them: those of some sites, open ones first, and one by its number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.people.roles import ALL_SITES
from bot.storage.tables import ParticipantRow, QueryRow


@dataclass(frozen=True, slots=True)
class QueryLine:
    """One query with the participant it concerns."""

    row: QueryRow
    code: str
    site: str


def queries_of(
    session: Session, *, scope: str, state: str = "", participant: str = "", offset: int = 0, limit: int = 50
) -> Sequence[QueryLine]:
    """The queries of a scope (site ids joined by commas, or `all`), newest first."""
    statement = _narrowed(select(QueryRow, ParticipantRow.code, ParticipantRow.site), scope, participant)
    if state:
        statement = statement.where(QueryRow.state == state)
    rows = session.exec(statement.order_by(col(QueryRow.id).desc()).offset(offset).limit(limit))
    return [QueryLine(*row) for row in rows]


def count_queries(session: Session, *, scope: str, participant: str = "") -> Mapping[str, int]:
    """How many queries of a scope there are, by state."""
    statement = _narrowed(select(QueryRow.state, func.count()), scope, participant)
    return dict(session.exec(statement.group_by(QueryRow.state)).all())


def query_by_id(session: Session, number: int) -> QueryLine | None:
    """The query of this number, whichever site it belongs to."""
    statement = _narrowed(select(QueryRow, ParticipantRow.code, ParticipantRow.site), ALL_SITES, "")
    row = session.exec(statement.where(QueryRow.id == number)).first()
    return QueryLine(*row) if row is not None else None


def _narrowed(statement: Any, scope: str, participant: str) -> Any:
    statement = statement.join(ParticipantRow, col(ParticipantRow.id) == QueryRow.participant_id)
    if scope != ALL_SITES:
        statement = statement.where(col(ParticipantRow.site).in_(scope.split(",")))
    if participant:
        statement = statement.where(col(ParticipantRow.code).contains(participant.upper(), autoescape=True))
    return statement
