"""Keep the planned messages in step with calendar, entries and now: planning twice equals planning once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from sqlmodel import Session, col, select

from bot.actions.study import Study
from bot.diary.card import only_saving_is_left
from bot.storage.outbox import enqueue
from bot.storage.participants import all_participants, bound_chat
from bot.storage.tables import MessageRow, ParticipantRow
from bot.storage.views.cards import asked_items, card_state
from bot.storage.views.days import DayRecord, Diary, read_diary
from schedules.reminders import DayFacts, PlannedMessage, ReminderFacts, plan_reminders
from schedules.windows import local_day

HORIZON = timedelta(days=35)
BACKLOG = timedelta(days=3)
JOINING_GRACE = timedelta(minutes=10)  # a prompt does not interrupt the last steps of joining
PLANNED_KINDS = ("prompt", "second", "last_call", "snoozed", "closing", "thank_you")
MOVABLE = ("planned", "retry")


def plan_due(session: Session, *, study: Study, now: datetime) -> None:
    """Plan every participant's messages for the horizon."""
    for participant in all_participants(session):
        plan_participant(session, participant, study=study, now=now)


def plan_participant(session: Session, participant: ParticipantRow, *, study: Study, now: datetime) -> None:
    """Bring one participant's planned rows in line with what should exist now."""
    wanted = {message_key(participant, message): message for message in wanted_messages(session, participant, study, now)}
    stored = {row.dedupe_key: row for row in _stored(session, participant)}
    for key, message in wanted.items():
        row = stored.get(key)
        if row is None:
            enqueue(session, _row(key, participant, message, now))
        else:
            _adjust(session, row, message, participant)
    for key, row in stored.items():
        if key not in wanted and row.state in MOVABLE and row.resend_of is None:
            row.state, row.reason = "cancelled", "no longer due"
            session.add(row)


def message_key(participant: ParticipantRow, message: PlannedMessage) -> str:
    """The stable name of a planned message: the same for every planning of the same thing."""
    return f"p{participant.id}/{message.key}"


def wanted_messages(
    session: Session, participant: ParticipantRow, study: Study, now: datetime
) -> Sequence[PlannedMessage]:
    """What should exist now for this participant, from yesterday's days to the horizon."""
    diary = read_diary(session, participant, study.protocol, now)
    return plan_for(session, diary, study, now)


def plan_for(session: Session, diary: Diary, study: Study, now: datetime) -> Sequence[PlannedMessage]:
    """The plan for a diary already read."""
    today = local_day(now, diary.zones)
    days = [
        day_facts(diary, record, study)
        for on, record in sorted(diary.records.items())
        if today - BACKLOG <= on <= today + HORIZON and diary.asked(on) is not None
    ]
    return plan_reminders(study.protocol.reminders, _facts(session, diary.participant), days, now)


def day_facts(diary: Diary, record: DayRecord, study: Study) -> DayFacts:
    """One diary day as the reminder rules see it."""
    asked = diary.asked(record.on)
    card = record.card
    state = card_state(card, record) if card else None
    return DayFacts(
        day=record.day,
        visit=asked.visit if asked else "",
        entered=record.submitted_in_time,
        touched=card is not None and card.touched_at is not None,
        only_submit_missing=state is not None and only_saving_is_left(state, asked_items(study.protocol)),
        last_touch_at=card.touched_at if card else None,
        snoozed_until=card.snoozed_until if card else None,
        snooze_count=card.snooze_count if card else 0,
        has_card=card is not None and card.provider_msg_id is not None,
    )


def _facts(session: Session, participant: ParticipantRow) -> ReminderFacts:
    chat = bound_chat(session, participant.id or 0)
    allowed = participant.stopped_at is None and participant.withdrawn_at is None and chat is not None
    begun = None
    if chat is not None:
        begun = chat.reach_at or chat.bound_at + JOINING_GRACE
    return ReminderFacts(hour=time.fromisoformat(participant.hour), messages_allowed=allowed, joined_at=begun)


def _stored(session: Session, participant: ParticipantRow) -> Iterable[MessageRow]:
    return session.exec(
        select(MessageRow).where(
            MessageRow.participant_id == participant.id, col(MessageRow.kind).in_(PLANNED_KINDS)
        )
    ).all()


def _row(key: str, participant: ParticipantRow, message: PlannedMessage, now: datetime) -> MessageRow:
    return MessageRow(
        dedupe_key=key,
        participant_id=participant.id,
        visit=message.visit,
        diary_day=message.diary_day,
        kind=message.kind.value,
        wall_date=message.wall_date,
        wall_time=message.wall_time,
        tzid=message.tzid,
        due_at=message.due_at,
        not_after=message.not_after,
        plan_version=participant.plan_version,
        created_at=now,
    )


def _adjust(session: Session, row: MessageRow, message: PlannedMessage, participant: ParticipantRow) -> None:
    """Move a row that has not gone out; bring a cancelled one back when it is wanted again."""
    revived = row.state == "cancelled"
    if row.state not in MOVABLE and not revived:
        return
    if not revived and (row.due_at, row.not_after) == (message.due_at, message.not_after):
        return
    row.state, row.reason = ("planned", None) if revived else (row.state, row.reason)
    row.wall_date, row.wall_time, row.tzid = message.wall_date, message.wall_time, message.tzid
    row.due_at, row.not_after, row.plan_version = message.due_at, message.not_after, participant.plan_version
    session.add(row)
