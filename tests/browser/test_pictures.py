"""The pictures in `docs/` show the pages as they are: every page is opened again and its hash compared."""

import os
import struct

import pytest

from tests.support.camera import PHONE, Shot
from tests.support.pictures import COMMAND, FOLDER, kept, look_at_all

pytestmark = pytest.mark.browser
LARGEST, ALL_TOGETHER = 150_000, 6_000_000  # bytes


@pytest.fixture(scope="module")
def shots() -> dict[str, Shot]:
    """Every page of a picture as it is now, without taking the picture.

    Opening them all takes minutes, so it is asked for by name: TEST_REQUIRE=pictures.
    """
    if "pictures" not in os.environ.get("TEST_REQUIRE", ""):
        pytest.skip("pages are compared with their pictures when TEST_REQUIRE names pictures")
    return look_at_all(film=False)


def test_every_picture_shows_its_page_as_it_is_now(shots: dict[str, Shot]) -> None:
    stored = kept()
    changed = [name for name, shot in shots.items() if name in stored and shot.page_hash != stored[name]["page"]]
    assert changed == [], f"these pages have changed since their pictures were taken: retake them with `{COMMAND}`"


def test_no_picture_is_missing_and_none_is_left_over(shots: dict[str, Shot]) -> None:
    assert sorted(kept()) == sorted(shots), f"retake the pictures with `{COMMAND}`"
    assert sorted(file.stem for file in FOLDER.glob("*.png")) == sorted(shots)


@pytest.mark.parametrize("name", sorted(kept()))
def test_a_picture_is_small_has_the_size_of_its_page_and_exists_in_both_languages(name: str) -> None:
    content, entry = (FOLDER / f"{name}.png").read_bytes(), kept()[name]
    width, height, depth, kind = struct.unpack(">IIBB", content[16:26])
    fineness = round(width / entry["width"])
    assert len(content) < LARGEST
    assert (depth, kind) == (8, 3), "not a palette picture"
    assert fineness == (2 if entry["width"] <= PHONE[0] else 1)
    assert abs(height - entry["height"] * fineness) <= fineness
    assert {f"{name[:-3]}-en", f"{name[:-3]}-zh"} <= set(kept())


def test_all_pictures_together_stay_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.png")) < ALL_TOGETHER
