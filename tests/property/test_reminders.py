"""Reminders over whole evenings, sent by a plain dispatcher that replans every minute."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.protocol import DiaryPlan, OutagePolicy, ReminderPolicy
from schedules.reminders import (
    REMINDERS,
    DayFacts,
    MessageKind,
    PlannedMessage,
    ReminderFacts,
    plan_reminders,
    snooze_options,
)
from schedules.windows import DiaryDay, Outage, ZonePeriod, diary_day, instant

POLICY = ReminderPolicy()
ONE, MINUTE = timedelta(days=1), timedelta(minutes=1)
ZONES = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Apia",
)
modest = settings(max_examples=60, deadline=None)
played_out = settings(max_examples=30, deadline=None)
hours = st.sampled_from(POLICY.hours)
days_of_study = st.dates(date(2024, 1, 1), date(2028, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2025, 3, 8), date(2025, 3, 29), date(2025, 10, 4), date(2025, 11, 1)]
)
# Minutes after 17:00 of the diary day, up to 13:00 of the next.
evening = st.integers(0, 20 * 60)


@st.composite
def diary_days(draw: st.DrawFn) -> DiaryDay:
    on, tzid = draw(days_of_study), draw(st.sampled_from(ZONES))
    history = [ZonePeriod(date(2000, 1, 1), tzid)]
    if draw(st.integers(0, 3)) == 0:
        history.append(ZonePeriod(on + ONE, draw(st.sampled_from(ZONES))))
    closing = draw(st.none() | st.integers(0, 5 * 60))
    checkin = None if closing is None else instant(on + ONE, time(7), tzid) + closing * MINUTE
    return diary_day(on, history, DiaryPlan(), OutagePolicy(), day_minus_one_closing=checkin)


@dataclass
class Evening:
    """One participant's evening and morning: what they do when, and every message they get."""

    day: DiaryDay
    hour: time
    joined_at: datetime
    touches: set[int]
    snoozes: dict[int, int]
    submits: int | None
    has_card: bool = False
    last_touch_at: datetime | None = None
    snoozed_until: datetime | None = None
    snooze_count: int = 0
    entered: bool = False
    rows: dict[str, PlannedMessage] = field(default_factory=dict)
    sent: dict[str, tuple[MessageKind, datetime]] = field(default_factory=dict)

    def play(self) -> None:
        start = instant(self.day.on, time(17), self.day.tzid)
        for minute in range(20 * 60 + 1):
            now = start + minute * MINUTE
            self.act(minute, now)
            self.plan(now)
            self.dispatch(now)

    def act(self, minute: int, now: datetime) -> None:
        if not self.day.is_open(now) or now < self.joined_at:
            return
        if minute in self.touches:
            self.has_card, self.last_touch_at = True, now
        options = snooze_options(self.day, now, POLICY)
        if minute in self.snoozes and options and not self.entered:
            self.has_card = True
            self.snoozed_until = options[self.snoozes[minute] % len(options)][1]
            self.snooze_count += 1
        if self.submits is not None and minute >= self.submits:
            self.entered = True

    def plan(self, now: datetime) -> None:
        facts = DayFacts(
            day=self.day,
            visit="W04",
            entered=self.entered,
            touched=self.last_touch_at is not None,
            last_touch_at=self.last_touch_at,
            snoozed_until=self.snoozed_until,
            snooze_count=self.snooze_count,
            has_card=self.has_card,
        )
        person = ReminderFacts(self.hour, messages_allowed=True, joined_at=self.joined_at)
        found = plan_reminders(POLICY, person, [facts], now)
        assert found == plan_reminders(POLICY, person, [facts], now)
        assert len({message.key for message in found}) == len(found)
        self.rows = {message.key: message for message in found if message.key not in self.sent}

    def dispatch(self, now: datetime) -> None:
        for key, message in list(self.rows.items()):
            if message.due_at <= now <= message.not_after:
                self.check(message, now)
                self.sent[key] = (message.kind, now)

    def check(self, message: PlannedMessage, now: datetime) -> None:
        assert instant(message.wall_date, message.wall_time, message.tzid) == message.due_at
        if message.kind is MessageKind.CLOSING:
            assert now >= self.day.closes_at
            return
        assert self.day.is_open(now)
        assert not self.entered
        assert now >= self.joined_at
        lives_by = {self.day.tzid} | ({self.day.next_tzid} if now >= self.day.midnight_at else set())
        assert all(time(8) <= now.astimezone(ZoneInfo(tzid)).time() < time(22) for tzid in lives_by)
        assert self.snoozed_until is None or now >= self.snoozed_until
        assert self.last_touch_at is None or now - self.last_touch_at >= timedelta(minutes=10)

    def reminders(self) -> list[datetime]:
        return sorted(at for kind, at in self.sent.values() if kind in REMINDERS)


