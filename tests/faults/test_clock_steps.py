"""A day back and an hour ahead; `python -m tests.faults.clock_steps` makes every step."""

from datetime import timedelta

from tests.faults.clock_steps import sweep


def test_a_step_of_the_clock_sends_nothing_twice_and_stands_in_the_audit_trail() -> None:
    figures = sweep((timedelta(days=-1), timedelta(hours=1)))
    assert figures.faults == []
    assert figures.noted == 2
    assert figures.sent >= 6
