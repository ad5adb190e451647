"""Come back after a silence: taps made meanwhile are lost, so every open, unsubmitted card is drawn again in place."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.actions.plan_messages import day_facts, plan_for
from bot.actions.queue import queue_card_edit
from bot.actions.study import Study
from bot.storage.outbox import enqueue
from bot.storage.participants import all_participants, bound_chat
from bot.storage.tables import MessageRow
from bot.storage.views.cards import open_records
from bot.storage.views.days import DayRecord, Diary, read_diary
from schedules.reminders import REMINDERS, PlannedMessage, is_quiet
from schedules.windows import instant

TAPS_LAST = timedelta(seconds=150)  # Telegram keeps a tap no longer than this
REMINDER_NEAR = timedelta(minutes=60)


def come_back(session: Session, *, study: Study, silent_since: datetime, now: datetime) -> None:
    """Redraw open cards, and write once to whoever was in the middle of one; instants are study time."""
    for participant in all_participants(session):
        diary = read_diary(session, participant, study.protocol, now)
        for record in open_records(diary, now):
            _redraw(session, diary, record, study, silent_since, now)


def _redraw(
    session: Session, diary: Diary, record: DayRecord, study: Study, silent_since: datetime, now: datetime
) -> None:
    card, chat = record.card, bound_chat(session, diary.participant.id or 0)
    if card is None or card.provider_msg_id is None or chat is None or record.submitted_in_time:
        return
    queue_card_edit(session, card, address=chat.address, reference=f"back/{now.isoformat()}", now=now, away=True)
    in_progress = card.touched_at is not None and silent_since - card.touched_at < study.protocol.reminders.in_progress
    if in_progress and _may_write(session, diary, record, study, now):
        enqueue(session, _word(diary, record, study, now))


def _may_write(session: Session, diary: Diary, record: DayRecord, study: Study, now: datetime) -> bool:
    """Nothing unasked in quiet hours or after a stop, and nothing beside a reminder that comes soon anyway."""
    participant, policy = diary.participant, study.protocol.reminders
    if participant.stopped_at is not None or participant.withdrawn_at is not None:
        return False
    if is_quiet(record.day, now, policy):
        return False
    waiting = _unsent(session, diary, plan_for(session, diary, study, now))
    return not any(one.kind in REMINDERS and one.due_at <= now + REMINDER_NEAR for one in waiting)


def _unsent(session: Session, diary: Diary, planned: Sequence[PlannedMessage]) -> list[PlannedMessage]:
    """Of the plan, what has not gone out yet."""
    keys = {f"p{diary.participant.id}/{message.key}": message for message in planned}
    query = select(col(MessageRow.dedupe_key)).where(
        col(MessageRow.dedupe_key).in_(keys), col(MessageRow.state).in_(("planned", "retry", "claimed", "sending"))
    )
    return [keys[key] for key in session.exec(query).all()]


def _word(diary: Diary, record: DayRecord, study: Study, now: datetime) -> MessageRow:
    """One new copy of the card, at most one a day."""
    facts = day_facts(diary, record, study)
    quiet = instant(record.on, study.protocol.reminders.quiet_from, record.day.tzid)
    return MessageRow(
        dedupe_key=f"p{diary.participant.id}/{record.on}/outage/1",
        participant_id=diary.participant.id,
        card_id=record.card.id if record.card else None,
        visit=facts.visit,
        diary_day=record.on,
        kind="outage",
        due_at=now,
        not_after=min(record.day.closes_at, quiet) if now < quiet else record.day.closes_at,
        created_at=now,
    )
