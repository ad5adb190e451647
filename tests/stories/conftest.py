"""Each story begins in the week before the first visit's diary."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import World, study_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with study_world(tmp_path) as made:
        yield made
