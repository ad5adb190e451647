"""A running site with one participant who has joined."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.joined import enrol_joined
from tests.support.live import ANN, Live, live_site
from tests.support.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """A process that has loaded the product, so that a start of the service costs no imports."""
    loaded = Nursery()
    yield loaded
    loaded.close()


@pytest.fixture
def site(tmp_path: Path, nursery: Nursery) -> Iterator[Live]:
    """A migrated site that has not been started."""
    with live_site(tmp_path, nursery=nursery) as live:
        yield live


@pytest.fixture
def joined(site: Live) -> Live:
    """A running site; Ann has joined in English."""
    invitation = site.enrol("SH-001", ANN, "en")
    site.run()
    site.ready()
    site.join(ANN, invitation, "en")
    return site


@pytest.fixture
def four(site: Live) -> Live:
    """A running site with four people who have joined and are asked at the same minute."""
    enrol_joined(site, range(ANN, ANN + 4))
    site.run()
    site.ready()
    return site
