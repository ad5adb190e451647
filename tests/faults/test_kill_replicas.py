"""The short form of killing replicas; `python -m tests.faults.kill_replicas` runs it at any length."""

import pytest

from tests.faults.kill_replicas import torture
from tests.support.postgres import require_postgres

pytestmark = [pytest.mark.torture, pytest.mark.postgres]


def test_nothing_acknowledged_is_lost_when_one_of_two_replicas_is_killed_at_any_moment() -> None:
    require_postgres()
    figures = torture(kills=2, seed=4, people=2)
    assert figures.faults == []
    assert figures.kills == 2
    assert figures.answers + figures.submissions >= 2
