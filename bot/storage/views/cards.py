"""A stored card as the pure conversation sees it: its state, and the circumstances around it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from bot.diary.card import CardContext, CardState, Shown
from bot.diary.completeness import DayState
from bot.diary.items import DAILY_ITEMS, Item
from bot.storage.tables import CardRow
from bot.storage.views.days import DayRecord, Diary
from schedules.protocol import StudyProtocol
from schedules.reminders import snooze_options
from schedules.visits import ScheduledVisit
from schedules.windows import instant, local_day, zone_on

NEAR = timedelta(days=3)  # no day is open farther from today, whatever the zones and outages
DOTS = {
    DayState.NOT_OPEN: "later",
    DayState.OPEN: "open",
    DayState.ON_TIME: "done",
    DayState.LATE: "late",
    DayState.PARTIAL: "missed",
    DayState.MISSED: "missed",
    DayState.OUTAGE: "missed",
    DayState.EXCLUDED: "excluded",
}


def asked_items(protocol: StudyProtocol) -> tuple[Item, ...]:
    """The items this study asks each day, in order."""
    return (*DAILY_ITEMS, Item.ANTIDIARRHOEAL) if protocol.diary.antidiarrhoeal else tuple(DAILY_ITEMS)


def card_state(card: CardRow, record: DayRecord) -> CardState:
    """The card as it stands; a day that has closed shows as closed whatever was on screen."""
    answers = {Item(item): value for item, value in record.values.items()}
    submitted = {Item(item): value for item, value in record.submitted_values.items()}
    return CardState(
        key=card.key,
        revision=card.revision,
        shown=Shown(card.shown),
        item=Item(card.item) if card.item else None,
        pending=card.pending,
        answers=answers,
        submitted=bool(submitted),
        changed=bool(submitted) and any(submitted.get(item) != value for item, value in answers.items()),
        helped=record.helped,
    )


def card_context(diary: Diary, record: DayRecord, protocol: StudyProtocol, now: datetime) -> CardContext:
    """The circumstances of a day's card at `now`, in the participant's own zone and language."""
    asked = diary.asked(record.on)
    visit = diary.calendar.visit(asked.visit) if asked else None
    entry = record.entry
    needed = _is_needed(diary, record)
    return CardContext(
        diary_day=record.on,
        today=local_day(now, diary.zones),
        number=asked.number if asked else None,
        of=protocol.diary.days,
        dots=tuple(_dots(diary, visit, record.on)) if visit else (),
        items=asked_items(protocol),
        open=record.day.is_open(now) and needed,
        closes_at=record.day.closes_at,
        saved_at=entry.submitted_at if entry else None,
        next_prompt_at=next_prompt_at(diary, now, after=record.on),
        snooze=_snooze(record, protocol, now),
        tzid=record.day.tzid,
        now=now,
        finished=visit is not None and all_scored_days_entered(diary, visit),
        visit_last=visit is not None and visit.code == diary.calendar.visits[-1].code,
        language=diary.participant.language,
        needed=needed,
    )


def reminder_context(diary: Diary, record: DayRecord, protocol: StudyProtocol, now: datetime) -> CardContext:
    """As much of a day's circumstances as a prompt or a reminder says: nothing of other days, nothing to choose."""
    return CardContext(
        diary_day=record.on,
        today=local_day(now, diary.zones),
        of=protocol.diary.days,
        items=asked_items(protocol),
        open=record.day.is_open(now),
        closes_at=record.day.closes_at,
        tzid=record.day.tzid,
        now=now,
        language=diary.participant.language,
    )


def step_context(diary: Diary, record: DayRecord, protocol: StudyProtocol, now: datetime) -> CardContext:
    """As much of a day's circumstances as a step of its card goes by: nothing of other days."""
    needed = _is_needed(diary, record)
    return CardContext(
        diary_day=record.on,
        today=local_day(now, diary.zones),
        of=protocol.diary.days,
        items=asked_items(protocol),
        open=record.day.is_open(now) and needed,
        closes_at=record.day.closes_at,
        tzid=record.day.tzid,
        now=now,
        snooze=_snooze(record, protocol, now),
        language=diary.participant.language,
        needed=needed,
    )


def _is_needed(diary: Diary, record: DayRecord) -> bool:
    withdrawn = diary.participant.withdrawn_at is not None
    return diary.asked(record.on) is not None and record.state is not DayState.EXCLUDED and not withdrawn


def _snooze(record: DayRecord, protocol: StudyProtocol, now: datetime) -> tuple[str, ...]:
    return tuple(code for code, _at in snooze_options(record.day, now, protocol.reminders))


def is_open(record: DayRecord, now: datetime) -> bool:
    """Whether the participant can enter or change this day now."""
    return record.day.is_open(now) and record.state is not DayState.EXCLUDED


def all_scored_days_entered(diary: Diary, visit: ScheduledVisit) -> bool:
    records = [diary.records.get(day) for day in visit.scoring_days]
    return all(record is not None and record.submitted_in_time for record in records)


def days_entered(diary: Diary, visit: ScheduledVisit) -> int:
    records = (diary.records.get(day) for day in visit.scoring_days)
    return sum(1 for record in records if record is not None and record.submitted_in_time)


def next_prompt_at(diary: Diary, now: datetime, *, after: date | None = None) -> datetime | None:
    """The next evening question: the first asked, unentered day whose prompt hour lies ahead; none after a stop."""
    if diary.participant.withdrawn_at is not None or diary.participant.stopped_at is not None:
        return None
    hour = time.fromisoformat(diary.participant.hour)
    for on in sorted(diary.records):
        if after is not None and on <= after:
            continue
        at = instant(on, hour, zone_on(diary.zones, on))
        if at <= now or diary.asked(on) is None:
            continue
        record = diary.records[on]
        if not record.submitted_in_time and at < record.day.closes_at:
            return at
    return None


def open_records(diary: Diary, now: datetime) -> list[DayRecord]:
    """Days that can be entered or changed now, oldest first: one, or two after an outage."""
    today = local_day(now, diary.zones)
    near = (on for on in sorted(diary.records) if today - NEAR <= on <= today + NEAR)
    return [record for on in near if is_open(record := diary.records[on], now) and diary.asked(on)]


def waiting_on_joining(diary: Diary, now: datetime) -> DayRecord | None:
    """The open day that somebody who has just joined is asked at once: today's past its hour, or one begun before."""
    today = local_day(now, diary.zones)
    asked_from = instant(today, time.fromisoformat(diary.participant.hour), zone_on(diary.zones, today))
    for record in open_records(diary, now):
        is_due = record.card is not None or (record.on == today and asked_from <= now)
        if is_due and not record.submitted_in_time:
            return record
    return None


def _dots(diary: Diary, visit: ScheduledVisit, current: date) -> Iterator[str]:
    for on in visit.scoring_days:
        record = diary.records.get(on)
        state = record.state if record else DayState.NOT_OPEN
        yield "current" if on == current and state in (DayState.OPEN, DayState.NOT_OPEN) else DOTS[state]
