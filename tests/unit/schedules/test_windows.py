from datetime import UTC, date, datetime, time, timedelta

import pytest

from schedules.windows import DayPhase, Outage, instant, local_day, next_diary_day, zone_on
from tests.unit.schedules.factories import DAY, living_in, make_day, zones

NEXT = DAY + timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shanghai(day: date, hour: int, minute: int = 0) -> datetime:
    return instant(day, time(hour, minute), "Asia/Shanghai")


@pytest.mark.parametrize(
    ("day", "wall", "tzid", "expected"),
    [
        ("2025-03-24", "20:00", "Asia/Shanghai", "2025-03-24T12:00"),
        ("2025-03-24", "20:00", "Asia/Urumqi", "2025-03-24T14:00"),
        # New York springs forward on 9 March: half past two does not exist and becomes half past three.
        ("2025-03-09", "02:30", "America/New_York", "2025-03-09T07:30"),
        # On 2 November half past one comes twice: the first one counts.
        ("2025-11-02", "01:30", "America/New_York", "2025-11-02T05:30"),
        # Lord Howe moves by half an hour.
        ("2025-10-05", "02:15", "Australia/Lord_Howe", "2025-10-04T15:45"),
        # Cairo springs forward at midnight: the day begins at one.
        ("2025-04-25", "00:00", "Africa/Cairo", "2025-04-24T22:00"),
        # Samoa had no 30 December 2011: its wall times stand for the midnight that followed.
        ("2011-12-30", "20:00", "Pacific/Apia", "2011-12-30T10:00"),
        ("2011-12-30", "00:00", "Pacific/Apia", "2011-12-30T10:00"),
        ("2024-02-29", "18:00", "Europe/London", "2024-02-29T18:00"),
        ("2025-06-01", "18:00", "Pacific/Kiritimati", "2025-06-01T04:00"),
    ],
)
def test_a_wall_time_has_exactly_one_instant(day: str, wall: str, tzid: str, expected: str) -> None:
    assert instant(date.fromisoformat(day), time.fromisoformat(wall), tzid) == utc(expected)


def test_a_gap_before_midnight_moves_into_the_next_date_without_losing_the_day() -> None:
    # Nuuk springs forward at 22:00 of 29 March 2025.
    at = instant(date(2025, 3, 29), time(23, 30), "America/Nuuk")
    assert at == utc("2025-03-30T01:30")


def test_the_zone_of_a_day_is_the_latest_one_told_by_then() -> None:
    history = zones((date(2025, 3, 20), "Europe/London"), (date(2025, 3, 1), "Asia/Shanghai"))
    assert zone_on(history, date(2025, 3, 19)) == "Asia/Shanghai"
    assert zone_on(history, date(2025, 3, 20)) == "Europe/London"
    assert zone_on(history, date(2024, 1, 1)) == "Asia/Shanghai"


def test_the_local_day_follows_the_participants_midnight() -> None:
    history = living_in("Asia/Shanghai")
    assert local_day(shanghai(DAY, 23, 59), history) == DAY
    assert local_day(shanghai(NEXT, 0), history) == NEXT
    assert next_diary_day(shanghai(DAY, 23, 59), history) == NEXT


def test_a_day_opens_in_the_evening_and_closes_at_noon() -> None:
    day = make_day()
    assert day.opens_at == shanghai(DAY, 18)
    assert day.midnight_at == shanghai(NEXT, 0)
    assert day.closes_at == day.regular_closes_at == shanghai(NEXT, 12)
    assert day.outage is False
    second = timedelta(seconds=1)
    assert day.phase(day.opens_at - second) is DayPhase.NOT_OPEN
    assert day.phase(day.opens_at) is DayPhase.OPEN
    assert day.phase(day.closes_at - second) is DayPhase.OPEN
    assert day.phase(day.closes_at) is DayPhase.CLOSED
    assert not day.is_late(day.midnight_at - second)
    assert day.is_late(day.midnight_at)


def test_an_earlier_check_in_closes_day_minus_one() -> None:
    day = make_day(checkin=shanghai(NEXT, 9, 10))
    assert day.closes_at == day.regular_closes_at == shanghai(NEXT, 9, 10)


