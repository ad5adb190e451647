"""The clinician's pages on the Tuesday of the drafts: the list, a draft with gaps, a complete one, its signature."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from bot.people.roles import Role
from tests.support.browser import serving
from tests.support.camera import Camera
from tests.support.clinic import PASSWORD
from tests.support.draft_seed import draft_bench
from tests.support.scene_clinic import Desk


@contextmanager
def desk(folder: Path, camera: Camera) -> Iterator[Desk]:
    """The clinic of those drafts, served."""
    with draft_bench(folder, demonstration=True) as bench, serving(bench.app) as base:
        yield Desk(bench, camera, base)


def photograph(folder: Path, camera: Camera) -> None:
    """Every picture of the clinician's work."""
    with desk(folder, camera) as here:
        here.take("drafts", "/drafts", role=Role.CLINICIAN)
        here.take("draft", "/drafts/SH-012/W12", role=Role.CLINICIAN)
        here.take("draft-ready", "/drafts/SH-013/W08", role=Role.CLINICIAN)
        here.take("sign", "/drafts/SH-013/W08/sign", role=Role.CLINICIAN, first=show_the_form)
        here.take("study", "/study", role=Role.CLINICIAN)
        here.take("completeness", "/study/completeness", role=Role.DATA_MANAGER)
    for language in ("en", "zh"):
        (folder / language).mkdir()
        with desk(folder / language, camera) as here:
            sign(here, language)


def show_the_form(page: Page) -> None:
    """Scroll down to where the signature is given."""
    page.locator("#sign-title").evaluate("title => scrollTo(0, title.getBoundingClientRect().top + scrollY - 300)")


def sign(here: Desk, language: str) -> None:
    """Sign a draft as its clinician does, and show what the page says then."""
    window = here.sit_down(Role.CLINICIAN, language)
    page, name = window.new_page(), here.names[Role.CLINICIAN, language]
    page.goto("/clinic/drafts/SH-013/W08/sign")
    page.locator("[name=confirm_password]").fill(PASSWORD)
    page.locator("[name=confirm_code]").fill(here.bench.code(name))
    with page.expect_navigation():
        page.locator(".sign-panel button.primary").click()
    here.camera.take(page, f"signed-{language}")
    window.close()
