"""Back after a silence: cards are redrawn in place, and a new message comes only where the rules allow one."""

from datetime import timedelta

import pytest

from bot.storage.tables import MessageRow
from tests.stories.test_reminders import NEXT_DAY, before_first_day
from tests.support.world import FIRST_DAY, Phone, World


def begun(world: World, at: str, *, next_day: bool = True) -> tuple[Phone, int]:
    """Somebody who has answered one question at this time; and how many messages they had got by then."""
    phone, _since = before_first_day(world)
    world.wait_for(NEXT_DAY if next_day else FIRST_DAY, at)
    phone.command("today")
    phone.tap("Start")
    phone.tap("3")
    return phone, len(phone.arrivals)


def be_away(world: World, **length: float) -> None:
    world.be_away_until(world.now + timedelta(**length))


def outages(world: World) -> list[MessageRow]:
    return [row for row in world.rows(MessageRow) if row.kind == "outage"]


@pytest.mark.parametrize(("seconds", "redrawn"), [(140, False), (151, True), (1200, True)])
def test_only_after_more_than_150_seconds_taps_can_have_been_lost(world: World, seconds: int, redrawn: bool) -> None:
    phone, _count = begun(world, "09:20")
    be_away(world, seconds=seconds)
    assert ("We were away" in f"{[bubble.text for bubble in phone.bubbles]}") is redrawn


def test_whoever_was_in_the_middle_gets_one_new_message_a_day(world: World) -> None:
    phone, count = begun(world, "09:20")
    be_away(world, minutes=4)
    assert [kind for _at, kind, _text in phone.arrivals[count:]] == ["outage"]
    phone.tap("Start")
    phone.tap("1 Mild")
    be_away(world, minutes=4)
    assert len(outages(world)) == 1


def test_whoever_had_laid_the_card_aside_gets_no_new_message(world: World) -> None:
    phone, count = begun(world, "09:20")
    world.wait(minutes=15)
    be_away(world, minutes=4)
    assert "We were away" in phone.last.text
    assert len(phone.arrivals) == count


@pytest.mark.parametrize(("at", "next_day"), [("20:45", False), ("07:10", True)])
def test_no_new_message_within_an_hour_of_a_reminder(world: World, at: str, next_day: bool) -> None:
    begun(world, at, next_day=next_day)
    be_away(world, minutes=4)
    assert outages(world) == []


@pytest.mark.parametrize(("at", "next_day"), [("23:30", False), ("06:30", True)])
def test_no_new_message_in_quiet_hours(world: World, at: str, next_day: bool) -> None:
    phone, count = begun(world, at, next_day=next_day)
    be_away(world, minutes=4)
    assert outages(world) == []
    assert "We were away" in phone.last.text
    assert len(phone.arrivals) == count


def test_no_new_message_to_somebody_who_has_stopped(world: World) -> None:
    phone, _count = begun(world, "09:20")
    phone.command("stop")
    phone.tap("Stop")
    be_away(world, minutes=4)
    assert outages(world) == []


def test_a_saved_card_is_left_as_it_is(world: World) -> None:
    phone, _count = begun(world, "09:20")
    for label in ("1 Mild", "1 Slightly", "Submit"):
        phone.tap(label)
    be_away(world, minutes=4)
    assert "We were away" not in phone.last.text
    assert outages(world) == []
