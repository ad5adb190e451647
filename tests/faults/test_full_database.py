"""A database that is full or read-only: whoever taps is told so, nothing acknowledged is lost, all is right after."""

import pytest

from tests.faults.database_trouble import PRAGMAS, Figures, laboratory


@pytest.mark.parametrize("name", PRAGMAS)
def test_while_nothing_can_be_stored_everybody_who_taps_is_told_so_and_all_is_right_after(name: str) -> None:
    figures = Figures()
    laboratory(name, figures)
    assert figures.faults == []
    assert figures.told > 0
