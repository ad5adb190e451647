"""After a restart of the database work goes on by itself; `python -m tests.faults.recovery` measures more of it."""

import pytest

from tests.faults.recovery import AFTER_RESTART, Figures, measure_restarts
from tests.support.postgres import require_postgres

pytestmark = pytest.mark.postgres


def test_work_goes_on_within_five_seconds_of_the_databases_return_and_nothing_is_lost() -> None:
    require_postgres()
    figures = Figures()
    measure_restarts(2, figures)
    assert len(figures.restarts) == 2
    assert max(figures.restarts) <= AFTER_RESTART
    assert (figures.lost, figures.doubled) == (0, 0)
