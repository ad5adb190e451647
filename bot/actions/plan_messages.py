"""Keep the planned messages in step with calendar, entries and now: planning twice equals planning once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, func, literal_column, or_
from sqlmodel import Session, col, select

from bot.actions.study import Study
from bot.diary.card import only_saving_is_left
from bot.storage.outbox import MESSAGES, enqueue, in_states
from bot.storage.participants import all_participants, chat_of, lock_everybody, lock_participants, participant_by_id
from bot.storage.prepared import Prepared, put_by_id
from bot.storage.tables import ChatRow, MessageRow, ParticipantRow
from bot.storage.views.cards import asked_items, card_state
from bot.storage.views.days import DayRecord, Diary, Ground, ground_of, read_days, read_diary
from schedules.reminders import DayFacts, MessageKind, PlannedMessage, ReminderFacts, plan_reminders
from schedules.windows import instant, local_day, zone_on

HORIZON = timedelta(days=35)
BACKLOG = timedelta(days=3)
JOINING_GRACE = timedelta(minutes=10)  # a prompt does not interrupt the last steps of joining
PLANNED_KINDS = ("prompt", "second", "last_call", "snoozed", "closing", "thank_you")
MOVABLE = ("planned", "retry")
WRITTEN = MESSAGES.c
OF_PLANNED_KINDS = WRITTEN.kind.in_([literal_column(f"'{kind}'") for kind in PLANNED_KINDS])


def _planned_of(which: ColumnElement[bool]) -> Prepared[MessageRow]:
    """Planned messages of a participant; a row that is just being claimed is read as it then stands."""
    return Prepared(
        MESSAGES.select()
        .with_only_columns(
            WRITTEN.id, WRITTEN.dedupe_key, WRITTEN.state, WRITTEN.reason, WRITTEN.resend_of, WRITTEN.due_at,
            WRITTEN.not_after,
        )
        .where(
            WRITTEN.participant_id == bindparam("participant"),
            OF_PLANNED_KINDS,
            which,
        )
        .with_for_update()
    )  # fmt: skip


# Of days that may still be wanted whatever became of it, of others what still waits; or all of one day.
STORED = _planned_of(or_(WRITTEN.diary_day >= bindparam("since"), in_states(MOVABLE)))
STORED_OF_DAY = _planned_of(WRITTEN.diary_day == bindparam("day"))
LAST_PLANNED = Prepared[Any](
    select(func.max(WRITTEN.diary_day).label("day")).where(
        WRITTEN.participant_id == bindparam("participant"), OF_PLANNED_KINDS
    )
)
NO_LONGER_DUE = "no longer due"
TOO_LATE = "its time had passed"


def plan_due(session: Session, *, study: Study, now: datetime) -> None:
    """Plan every participant's messages for the horizon."""
    lock_everybody(session)
    for participant in all_participants(session):
        plan_participant(session, participant, study=study, now=now)


def plan_next(session: Session, *, study: Study, now: datetime, after: int) -> int | None:
    """Plan the participant that follows this id; answers their id, None when there are no more.

    Planning everybody in one transaction would keep everybody's taps waiting.
    """
    following = select(ParticipantRow.id).where(col(ParticipantRow.id) > after).order_by(col(ParticipantRow.id))
    found = session.exec(following.limit(1)).first()
    if found is not None:
        plan_participant(session, participant_by_id(session, found), study=study, now=now)
    return found


def plan_participant(session: Session, participant: ParticipantRow, *, study: Study, now: datetime) -> None:
    """Bring one participant's planned rows in line with what should exist now."""
    session.flush()
    lock_participants(session, [participant.id or 0])
    wanted = wanted_messages(session, participant, study, now)
    since = now.date() - BACKLOG - timedelta(days=2)  # whatever the zone
    stored = STORED.all(session, participant=participant.id, since=since)
    _bring_in_line(session, participant, wanted, stored, now)


def plan_day(session: Session, participant: ParticipantRow, day: date, *, study: Study, now: datetime) -> None:
    """The same after what concerns one diary day only: that day, whose messages follow from no other, and those that
    the horizon has reached since the last planning."""
    session.flush()
    lock_participants(session, [participant.id or 0])
    ground = ground_of(session, participant, study.protocol)
    days = {day, *_newly_reached(session, participant, ground, now)}
    diary = read_days(session, participant, ground, days, now)
    wanted = [message for message in plan_for(session, diary, study, now) if message.diary_day in days]
    stored = STORED_OF_DAY.all(session, participant=participant.id, day=day)
    _bring_in_line(session, participant, wanted, stored, now)


def _newly_reached(session: Session, participant: ParticipantRow, ground: Ground, now: datetime) -> Iterable[date]:
    """Days within the horizon after the last one that anything has been planned for."""
    last = LAST_PLANNED.first(session, participant=participant.id)
    reached = local_day(now, ground.zones) + HORIZON
    return [on for on in ground.days if (last is None or last.day is None or last.day < on) and on <= reached]


