"""Which CDAI drafts wait for somebody: today's visits, held visits without a signature, coming ones, and the signed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.people.roles import ALL_SITES
from bot.scoring.draft import Draft
from bot.storage.signatures import SignedOnce, signatures_of_all, signed_documents
from bot.storage.tables import ParticipantRow, PreparationRow, SignatureRow, SignatureVoidRow, VisitRow
from bot.storage.views.draft import Drafts
from bot.storage.views.records import read_records
from bot.storage.visits import facts_of
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit, VisitState, plan_calendar

COMING = timedelta(days=3)


class Group(StrEnum):
    """Where a visit stands in the queue; the order is the page's."""

    TODAY = "today"
    VOID = "void"
    TO_SIGN = "to_sign"
    COMING = "coming"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One visit in the queue, before its draft is built."""

    participant: ParticipantRow
    visit: ScheduledVisit
    group: Group
    signature: SignedOnce | None


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One visit of a page of the queue: its draft, or what was stored when it was signed."""

    waiting: Waiting
    draft: Draft | None
    signed: Mapping[str, object] | None


def read_queue(
    session: Session, protocol: StudyProtocol, now: datetime, *, scope: str, code: str = ""
) -> list[Waiting]:
    """Every visit of the queue within a scope (site ids joined by commas, or `all`), in the page's order."""
    people = {person.id or 0: person for person in session.exec(_people(scope, code)).all()}
    visits: dict[int, dict[str, VisitRow]] = defaultdict(dict)
    for row in _rows(session, VisitRow, scope, code):
        visits[row.participant_id][row.code] = row
    days: dict[int, list[PreparationRow]] = defaultdict(list)
    for day in _rows(session, PreparationRow, scope, code, col(PreparationRow.removed_at).is_(None)):
        days[day.participant_id].append(day)
    last = {(one.row.participant_id, one.row.visit): one for one in signatures_of_all(session, _ids(scope, code))}
    found = [
        waiting
        for key, person in people.items()
        for waiting in _of_person(person, visits[key], days[key], last, protocol, now)
    ]
    return sorted(found, key=_order)


def page_of_queue(
    session: Session, protocol: StudyProtocol, now: datetime, waiting: Sequence[Waiting]
) -> list[QueueLine]:
    """Build the drafts of one page; of a signed visit the result is read as it was stored."""
    unsigned = [one for one in waiting if one.group is not Group.SIGNED]
    records = read_records(session, {one.participant.id: one.participant for one in unsigned}.values())
    drafts = {code: Drafts(person, records, protocol, now) for code, person in records.by_code.items()}
    stored = {one.signature.row.stored_draft_id for one in waiting if one.signature and one.group is Group.SIGNED}
    documents = signed_documents(session, stored)
    return [_line(one, drafts, documents) for one in waiting]


def count_unsigned(session: Session, scope: str) -> int:
    """How many held visits have no signature that stands."""
    standing = (
        select(SignatureRow.id)
        .join(SignatureVoidRow, col(SignatureVoidRow.signature_id) == SignatureRow.id, isouter=True)
        .where(
            SignatureRow.participant_id == VisitRow.participant_id,
            SignatureRow.visit == VisitRow.code,
            col(SignatureVoidRow.id).is_(None),
        )
    )
    query = (
        select(func.count())
        .select_from(VisitRow)
        .where(VisitRow.state == VisitState.HELD.value, ~standing.exists())
        .where(col(VisitRow.participant_id).in_(_ids(scope, "")))
    )
    return int(session.exec(query).one())


def _line(one: Waiting, drafts: Mapping[str, Drafts], documents: Mapping[int, Mapping[str, object]]) -> QueueLine:
    if one.group is Group.SIGNED and one.signature is not None:
        return QueueLine(one, None, documents.get(one.signature.row.stored_draft_id))
    return QueueLine(one, drafts[one.participant.code].draft(one.visit.code).draft, None)


def _of_person(
    person: ParticipantRow,
    visits: Mapping[str, VisitRow],
    days: Sequence[PreparationRow],
    last: Mapping[tuple[int, str], SignedOnce],
    protocol: StudyProtocol,
    now: datetime,
) -> Iterator[Waiting]:
    today = now.astimezone(ZoneInfo(protocol.site(person.site).timezone)).date()
    if not _concerns(person, visits, protocol, today):
        return
    facts = facts_of(protocol, visits, sorted(days, key=lambda day: day.on))
    for visit in plan_calendar(protocol, person.baseline_on, facts).visits:
        signature = last.get((person.id or 0, visit.code))
        group = _group(visit, signature, today, withdrawn=person.withdrawn_at is not None)
        if group is not None:
            yield Waiting(person, visit, group, signature)


def _concerns(person: ParticipantRow, visits: Mapping[str, VisitRow], protocol: StudyProtocol, today: date) -> bool:
    """Whether any visit is held or near; errs on the side of yes, without a calendar."""
    if any(row.held_on is not None for row in visits.values()):
        return True
    base = visits.get(protocol.baseline.code)
    anchor = (base.scheduled_on if base else None) or person.baseline_on
    dates = [anchor + timedelta(days=visit.day_offset) for visit in protocol.visits]
    dates += [row.scheduled_on for row in visits.values() if row.scheduled_on is not None]
    return any(today <= on <= today + COMING for on in dates)


def _group(visit: ScheduledVisit, signature: SignedOnce | None, today: date, *, withdrawn: bool) -> Group | None:
    if signature is not None and signature.stands:
        return Group.SIGNED
    if signature is not None:
        return Group.VOID
    if visit.held:
        return Group.TODAY if visit.on == today else Group.TO_SIGN
    if visit.state is not VisitState.PLANNED or withdrawn:
        return None
    if visit.on == today:
        return Group.TODAY
    return Group.COMING if today < visit.on <= today + COMING else None


def _order(one: Waiting) -> tuple[Any, ...]:
    """By group; those to sign from the oldest visit on, the signed from the newest on."""
    days = one.visit.on.toordinal()
    newest_first = one.group is Group.SIGNED
    return (tuple(Group).index(one.group), -days if newest_first else days, one.participant.code)


def _people(scope: str, code: str) -> Any:
    return _narrowed(select(ParticipantRow), scope, code).order_by(ParticipantRow.code)


def _ids(scope: str, code: str) -> Any:
    return _narrowed(select(ParticipantRow.id), scope, code)


def _narrowed(statement: Any, scope: str, code: str) -> Any:
    if scope != ALL_SITES:
        statement = statement.where(col(ParticipantRow.site).in_(scope.split(",")))
    if code:
        statement = statement.where(col(ParticipantRow.code).contains(code.upper(), autoescape=True))
    return statement


def _rows(session: Session, table: Any, scope: str, code: str, *more: Any) -> Iterable[Any]:
    statement = select(table).where(col(table.participant_id).in_(_ids(scope, code)), *more)
    return session.exec(statement).all()
