"""PostgreSQL goes away in the middle of a transaction: whoever taps is told, and the answer arrives by itself."""

from pathlib import Path

import pytest

from tests.faults.database_trouble import Figures, on_postgres
from tests.support.postgres import require_postgres

pytestmark = pytest.mark.postgres


def test_a_server_that_crashes_in_the_middle_of_a_transaction_loses_no_answer(tmp_path: Path) -> None:
    require_postgres()
    figures = Figures()
    on_postgres(figures, tmp_path)
    assert figures.faults == []
    assert (figures.taps, figures.told) == (2, 2)