def _bring_in_line(
    session: Session,
    participant: ParticipantRow,
    messages: Iterable[PlannedMessage],
    rows: Iterable[MessageRow],
    now: datetime,
) -> None:
    wanted = {message_key(participant, message): message for message in messages}
    stored: dict[str, list[MessageRow]] = defaultdict(list)
    for row in rows:
        stored[base_key(row.dedupe_key)].append(row)
    for key, message in wanted.items():
        _plan_one(session, participant, key, message, stored.get(key, []), now)
    for key, of_key in stored.items():
        if key not in wanted:
            _end(session, of_key, now)


def _plan_one(
    session: Session,
    participant: ParticipantRow,
    key: str,
    message: PlannedMessage,
    rows: list[MessageRow],
    now: datetime,
) -> None:
    """Add the message once, or move the row that waits; a row cancelled earlier stays so and gets a successor."""
    live = [row for row in rows if row.state != "cancelled" or row.reason != NO_LONGER_DUE]
    if not live:
        enqueue(session, _row(f"{key}+{len(rows) + 1}" if rows else key, participant, message, now))
    for row in live:
        if row.state in MOVABLE and row.resend_of is None:
            _move(session, row, message, participant)


def _end(session: Session, rows: Iterable[MessageRow], now: datetime) -> None:
    """A waiting row that is not wanted ends: expired when its time has passed, else cancelled."""
    for row in rows:
        if row.state in MOVABLE:
            late = row.not_after is not None and row.not_after < now
            state, reason = ("expired", TOO_LATE) if late else ("cancelled", NO_LONGER_DUE)
            put_by_id(session, MessageRow, row.id, state=state, reason=reason)


def base_key(dedupe_key: str) -> str:
    """The key of a planned message without the marks of a successor (`+2`) or a resend (`#2`)."""
    return dedupe_key.partition("+")[0].partition("#")[0]


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
    return plan_of(diary, chat_of(session, diary.participant.id or 0), study, now)


def plan_of(diary: Diary, chat: ChatRow | None, study: Study, now: datetime) -> Sequence[PlannedMessage]:
    """The plan for those days of a diary that have been read, and the chat that is bound now."""
    today = local_day(now, diary.zones)
    days = [
        day_facts(diary, diary.records[on], study)
        for on in sorted(diary.records)
        if today - BACKLOG <= on <= today + HORIZON
    ]
    facts = _facts(diary, chat)
    planned = plan_reminders(study.protocol.reminders, facts, days, now)
    return (*planned, *_thank_you(diary, facts, study, now))


def _thank_you(diary: Diary, facts: ReminderFacts, study: Study, now: datetime) -> Sequence[PlannedMessage]:
    """After the last visit one thank-you on its own day, outside quiet hours, and nothing more."""
    last = diary.calendar.visits[-1]
    if last.held_at is None or not facts.messages_allowed or facts.joined_at is None:
        return ()
    tzid = zone_on(diary.zones, last.on)
    policy = study.protocol.reminders
    due_at = max(last.held_at, instant(last.on, policy.quiet_until, tzid))
    not_after = instant(last.on, policy.quiet_from, tzid)
    if due_at >= not_after or now > not_after:
        return ()
    wall = due_at.astimezone(ZoneInfo(tzid))
    return (
        PlannedMessage(
            key=f"{last.on}/thank_you/1",
            kind=MessageKind.THANK_YOU,
            visit=last.code,
            diary_day=last.on,
            wall_date=wall.date(),
            wall_time=wall.time(),
            tzid=tzid,
            due_at=due_at,
            not_after=not_after,
        ),
    )


def day_facts(diary: Diary, record: DayRecord, study: Study) -> DayFacts:
    """One diary day as the reminder rules see it."""
    asked = diary.asked(record.on)
    card = record.card
    state = card_state(card, record) if card else None
    return DayFacts(
        day=record.day,
        visit=asked.visit if asked else "",
        entered=record.submitted_in_time,
        touched=bool(record.answers),
        only_submit_missing=state is not None and only_saving_is_left(state, asked_items(study.protocol)),
        last_touch_at=card.touched_at if card else None,
        snoozed_until=card.snoozed_until if card else None,
        snooze_count=card.snooze_count if card else 0,
        has_card=card is not None and card.provider_msg_id is not None,
        asked=asked is not None,
    )


def _facts(diary: Diary, chat: ChatRow | None) -> ReminderFacts:
    participant = diary.participant
    allowed = participant.stopped_at is None and participant.withdrawn_at is None and chat is not None
    return ReminderFacts(
        hour=time.fromisoformat(participant.hour),
        messages_allowed=allowed and chat is not None and chat.blocked_at is None,
        joined_at=(chat.reach_at or chat.bound_at + JOINING_GRACE) if chat is not None else None,
        finished_at=participant.withdrawn_at or diary.calendar.visits[-1].held_at,
    )


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


def _move(session: Session, row: MessageRow, message: PlannedMessage, participant: ParticipantRow) -> None:
    """Give a waiting row the times that hold now."""
    if (row.due_at, row.not_after) == (message.due_at, message.not_after):
        return
    put_by_id(
        session, MessageRow, row.id, wall_date=message.wall_date, wall_time=message.wall_time, tzid=message.tzid,
        due_at=message.due_at, not_after=message.not_after, plan_version=participant.plan_version,
    )  # fmt: skip
