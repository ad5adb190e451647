"""A locked database and a disk that takes nothing: whoever taps is told, and the answers arrive by themselves."""

from pathlib import Path

from tests.faults.database_trouble import Figures, on_sqlite


def test_a_locked_database_and_a_disk_that_takes_nothing_lose_no_answer_over_http(tmp_path: Path) -> None:
    figures = Figures()
    on_sqlite(figures, tmp_path)
    assert figures.faults == []
    assert (figures.taps, figures.told, figures.pages) == (4, 2, 3)
