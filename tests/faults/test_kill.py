"""The short form of the kill torture; `python -m tests.faults.kill_torture` runs it at any length."""

import pytest

from tests.faults.kill_torture import torture

pytestmark = pytest.mark.torture


def test_nothing_acknowledged_is_lost_when_the_service_is_killed_at_any_moment() -> None:
    figures = torture(kills=3, seed=20, people=2)
    assert figures.faults == []
    assert figures.kills == 3
    assert figures.answers + figures.submissions >= 3
    assert figures.overlaps == 0
