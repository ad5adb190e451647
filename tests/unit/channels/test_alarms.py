"""Alarms: raised once, ended once, and never by a clock that was moved."""

import pytest

from bot.channels.alarms import Alarms, Signs
from bot.channels.metrics import REGISTRY


def shown(name: str) -> float | None:
    return REGISTRY.get_sample_value("cdai_alarm", {"name": name})


def test_an_update_that_waits_for_more_than_a_minute_raises_the_alarm_until_it_is_handled() -> None:
    alarms = Alarms()
    for at in (0.0, 30.0, 60.0):
        alarms.look(Signs(at=at, oldest=7))
        assert alarms.raised == set()
    alarms.look(Signs(at=61.0, oldest=7))
    assert alarms.raised == {"inbox_lag"}
    assert (shown("inbox_lag"), shown("no_leader")) == (1.0, 0.0)
    assert REGISTRY.get_sample_value("cdai_inbox_lag_seconds") == 61.0
    alarms.look(Signs(at=76.0, oldest=8))
    assert alarms.raised == set()
    assert shown("inbox_lag") == 0.0


def test_many_updates_that_come_and_go_are_no_lag() -> None:
    alarms = Alarms()
    for second in range(0, 300, 15):
        alarms.look(Signs(at=float(second), oldest=second))
    assert alarms.raised == set()


@pytest.mark.parametrize(("age", "raised"), [(119.0, set()), (121.0, {"poll_silent"}), (None, set())])
def test_two_minutes_without_a_poll_that_succeeds_are_too_long(age: float | None, raised: set[str]) -> None:
    alarms = Alarms()
    alarms.look(Signs(at=0.0, poll_age=age))
    assert alarms.raised == raised


@pytest.mark.parametrize(("age", "raised"), [(29.0, set()), (31.0, {"no_leader"}), (None, set())])
def test_somebody_must_lead(age: float | None, raised: set[str]) -> None:
    alarms = Alarms()
    alarms.look(Signs(at=0.0, lead_age=age))
    assert alarms.raised == raised


def test_an_alarm_is_logged_when_it_begins_and_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    from bot.log import set_up

    set_up()
    alarms = Alarms()
    for age in (200.0, 215.0, 1.0, 2.0):
        alarms.look(Signs(at=0.0, poll_age=age))
    said = "".join(capsys.readouterr())
    assert said.count('"event": "alarm"') == 1
    assert said.count('"event": "alarm_over"') == 1
