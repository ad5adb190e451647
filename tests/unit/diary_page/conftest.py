"""A study world with its diary page, in the week before the first visit's diary."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.diary_page import Browser, Tab, browser, diary_link, page_app, walk_in
from tests.support.world import FIRST_DAY, World, study_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with study_world(tmp_path) as made:
        yield made


@pytest.fixture
def phone(world: World) -> Browser:
    """A browser whose owner has joined on the page and never had a chat."""
    world.enrol()
    found = browser(page_app(world))
    walk_in(found.follow(diary_link(world)))
    return found


@pytest.fixture
def evening(world: World, phone: Browser) -> Tab:
    """That browser's page at eight on the first diary day."""
    world.wait_for(FIRST_DAY, "20:00")
    return phone.tab()
