"""Come back after a silence: taps made meanwhile are lost, so every open, unsubmitted card is drawn again in place.

A few participants a transaction: one for all would keep everybody's taps waiting. What a crash interrupts is gone on
with by whoever beats next, and planned messages wait until it is done (`bot.channels.dispatcher`). That days which an
outage touched are longer needs no work on participants: it follows from the outage, which stands before.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.actions.keep_time import hold_beat
from bot.actions.plan_messages import day_facts, plan_for
from bot.actions.queue import queue_card_edit
from bot.actions.study import Study
from bot.log import get_logger
from bot.storage.outbox import enqueue
from bot.storage.participants import bound_chat, lock_participants, participant_by_id
from bot.storage.returning import Returning, note_returning, returning
from bot.storage.tables import CardRow, MessageRow
from bot.storage.trouble import DATABASE_TROUBLE
from bot.storage.views.cards import NEAR, open_records
from bot.storage.views.days import DayRecord, Diary, read_diary
from schedules.reminders import REMINDERS, PlannedMessage, is_quiet
from schedules.windows import instant

TAPS_LAST = timedelta(seconds=150)  # Telegram keeps a tap no longer than this
REMINDER_NEAR = timedelta(minutes=60)
ONE_DAY = timedelta(days=1)  # a participant's date may be another than UTC's
GROUP = 10  # participants a transaction

log = get_logger(__name__)


def begin_return(session: Session, *, silent_since: datetime, now: datetime) -> None:
    """Note that all open cards must be redrawn; instants are study time.

    A return that was interrupted by another silence begins again, as if both had been one.
    """
    earlier = returning(session)
    since = min(silent_since, earlier.silent_since) if earlier is not None else silent_since
    note_returning(session, Returning(since, now), now=now)


def come_back(session: Session, *, study: Study, now: datetime) -> bool:
    """Redraw the open cards of the next few participants, and write once to whoever was in the middle of one.

    Answers whether more are left. A defect in one participant's diary stops nobody else's return.
    """
    hold_beat(session)  # of several replicas one goes on at a time
    task = returning(session)
    if task is None:
        return False
    people = session.exec(
        select(CardRow.participant_id)
        .where(
            col(CardRow.participant_id) > task.after,
            col(CardRow.diary_day) >= now.date() - NEAR - ONE_DAY,
            col(CardRow.provider_msg_id).is_not(None),
        )
        .distinct()
        .order_by(col(CardRow.participant_id))
        .limit(GROUP)
    ).all()
    lock_participants(session, people)
    for number in people:
        _see_to(session, number, task, study, now)
    left = len(people) == GROUP
    note_returning(session, replace(task, after=people[-1]) if left else None, now=now)
    return left


def _see_to(session: Session, number: int, task: Returning, study: Study, now: datetime) -> None:
    savepoint = session.begin_nested()
    try:
        diary = read_diary(session, participant_by_id(session, number), study.protocol, now)
        for record in open_records(diary, now):
            _redraw(session, diary, record, study, task, now)
    except DATABASE_TROUBLE:
        raise
    except Exception:
        savepoint.rollback()
        log.exception("return_failed", participant_id=number)
    else:
        savepoint.commit()


def _redraw(session: Session, diary: Diary, record: DayRecord, study: Study, task: Returning, now: datetime) -> None:
    card, chat = record.card, bound_chat(session, diary.participant.id or 0)
    if card is None or card.provider_msg_id is None or chat is None or record.submitted_in_time:
        return
    if card.touched_at is not None and card.touched_at >= task.back_at:
        return  # an answer has come in since, and its own redraw is on the way
    reference = f"back/{task.back_at.isoformat()}"
    queue_card_edit(session, card, address=chat.address, reference=reference, now=now, away=True)
    policy = study.protocol.reminders
    in_progress = card.touched_at is not None and task.silent_since - card.touched_at < policy.in_progress
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
