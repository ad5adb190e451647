import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schedules.clock import ShiftedClock, SystemClock, VirtualClock
from tests.unit.schedules.factories import T0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "study-clock"


def rested(clock: ShiftedClock) -> timedelta:
    """Read the offset as it is after the rest between two readings."""
    clock._read_at = None
    return clock.offset()


def test_the_system_clock_tells_aware_utc_and_is_not_shifted() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert abs(clock.now() - clock.system_now()) < timedelta(seconds=5)
    assert clock.shifted is False
    assert clock.monotonic() <= clock.monotonic()


def test_a_missing_study_clock_file_shifts_nothing(file: Path) -> None:
    clock = ShiftedClock(file)
    assert clock.offset() == timedelta(0)
    assert clock.problem is None
    assert clock.shifted is True


def test_the_offset_moves_study_time_and_never_security_time(file: Path) -> None:
    file.write_text("86400\n")
    clock = ShiftedClock(file)
    assert clock.now() - clock.system_now() > timedelta(hours=23, minutes=59)
    assert abs(clock.system_now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_file_is_read_again_although_size_and_time_stamp_are_the_same(file: Path) -> None:
    file.write_text("100")
    os.utime(file, (1, 1))
    clock = ShiftedClock(file)
    assert clock.offset() == timedelta(seconds=100)
    file.write_text("200")
    os.utime(file, (1, 1))
    assert rested(clock) == timedelta(seconds=200)


def test_within_half_a_second_the_file_is_not_read_again(file: Path) -> None:
    file.write_text("100")
    clock = ShiftedClock(file)
    clock.offset()
    clock._read_at = clock.monotonic() + 60
    file.write_text("200")
    assert clock.offset() == timedelta(seconds=100)


@pytest.mark.parametrize("bad", ["50", "", "-5", "1.5", "ten", "٣٠٠", "1e3", "9" * 13, "100 200"])
def test_a_smaller_or_malformed_value_is_ignored_and_described(file: Path, bad: str) -> None:
    file.write_text("100")
    clock = ShiftedClock(file)
    assert clock.offset() == timedelta(seconds=100)
    file.write_text(bad)
    assert rested(clock) == timedelta(seconds=100)
    assert clock.problem is not None
    assert "study clock file" in clock.problem
    file.write_text("101")
    assert rested(clock) == timedelta(seconds=101)
    assert clock.problem is None


def test_a_file_that_vanishes_does_not_turn_time_back(file: Path) -> None:
    file.write_text("100")
    clock = ShiftedClock(file)
    clock.offset()
    file.unlink()
    assert rested(clock) == timedelta(seconds=100)
    assert clock.problem is not None


def test_an_unreadable_file_is_described(file: Path) -> None:
    file.mkdir()
    clock = ShiftedClock(file)
    assert clock.offset() == timedelta(0)
    assert clock.problem is not None


def test_a_virtual_clock_moves_only_when_told() -> None:
    clock = VirtualClock(T0)
    assert (clock.now(), clock.system_now(), clock.monotonic(), clock.shifted) == (T0, T0, 0.0, False)
    clock.advance(timedelta(minutes=2))
    assert clock.now() == T0 + timedelta(minutes=2)
    assert clock.monotonic() == 120.0


def test_a_virtual_wall_clock_can_be_stepped_back_but_elapsed_time_cannot() -> None:
    clock = VirtualClock(T0)
    clock.set(T0 + timedelta(hours=1))
    clock.set(T0)
    assert clock.now() == T0
    assert clock.monotonic() == 3600.0
    with pytest.raises(ValueError, match="cannot be negative"):
        clock.advance(timedelta(seconds=-1))


def test_a_virtual_clock_refuses_an_instant_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(datetime(2025, 1, 1))  # noqa: DTZ001 - the point of the test
