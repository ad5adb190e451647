"""A disk that is really full, and a server that turns read-only, under the running service."""

from pathlib import Path

import pytest

from tests.faults.database_trouble import Figures
from tests.faults.full_disk import cannot_mount, on_a_full_disk, on_a_read_only_server, start_on_a_read_only_disk
from tests.support.postgres import require_postgres


@pytest.fixture
def disks() -> None:
    if reason := cannot_mount():
        pytest.skip(reason)


@pytest.mark.usefixtures("disks")
def test_on_a_full_disk_nobody_is_told_saved_and_all_that_was_heard_is_saved_once_there_is_room(tmp_path: Path) -> None:
    figures = Figures()
    on_a_full_disk(figures, tmp_path)
    assert figures.faults == []
    assert (figures.taps, figures.told, figures.pages) == (3, 2, 3)


@pytest.mark.usefixtures("disks")
def test_a_start_where_nothing_can_be_written_is_refused_with_a_sentence(tmp_path: Path) -> None:
    code, sentence = start_on_a_read_only_disk(tmp_path)
    assert code == 1
    assert "Read-only file system" in sentence
    assert sentence.endswith("check the path and your rights there.")


@pytest.mark.postgres
def test_a_server_that_turns_read_only_is_named_and_waited_out(tmp_path: Path) -> None:
    require_postgres()
    figures = Figures()
    on_a_read_only_server(figures, tmp_path)
    assert figures.faults == []
    assert (figures.taps, figures.told) == (1, 1)
