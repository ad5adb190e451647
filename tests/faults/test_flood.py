"""One person floods the chat with messages: others are answered, and of strangers next to nothing is kept."""

from pathlib import Path

import pytest

from tests.faults.flood import KINDS, Kind, play


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: kind.name)
def test_a_flood_holds_nobody_up_and_leaves_little_behind(tmp_path: Path, kind: Kind) -> None:
    figures = play(tmp_path, kind, seconds=3, rate=167, people=4)
    assert figures.sent > 200
    assert figures.faults == [], figures.sentence()
