"""Keyword factories for the schedules tests; T0 is a Monday noon in Shanghai."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from schedules.loader import load_protocol, seed_protocol_path
from schedules.protocol import DiaryPlan, OutagePolicy, ReminderPolicy, StudyProtocol
from schedules.reminders import DayFacts, ReminderFacts
from schedules.windows import DiaryDay, Outage, ZonePeriod, diary_day

T0 = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)
DAY = date(2025, 3, 24)
SHANGHAI = "Asia/Shanghai"
POLICY = ReminderPolicy()
SEED: StudyProtocol = load_protocol(seed_protocol_path())


def zones(*pairs: tuple[date, str]) -> tuple[ZonePeriod, ...]:
    return tuple(ZonePeriod(on, tzid) for on, tzid in pairs)


def living_in(tzid: str) -> tuple[ZonePeriod, ...]:
    return (ZonePeriod(date(2000, 1, 1), tzid),)


def make_day(
    on: date = DAY,
    tzid: str = SHANGHAI,
    *,
    history: tuple[ZonePeriod, ...] | None = None,
    checkin: datetime | None = None,
    outages: Iterable[Outage] = (),
    submitted_at: datetime | None = None,
) -> DiaryDay:
    return diary_day(
        on,
        history or living_in(tzid),
        DiaryPlan(),
        OutagePolicy(),
        day_minus_one_closing=checkin,
        outages=outages,
        submitted_at=submitted_at,
    )


def make_facts(day: DiaryDay | None = None, **changes: object) -> DayFacts:
    return DayFacts(day=day or make_day(), visit="W04", **changes)  # type: ignore[arg-type]


def make_person(
    hour: time = time(20),
    *,
    allowed: bool = True,
    joined_at: datetime | None = T0,
    finished_at: datetime | None = None,
) -> ReminderFacts:
    return ReminderFacts(hour, messages_allowed=allowed, joined_at=joined_at, finished_at=finished_at)
