"""The clinic's pages on the Tuesday morning that the tests know, as each role meets them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from bot.people.roles import Role
from tests.support.browser import serving
from tests.support.camera import DESK, PHONE, Camera
from tests.support.clinic import ClinicBench
from tests.support.clinic_seed import seeded_clinic

Deed = Callable[[Page], object]


@dataclass
class Desk:
    """The clinic as served, with one account for each role and language."""

    bench: ClinicBench
    camera: Camera
    base: str
    names: dict[tuple[Role, str], str] = field(default_factory=dict)

    def sit_down(
        self, role: Role, language: str, *, size: tuple[int, int] = DESK, scheme: str = "light"
    ) -> BrowserContext:
        """A browser in which somebody of this role is signed in."""
        key = (role, language)
        if key not in self.names:
            number = len(self.names) + 1
            title = "Investigator" if role is Role.CLINICIAN else role.value.replace("_", " ").capitalize()
            self.names[key] = self.bench.add_staff(role, name=f"{title} {number:02d}", language=language)
        token = self.bench.browser_of(self.names[key]).client.cookies["clinic"]
        window = self.camera.window(self.base, size=size, language=language, scheme=scheme)
        window.add_cookies([{"name": "clinic", "value": token, "url": self.base}])
        return window

    def take(
        self, name: str, path: str, *, role: Role = Role.COORDINATOR, size: tuple[int, int] = DESK,
        scheme: str = "light", first: Deed = lambda _page: None, until: str | None = None,
    ) -> None:  # fmt: skip
        """A picture of one page in both languages, after something was done on it."""
        for language in ("en", "zh"):
            window = self.sit_down(role, language, size=size, scheme=scheme)
            page = window.new_page()
            answer = page.goto(f"/clinic{path}")
            assert answer is not None
            assert answer.status == 200, f"{path}: {answer.status}"
            first(page)
            self.camera.take(page, f"{name}-{language}", until=until)
            window.close()


@contextmanager
def desk(folder: Path, camera: Camera) -> Iterator[Desk]:
    """The clinic of that morning, served."""
    with seeded_clinic(folder, demonstration=True) as bench, serving(bench.app) as base:
        yield Desk(bench, camera, base)


def photograph(folder: Path, camera: Camera) -> None:
    """Every picture of the site's work."""
    with desk(folder, camera) as here:
        here.take("morning", "/morning")
        here.take("morning-phone", "/morning", size=PHONE)
        here.take("board", "/board")
        here.take("board-dark", "/board", scheme="dark")
        here.take("participant", "/participants/SH-004")
        here.take("enter", "/participants/SH-001/days/2026-06-08")
        here.take("move", "/participants/SH-006?visit=W08&to=2026-06-12")
        here.take("prepare", "/participants/SH-016/visits/W00/preparation")
        here.take("invitation", "/participants/SH-027/invitation", first=print_an_invitation)
        here.take("manage", "/participants/SH-027/manage")
        here.take("inbox", "/inbox")


def print_an_invitation(page: Page) -> None:
    """Make the card that the participant takes home."""
    with page.expect_navigation():
        page.locator("main form button").last.click()
