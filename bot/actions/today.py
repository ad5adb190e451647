"""What /today finds: how far along the diary is, what is open, what comes next, what can still be put right."""

from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from bot.actions.open_card import open_card
from bot.actions.study import Study
from bot.diary.card import only_saving_is_left
from bot.messages.today import TodayStatus, TodayView
from bot.storage.tables import CardRow, CorrectionRow
from bot.storage.views.cards import asked_items, card_state, days_entered, next_prompt_at, open_records
from bot.storage.views.days import DayRecord, Diary
from schedules.visits import ScheduledVisit
from schedules.windows import local_day, zone_on

CORRECTION_FOR = timedelta(days=14)  # a participant remembers recent days; older ones are raised with the site


def today_view(session: Session, diary: Diary, study: Study, now: datetime) -> TodayView:
    """The view of today for a participant; makes the cards that its buttons act on."""
    participant = diary.participant
    tzid = zone_on(diary.zones, local_day(now, diary.zones))
    if participant.withdrawn_at is not None:
        return TodayView(TodayStatus.WITHDRAWN, now, tzid)
    shown = _day_to_show(diary, now)
    card = _card(session, diary, shown, study) if shown else None
    visit = _visit(diary, shown, now)
    closed = _latest_closed(diary, now)
    return TodayView(
        status=_status(diary, shown, study),
        now=now,
        tzid=tzid,
        done=days_entered(diary, visit) if visit else 0,
        of=study.protocol.diary.days if visit else 0,
        diary_day=shown.on if shown else None,
        key=card.key if card else None,
        revision=card.revision if card else 0,
        closes_at=shown.day.closes_at if shown else None,
        next_prompt_at=next_prompt_at(diary, now),
        correction_on=closed.on if closed else None,
        correction_key=_card(session, diary, closed, study).key if closed else None,
        correction_asked=closed is not None and _is_asked_for(session, participant.id or 0, closed.on),
        stopped=participant.stopped_at is not None,
    )


def _day_to_show(diary: Diary, now: datetime) -> DayRecord | None:
    """The open day that still waits, else the one that can still be changed."""
    days = open_records(diary, now)
    waiting = [record for record in days if not record.submitted_in_time]
    days = waiting or days
    return days[0] if days else None


def _status(diary: Diary, shown: DayRecord | None, study: Study) -> TodayStatus:
    if shown is None:
        ahead = any(visit.asked_days and not visit.held for visit in diary.calendar.visits)
        return TodayStatus.RESTING if ahead else TodayStatus.FINISHED
    if shown.card is not None and only_saving_is_left(card_state(shown.card, shown), asked_items(study.protocol)):
        return TodayStatus.SAVING
    return TodayStatus.SAVED if shown.submitted_in_time else TodayStatus.OPEN


def _visit(diary: Diary, shown: DayRecord | None, now: datetime) -> ScheduledVisit | None:
    """The visit whose window has begun and is not over."""
    today = local_day(now, diary.zones)
    if shown is not None and (asked := diary.asked(shown.on)) is not None:
        return diary.calendar.visit(asked.visit)
    begun = [
        visit
        for visit in diary.calendar.visits
        if visit.asked_days and visit.asked_days[0] <= today < visit.on and not visit.held
    ]
    return begun[0] if begun else None


def _latest_closed(diary: Diary, now: datetime) -> DayRecord | None:
    today = local_day(now, diary.zones)
    closed = [
        record
        for on, record in diary.records.items()
        if record.day.closes_at <= now
        and on >= today - CORRECTION_FOR
        and diary.asked(on)
        and _was_there(diary, record)
    ]
    return max(closed, key=lambda record: record.on, default=None)


def _is_asked_for(session: Session, participant_id: int, day: date) -> bool:
    query = select(CorrectionRow.id).where(
        CorrectionRow.participant_id == participant_id, CorrectionRow.diary_day == day, CorrectionRow.state == "open"
    )
    return session.exec(query).first() is not None


def _was_there(diary: Diary, record: DayRecord) -> bool:
    """Whether the participant had joined while the day was open."""
    joined = diary.participant.joined_at
    return joined is not None and joined < record.day.closes_at


def _card(session: Session, diary: Diary, record: DayRecord, study: Study) -> CardRow:
    asked = diary.asked(record.on)
    return open_card(session, diary.participant.id or 0, record.on, asked.visit if asked else "", study=study)
