"""Diary days against plain tables that share no code with them."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.protocol import DiaryPlan, OutagePolicy
from schedules.windows import DiaryDay, Outage, ZonePeriod, diary_day, instant, local_day
from tests.support.zones import distinct_zones, first_instants, transitions

PLAN, OUTAGES = DiaryPlan(), OutagePolicy()
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
# Nine days around a clock change where the zone has one, a leap day where it has none.
STARTS = (
    ("Asia/Shanghai", date(2024, 2, 24)),
    ("Asia/Urumqi", date(2025, 12, 27)),
    ("Europe/London", date(2025, 3, 26)),
    ("Europe/London", date(2025, 10, 22)),
    ("America/New_York", date(2025, 3, 5)),
    ("America/New_York", date(2025, 10, 29)),
    ("Australia/Lord_Howe", date(2025, 4, 2)),
    ("Australia/Lord_Howe", date(2025, 10, 1)),
    ("Pacific/Kiritimati", date(2024, 2, 24)),
    ("Pacific/Apia", date(2025, 1, 1)),
)
days_of_study = st.dates(date(2024, 1, 1), date(2028, 12, 31))
modest = settings(max_examples=60, deadline=None)


def living_in(tzid: str) -> tuple[ZonePeriod, ...]:
    return (ZonePeriod(date(2000, 1, 1), tzid),)


def make(on: date, history: tuple[ZonePeriod, ...], **more: object) -> DiaryDay:
    return diary_day(on, history, PLAN, OUTAGES, **more)  # type: ignore[arg-type]


def naive_state(local: datetime, on: date, checkin: datetime | None) -> str:
    """Read the state of a day off the wall clock alone."""
    if checkin is not None and local >= checkin:
        return "closed"
    if local.date() == on:
        return "on_time" if local.time() >= time(18) else "not_open"
    if local.date() == on + ONE:
        return "late" if local.time() < time(12) else "closed"
    return "not_open" if local.date() < on else "closed"


def state(day: DiaryDay, at: datetime) -> str:
    if day.is_open(at):
        return "late" if day.is_late(at) else "on_time"
    return str(day.phase(at).value)


@pytest.mark.parametrize(("tzid", "start"), STARTS)
def test_every_minute_of_nine_days_opens_and_closes_as_the_wall_clock_says(tzid: str, start: date) -> None:
    zone, history = ZoneInfo(tzid), living_in(tzid)
    visit_on = start + 7 * ONE
    checkin = instant(visit_on, time(9, 20), tzid)
    wall_checkin = datetime.combine(visit_on, time(9, 20), zone)
    days = [
        make(on, history, day_minus_one_closing=checkin if on == visit_on - ONE else None)
        for on in (start + n * ONE for n in range(8))
    ]
    at, end = instant(start, time(0), tzid), instant(start + 9 * ONE, time(0), tzid)
    while at < end:
        local = at.astimezone(zone)
        found = [state(day, at) for day in days]
        last = wall_checkin if local.replace(tzinfo=None) >= wall_checkin.replace(tzinfo=None) else None
        expected = [naive_state(local, day.on, last if day.on == visit_on - ONE else None) for day in days]
        assert found == expected, local
        assert sum(day.is_open(at) for day in days) <= 1
        at += MINUTE


@modest
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(ZONES)), min_size=1, max_size=4), days_of_study)
def test_whatever_zones_follow_one_another_at_most_one_day_is_open(moves: list[tuple[int, str]], start: date) -> None:
    history = tuple(ZonePeriod(start + n * ONE, tzid) for n, tzid in dict(moves).items())
    days = [make(start + n * ONE, history) for n in range(-2, 12)]
    for one, other in pairwise(days):
        assert one.closes_at <= other.opens_at
        assert one.on < other.on


@modest
@given(days_of_study, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_a_zone_change_in_mid_window_leaves_the_days_on_either_side_alone(
    change: date, before: str, after: str
) -> None:
    history = (ZonePeriod(date(2000, 1, 1), before), ZonePeriod(change, after))
    for n in range(-5, -1):
        assert make(change + n * ONE, history) == make(change + n * ONE, living_in(before))
    for n in range(5):
        assert make(change + n * ONE, history) == make(change + n * ONE, living_in(after))


minutes_of_three_days = st.integers(0, 3 * 1440)


@modest
@given(
    days_of_study,
    st.sampled_from(ZONES),
    st.lists(st.tuples(minutes_of_three_days, st.integers(1, 2000)), max_size=3),
    st.none() | minutes_of_three_days,
    st.none() | st.integers(1440, 2 * 1440),
)
def test_an_outage_extends_never_shortens_and_never_beyond_noon_of_the_second_day(
    on: date,
    tzid: str,
    stretches: list[tuple[int, int]],
    submitted: int | None,
    checkin: int | None,
) -> None:
    midnight = instant(on, time(0), tzid)
    outages = [Outage(midnight + a * MINUTE, midnight + (a + n) * MINUTE) for a, n in stretches]
    submitted_at = None if submitted is None else midnight + submitted * MINUTE
    closing = None if checkin is None else midnight + checkin * MINUTE
    plain = make(on, living_in(tzid), day_minus_one_closing=closing)
    day = make(on, living_in(tzid), outages=outages, submitted_at=submitted_at, day_minus_one_closing=closing)
    assert plain.closes_at == plain.regular_closes_at == day.regular_closes_at
    assert plain.closes_at <= day.closes_at <= instant(on + 2 * ONE, time(12), tzid)
    assert closing is None or day.closes_at <= closing
    assert day.outage or day.closes_at == plain.closes_at
    hits = [
        outage
        for outage in outages
        if outage.ended_at - outage.started_at >= timedelta(minutes=30)
        and outage.started_at < min(plain.closes_at, submitted_at or plain.closes_at)
        and outage.ended_at > day.opens_at < (submitted_at or plain.closes_at)
    ]
    assert day.outage or not hits
    if len(outages) == 1 and hits:
        latest = min(instant(on + 2 * ONE, time(12), tzid), closing or hits[0].ended_at + ONE)
        assert day.closes_at == max(plain.closes_at, min(hits[0].ended_at + timedelta(hours=6), latest))


@modest
@given(days_of_study, st.sampled_from(ZONES), st.integers(0, 1439))
def test_an_instant_of_a_date_belongs_to_that_date(on: date, tzid: str, minute: int) -> None:
    at = instant(on, time(minute // 60, minute % 60), tzid)
    assert local_day(at, living_in(tzid)) == on


def test_no_local_time_of_five_years_is_skipped_doubled_or_invented() -> None:
    checked = 0
    for name in distinct_zones():
        zone = ZoneInfo(name)
        for around in transitions(zone):
            first, _often = first_instants(zone, around)
            for on in (around - ONE, around, around + ONE):
                for half in range(48):
                    wall = time(half // 2, half % 2 * 30)
                    at, named = instant(on, wall, name), datetime.combine(on, wall)
                    if named in first:
                        assert at == first[named]
                    else:
                        gap = at.astimezone(zone).replace(tzinfo=None) - named
                        last_before = max(w for w in first if w < named and w in first)
                        lost = named - last_before
                        assert at == first[last_before] + lost
                        assert timedelta(0) < gap <= timedelta(hours=3)
                    checked += 1
    assert checked > 20_000
