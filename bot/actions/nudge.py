"""Nudge: a reminder that a coordinator sends by hand, with the same neutral words and the same limits as any other."""

import json
from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, select

from bot.actions.site_acts import check_may, check_not_withdrawn
from bot.actions.study import Study
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.outbox import enqueue
from bot.storage.participants import bound_chat
from bot.storage.tables import MessageRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.cards import open_records
from bot.storage.views.days import DayRecord, read_diary
from schedules.reminders import in_quiet_hours

NUDGE: Final = "nudge"
KIND: Final = "staff"  # sent by staff, unlike what is planned
REST: Final = timedelta(minutes=30)


def nudge(audit: Trail, participant: ParticipantRow, *, study: Study) -> DayRecord:
    """Queue one more reminder for the oldest open, unsubmitted day, and answer which; refused with what to do else."""
    check_may(audit.actor, Permission.RUN_DIARY, "send reminders")
    check_not_withdrawn(participant, "nothing is sent any more")
    _check_reachable(audit.session, participant)
    record = _open_day(audit, participant, study)
    if in_quiet_hours(audit.now, record.day.tzid, study.protocol.reminders):
        raise RefusedError(
            "%(who)s has quiet hours now: nothing unasked is sent. Call after they end.", who=participant.code
        )
    earlier = _earlier(audit.session, participant, record)
    if earlier and audit.now - earlier[-1].due_at < REST:
        raise RefusedError(
            "%(who)s was reminded less than half an hour ago: wait a little, or call.", who=participant.code
        )
    _queue(audit, participant, record, len(earlier), study)
    audit.record(NUDGE, "participant", str(participant.id), field_name="diary_day", new=record.on)
    return record


def _check_reachable(session: Session, participant: ParticipantRow) -> None:
    chat = bound_chat(session, participant.id or 0)
    if chat is None:
        raise RefusedError("%(who)s has no chat: make a new invitation, or call.", who=participant.code)
    if participant.stopped_at is not None:
        raise RefusedError("%(who)s has stopped the messages: call instead.", who=participant.code)
    if chat.blocked_at is not None:
        raise RefusedError("The chat of %(who)s refuses messages: call instead.", who=participant.code)


def _open_day(audit: Trail, participant: ParticipantRow, study: Study) -> DayRecord:
    diary = read_diary(audit.session, participant, study.protocol, audit.now)
    waiting = [record for record in open_records(diary, audit.now) if not record.submitted_in_time]
    if not waiting:
        raise RefusedError("%(who)s has no open day that waits: nothing was sent.", who=participant.code)
    return waiting[0]


def _earlier(session: Session, participant: ParticipantRow, record: DayRecord) -> list[MessageRow]:
    query = select(MessageRow).where(
        MessageRow.participant_id == participant.id,
        MessageRow.kind == KIND,
        MessageRow.diary_day == record.on,
        col(MessageRow.resend_of).is_(None),
    )
    return list(session.exec(query.order_by(col(MessageRow.due_at))).all())


def _queue(audit: Trail, participant: ParticipantRow, record: DayRecord, ordinal: int, study: Study) -> None:
    """Never into a card in progress: the reminder waits until it has rested."""
    touched = record.card.touched_at if record.card else None
    due_at = max(audit.now, touched + study.protocol.reminders.in_progress) if touched else audit.now
    visit = read_diary(audit.session, participant, study.protocol, audit.now, days=()).asked(record.on)
    enqueue(
        audit.session,
        MessageRow(
            dedupe_key=f"p{participant.id}/{record.on}/{NUDGE}/{ordinal + 1}",
            participant_id=participant.id,
            visit=visit.visit if visit else None,
            diary_day=record.on,
            kind=KIND,
            payload=json.dumps({NUDGE: True}),
            due_at=due_at,
            not_after=record.day.closes_at,
            created_at=audit.now,
        ),
    )