@st.composite
def evenings(draw: st.DrawFn) -> Evening:
    day = draw(diary_days())
    start = instant(day.on, time(17), day.tzid)
    joined = draw(st.just(-60) | evening)
    return Evening(
        day=day,
        hour=draw(hours),
        joined_at=start + joined * MINUTE,
        touches=set(draw(st.lists(evening | st.integers(120, 290), max_size=8))),
        snoozes=draw(st.dictionaries(evening | st.integers(180, 290), st.integers(0, 1), max_size=4)),
        submits=draw(st.none() | evening),
    )


@played_out
@given(evenings())
def test_no_reminder_is_needless_late_indiscreet_or_too_near_another(played: Evening) -> None:
    played.play()
    sent = played.reminders()
    assert len(sent) <= 3 + played.snooze_count
    assert all(b - a >= timedelta(minutes=30) for a, b in pairwise(sent))


@played_out
@given(evenings())
def test_every_card_is_closed_once_when_its_day_closes(played: Evening) -> None:
    played.play()
    closings = [at for kind, at in played.sent.values() if kind is MessageKind.CLOSING]
    end = instant(played.day.on, time(17), played.day.tzid) + 20 * 60 * MINUTE
    expected = played.joined_at < played.day.closes_at <= end
    assert len(closings) == int(expected)
    assert all(at - played.day.closes_at < MINUTE for at in closings)


@modest
@given(diary_days(), hours)
def test_a_silent_participant_gets_the_prompt_at_their_own_hour(day: DiaryDay, hour: time) -> None:
    facts = ReminderFacts(hour, messages_allowed=True, joined_at=day.opens_at - ONE)
    found = plan_reminders(POLICY, facts, [DayFacts(day, "W04")], day.opens_at - ONE)
    prompts = [m.due_at.astimezone(ZoneInfo(day.tzid)) for m in found if m.kind is MessageKind.PROMPT]
    if day.closes_at > instant(day.on, hour, day.tzid):
        assert [(at.date(), at.time()) for at in prompts] == [(day.on, hour)]
    else:
        assert prompts == []


@modest
@given(diary_days(), hours, st.booleans(), st.booleans(), st.integers(0, 1440))
def test_entered_unasked_and_stopped_days_get_no_reminder_at_any_time(
    day: DiaryDay, hour: time, entered: bool, asked: bool, minute: int
) -> None:
    allowed = entered or not asked
    facts = ReminderFacts(hour, messages_allowed=not allowed, joined_at=day.opens_at - ONE)
    days = [DayFacts(day, "W04", entered=entered, asked=asked, has_card=True)]
    for person in (facts, ReminderFacts(hour, messages_allowed=False, joined_at=day.opens_at - ONE)):
        found = plan_reminders(POLICY, person, days, day.opens_at + minute * MINUTE)
        blocked = entered or not asked or not person.messages_allowed
        assert not blocked or {message.kind for message in found} <= {MessageKind.CLOSING}


@modest
@given(days_of_study, st.sampled_from(ZONES), evening, st.integers(30, 1200))
def test_after_an_outage_nothing_is_due_beyond_closing(on: date, tzid: str, start: int, length: int) -> None:
    begun = instant(on, time(17), tzid) + start * MINUTE
    outage = Outage(begun, begun + length * MINUTE)
    history = [ZonePeriod(date(2000, 1, 1), tzid)]
    day = diary_day(on, history, DiaryPlan(), OutagePolicy(), outages=[outage])
    person = ReminderFacts(time(20), messages_allowed=True, joined_at=day.opens_at - ONE)
    for message in plan_reminders(POLICY, person, [DayFacts(day, "W04")], outage.ended_at):
        if message.kind in REMINDERS:
            assert message.due_at < message.not_after <= day.closes_at
            assert message.not_after.astimezone(ZoneInfo(tzid)).time() <= time(22)
        else:
            assert message.due_at == day.closes_at
