"""The diary page of a participant who has no chat, on the first evening of a diary."""

from datetime import time
from pathlib import Path

from bot.actions.study import Study
from bot.people.keys import Keys
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.browser import serving
from tests.support.camera import PHONE, Camera
from tests.support.database import study_database
from tests.support.diary_page import diary_link, page_app
from tests.support.scene_phones import WORDS
from tests.support.world import FIRST_DAY, SHANGHAI, World

CODES = {"zh": "SH-001", "en": "SH-002"}


def photograph(folder: Path, camera: Camera) -> None:
    """The page from joining to the saved day, in both languages."""
    study = Study(load_protocol(seed_protocol_path()), Keys())
    with study_database(folder, inline=False) as database:
        world = World(database, study, instant(FIRST_DAY, time(20, 1), SHANGHAI))
        world.tick()
        with serving(page_app(world)) as base:
            for language, code in CODES.items():
                world.enrol(code, f"invitation-{language}", language=language)
                answer_a_day(world, camera, base, language, code)


def answer_a_day(world: World, camera: Camera, base: str, language: str, code: str) -> None:
    """Open the personal link, join, answer, save."""
    words, window = WORDS[language], camera.window(base, size=PHONE, language=language)
    page = window.new_page()

    def tap(label: str) -> None:
        with page.expect_navigation():
            page.get_by_role("button", name=label).first.click()

    page.goto(f"/diary/{diary_link(world, code)}")
    tap(words["language"])
    camera.take(page, f"page-join-{language}")
    tap(words["agree"])
    tap("20:00")
    tap(words["start"])
    camera.take(page, f"page-question-{language}")
    for label in ("4", "1 ", "1 "):
        tap(label)
    tap(words["submit"])
    camera.take(page, f"page-saved-{language}")
    window.close()
