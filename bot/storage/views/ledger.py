"""The message ledger of one participant: what was to ring, what became of it, and what followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from bot.storage.tables import AuditRow, CorrectionRow, MessageRow, SiteTaskRow
from bot.storage.tables.traffic import ON_THE_WAY
from bot.storage.views.board import RINGING
from bot.storage.views.days import Diary

SHOWN = 8


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One message: `state` is an end state or `planned`; `answered_at` when it was the last before the entry came."""

    kind: str
    state: str
    at: datetime
    diary_day: date | None
    visit: str | None
    reason: str | None
    repeated: bool
    answered_at: datetime | None
    unanswered: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """The newest lines first, and how many there are in all."""

    lines: Sequence[LedgerLine]
    total: int


def read_ledger(session: Session, diary: Diary, now: datetime, *, everything: bool = False) -> Ledger:
    """Messages that rang, were to ring or will today; edits of the card in place are left out."""
    mine = (col(MessageRow.participant_id) == diary.participant.id, col(MessageRow.kind).in_((*RINGING, "thank_you")))
    past = (*mine, (col(MessageRow.due_at) <= now) | col(MessageRow.state).not_in(ON_THE_WAY))
    query = select(MessageRow).where(*past).order_by(col(MessageRow.due_at).desc(), col(MessageRow.id).desc())
    total = session.exec(select(func.count()).select_from(MessageRow).where(*past)).one()
    rows = session.exec(query if everything else query.limit(SHOWN)).all()
    next_row = session.exec(
        select(MessageRow).where(*mine, col(MessageRow.state).in_(ON_THE_WAY), col(MessageRow.due_at) > now)
        .order_by(col(MessageRow.due_at)).limit(1)
    ).first()  # fmt: skip
    ahead = [_line(next_row, diary, None, now)] if next_row is not None else []
    following: dict[date | None, datetime] = {}
    lines = []
    for row in rows:
        at = row.sent_at or row.due_at
        lines.append(_line(row, diary, following.get(row.diary_day), now))
        if row.state == "sent":
            following[row.diary_day] = at
    return Ledger([*ahead, *lines], total)


def _line(row: MessageRow, diary: Diary, next_at: datetime | None, now: datetime) -> LedgerLine:
    at = row.sent_at or row.due_at
    record = diary.record(row.diary_day) if row.diary_day else None
    submitted = record.entries[0].submitted_at if record is not None and record.entries else None
    followed = submitted is not None and at <= submitted and (next_at is None or submitted < next_at)
    over = record is not None and (next_at is not None or record.day.closes_at <= now)
    waited = row.state == "sent" and row.kind != "thank_you"
    return LedgerLine(
        kind="nudge" if row.kind == "staff" else row.kind,
        state="planned" if row.state in ON_THE_WAY else row.state,
        at=at,
        diary_day=row.diary_day,
        visit=row.visit,
        reason=row.reason,
        repeated=row.resend_of is not None,
        answered_at=submitted if waited and followed else None,
        unanswered=waited and not followed and over and (submitted is None or submitted > at),
    )


def entry_authors(session: Session, code: str) -> Mapping[str, tuple[str, str]]:
    """Who wrote each revision, as `DAY/REVISION` -> (kind of actor, name)."""
    rows = session.exec(
        select(AuditRow.entity_id, AuditRow.actor_kind, AuditRow.actor_id)
        .where(AuditRow.participant == code, AuditRow.entity == "entry")
        .distinct()
    ).all()
    return {entity.split("/", 1)[1]: (kind, name) for entity, kind, name in rows if "/" in entity}


def open_tasks(session: Session, participant_id: int) -> Sequence[SiteTaskRow]:
    """What waits for the site team about this participant, oldest first."""
    return session.exec(
        select(SiteTaskRow)
        .where(SiteTaskRow.participant_id == participant_id, col(SiteTaskRow.closed_at).is_(None))
        .order_by(col(SiteTaskRow.opened_at))
    ).all()


def corrections_of(session: Session, participant_id: int) -> Sequence[CorrectionRow]:
    """Every request for a correction, newest first."""
    return session.exec(
        select(CorrectionRow)
        .where(CorrectionRow.participant_id == participant_id)
        .order_by(col(CorrectionRow.requested_at).desc())
    ).all()
