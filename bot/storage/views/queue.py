"""Which CDAI drafts wait for somebody: today's visits, held visits without a signature, coming ones, and the signed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from bot.scoring.draft import Draft
from bot.storage.signatures import SignedOnce, signatures_of_all, signed_documents
from bot.storage.tables import ParticipantRow
from bot.storage.views.dates import Dated, PersonDates, kept_dates
from bot.storage.views.draft import Drafts
from bot.storage.views.kept import Kept
from bot.storage.views.records import read_records
from bot.storage.views.standing import within
from schedules.protocol import StudyProtocol
from schedules.visits import VisitState

COMING = timedelta(days=3)


class Group(StrEnum):
    """Where a visit stands in the queue; the order is the page's."""

    TODAY = "today"
    VOID = "void"
    TO_SIGN = "to_sign"
    COMING = "coming"
    SIGNED = "signed"


PLACES = {group: place for place, group in enumerate(Group)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One visit in the queue, before its draft is built."""

    participant: PersonDates
    visit: Dated
    group: Group


@dataclass(frozen=True, slots=True)
class Queue:
    """The visits of the groups asked for, in the page's order, and how many each group has, every group named."""

    waiting: Sequence[Waiting]
    counts: Mapping[Group, int]


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One visit of a page of the queue: its draft, or what was stored when it was signed, and its latest signature."""

    waiting: Waiting
    draft: Draft | None
    signed: Mapping[str, object] | None
    signature: SignedOnce | None


def read_queue(
    session: Session,
    protocol: StudyProtocol,
    now: datetime,
    *,
    scope: str,
    code: str = "",
    groups: Collection[Group] = tuple(Group),
    kept: Kept[PersonDates] | None = None,
) -> Queue:
    """The queue within a scope (site ids joined by commas, or `all`); `kept` spares what is worked out already."""
    today = {site.id: now.astimezone(ZoneInfo(site.timezone)).date() for site in protocol.sites}
    everybody = (kept_dates() if kept is None else kept).read(session, protocol, now)
    counts: Counter[Group] = Counter()
    waiting = []
    for person in within(everybody, scope, code=code):
        for visit in person.visits:
            group = _group(visit, today[person.site], withdrawn=person.withdrawn)
            if group is not None:
                counts[group] += 1
                if group in groups:
                    waiting.append(Waiting(person, visit, group))
    return Queue(sorted(waiting, key=_order), {group: counts[group] for group in Group})


def page_of_queue(
    session: Session, protocol: StudyProtocol, now: datetime, waiting: Sequence[Waiting]
) -> list[QueueLine]:
    """Build the drafts of one page; of a signed visit the result is read as it was stored."""
    last = _latest_signatures(session, {one.participant.id for one in waiting})
    drafts = _drafts(session, protocol, now, {one.participant.id for one in waiting if one.group is not Group.SIGNED})
    signed = [last[_key(one)] for one in waiting if one.group is Group.SIGNED]
    documents = signed_documents(session, {one.row.stored_draft_id for one in signed})
    return [_line(one, last.get(_key(one)), drafts, documents) for one in waiting]


def count_unsigned(
    session: Session, protocol: StudyProtocol, now: datetime, *, scope: str, kept: Kept[PersonDates] | None = None
) -> int:
    """How many held visits have no signature that stands."""
    everybody = (kept_dates() if kept is None else kept).read(session, protocol, now)
    return sum(
        visit.held and not visit.signature_stands for person in within(everybody, scope) for visit in person.visits
    )


def _latest_signatures(session: Session, people: Collection[int]) -> Mapping[tuple[int, str], SignedOnce]:
    return {(one.row.participant_id, one.row.visit): one for one in signatures_of_all(session, people)}


def _drafts(session: Session, protocol: StudyProtocol, now: datetime, people: Collection[int]) -> Mapping[str, Drafts]:
    rows = session.exec(select(ParticipantRow).where(col(ParticipantRow.id).in_(people))).all()
    records = read_records(session, rows)
    return {code: Drafts(person, records, protocol, now) for code, person in records.by_code.items()}


def _key(one: Waiting) -> tuple[int, str]:
    return one.participant.id, one.visit.code


def _line(
    one: Waiting,
    signature: SignedOnce | None,
    drafts: Mapping[str, Drafts],
    documents: Mapping[int, Mapping[str, object]],
) -> QueueLine:
    if one.group is Group.SIGNED and signature is not None:
        return QueueLine(one, None, documents.get(signature.row.stored_draft_id), signature)
    return QueueLine(one, drafts[one.participant.code].draft(one.visit.code).draft, None, signature)


def _group(visit: Dated, today: date, *, withdrawn: bool) -> Group | None:
    if visit.signature_stands is not None:
        return Group.SIGNED if visit.signature_stands else Group.VOID
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
    return (PLACES[one.group], -days if one.group is Group.SIGNED else days, one.participant.code)