def test_a_check_in_after_noon_does_not_keep_day_minus_one_open() -> None:
    assert make_day(checkin=shanghai(NEXT, 14)).closes_at == shanghai(NEXT, 12)


def test_a_check_in_before_the_opening_leaves_the_day_closed_throughout() -> None:
    day = make_day(checkin=shanghai(DAY, 9))
    assert day.phase(shanghai(DAY, 20)) is DayPhase.CLOSED
    assert not day.is_open(shanghai(DAY, 20))


@pytest.mark.parametrize(
    ("start", "end", "closes"),
    [
        # (day offset, hour, minute) of the outage, and of the closing that follows; None: no extension, no mark.
        ((0, 19, 0), (0, 19, 29), None),
        ((0, 19, 0), (0, 19, 30), (1, 12, 0)),
        ((0, 23, 0), (1, 9, 0), (1, 15, 0)),
        ((1, 11, 0), (1, 11, 45), (1, 17, 45)),
        ((1, 11, 50), (1, 12, 40), (1, 18, 40)),
        ((1, 12, 0), (1, 15, 0), None),
        ((0, 17, 0), (0, 18, 0), None),
        ((0, 16, 0), (0, 18, 1), (1, 12, 0)),
        ((0, 20, 0), (2, 7, 0), (2, 12, 0)),
        ((0, 20, 0), (2, 20, 0), (2, 12, 0)),
    ],
)
def test_an_outage_extends_the_day_it_took_time_from(
    start: tuple[int, int, int], end: tuple[int, int, int], closes: tuple[int, int, int] | None
) -> None:
    def at(moment: tuple[int, int, int]) -> datetime:
        return shanghai(DAY + timedelta(days=moment[0]), moment[1], moment[2])

    day = make_day(outages=[Outage(at(start), at(end))])
    assert day.outage is (closes is not None)
    assert day.closes_at == at(closes or (1, 12, 0))
    assert day.regular_closes_at == shanghai(NEXT, 12)


def test_an_outage_within_the_extension_extends_again() -> None:
    outages = [
        Outage(shanghai(NEXT, 14), shanghai(NEXT, 15)),
        Outage(shanghai(NEXT, 9), shanghai(NEXT, 10)),
    ]
    assert make_day(outages=outages).closes_at == shanghai(NEXT, 21)
    assert make_day(outages=outages[:1]).outage is False


def test_an_outage_after_submission_takes_nothing_away() -> None:
    outage = Outage(shanghai(DAY, 21), shanghai(NEXT, 9))
    assert make_day(outages=[outage], submitted_at=shanghai(DAY, 20, 30)).outage is False
    assert make_day(outages=[outage], submitted_at=shanghai(NEXT, 10)).outage is True


def test_check_in_closes_day_minus_one_even_after_an_outage() -> None:
    outage = Outage(shanghai(NEXT, 7), shanghai(NEXT, 8, 30))
    day = make_day(checkin=shanghai(NEXT, 9), outages=[outage])
    assert (day.closes_at, day.outage) == (shanghai(NEXT, 9), True)
    assert make_day(checkin=shanghai(NEXT, 14), outages=[outage]).closes_at == shanghai(NEXT, 14)


def test_a_day_keeps_its_own_zone_when_the_next_one_is_lived_elsewhere() -> None:
    history = zones((date(2025, 1, 1), "Asia/Shanghai"), (NEXT, "Europe/London"))
    day, following = make_day(history=history), make_day(NEXT, history=history)
    assert (day.tzid, day.next_tzid) == ("Asia/Shanghai", "Europe/London")
    assert day.closes_at == shanghai(NEXT, 12)
    assert following.opens_at == utc("2025-03-25T18:00")


def test_going_east_the_older_day_gives_way_to_the_next_one() -> None:
    history = zones((date(2025, 1, 1), "America/New_York"), (NEXT, "Asia/Shanghai"))
    day, following = make_day(history=history), make_day(NEXT, history=history)
    assert day.closes_at == following.opens_at == utc("2025-03-25T10:00")
