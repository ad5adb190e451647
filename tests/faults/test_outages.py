"""Outages in the middle of an evening; `python -m tests.faults.outages` runs every length in both ways."""

from datetime import timedelta

import pytest

from tests.faults.outages import sweep


@pytest.mark.parametrize(("length", "killed"), [(timedelta(hours=23, minutes=50), True), (timedelta(minutes=1), False)])
def test_an_outage_loses_no_typed_answer_no_day_and_doubles_no_reminder(length: timedelta, killed: bool) -> None:
    figures = sweep((length,), (killed,))
    assert figures.faults == []
    assert figures.texts == 1
    assert figures.taps_gone == (length > timedelta(seconds=150))
    assert figures.rows >= 30
