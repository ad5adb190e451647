"""A clinic for the tests of this room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.people.roles import Role
from tests.support.clinic import ClinicBench, Visitor, clinic_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with clinic_bench(tmp_path) as found:
        yield found


@pytest.fixture
def coordinator(bench: ClinicBench) -> Visitor:
    """A browser in which a coordinator of the own site is signed in."""
    return bench.signed_in(bench.add_staff(Role.COORDINATOR))
