"""A study database for the tests of this room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.database import Database
from tests.support.database import study_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with study_database(tmp_path) as found:
        yield found
