"""Registration of pages: no route without a permission, so that the table of roles covers every one."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.i18n import Message, clinic_text
from bot.people.roles import Permission, Role

if TYPE_CHECKING:
    from bot.clinic.call import Clinic, SignedInStaff

Handler = Callable[[Request, "SignedInStaff"], Response]
OpenHandler = Callable[[Request], Response]
Count = Callable[[Session, "SignedInStaff", "Clinic"], int]


class Nav(StrEnum):
    """The entries of the top bar, in their order."""

    MORNING = "morning"
    BOARD = "board"
    VISITS = "visits"
    DRAFTS = "drafts"
    INBOX = "inbox"
    STUDY = "study"
    AUDIT = "audit"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class NavEntry:
    """Where an entry leads and what it is called; it shows once a page is registered there and the role may see it."""

    path: str
    label: Message


NAV: Final = {
    Nav.MORNING: NavEntry("/morning", clinic_text("nav", "Morning list")),
    Nav.BOARD: NavEntry("/board", clinic_text("nav", "Board")),
    Nav.VISITS: NavEntry("/visits", clinic_text("nav", "Visits")),
    Nav.DRAFTS: NavEntry("/drafts", clinic_text("nav", "CDAI drafts")),
    Nav.INBOX: NavEntry("/inbox", clinic_text("nav", "Inbox")),
    Nav.STUDY: NavEntry("/study", clinic_text("nav", "Study table")),
    Nav.AUDIT: NavEntry("/audit", clinic_text("nav", "Audit trail")),
    Nav.STAFF: NavEntry("/staff", clinic_text("nav", "Accounts")),
}

# Where each role lands after signing in: the first of these that is served.
LANDING: Final[Mapping[Role, tuple[Nav, ...]]] = {
    Role.COORDINATOR: (Nav.MORNING, Nav.BOARD),
    Role.CLINICIAN: (Nav.DRAFTS, Nav.MORNING, Nav.BOARD),
    Role.DATA_MANAGER: (Nav.BOARD, Nav.AUDIT),
    Role.MONITOR: (Nav.BOARD, Nav.AUDIT),
    Role.ADMIN: (Nav.STAFF,),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One route: method, path below the mount point, the permission it asks (None: signed-out people too), handler."""

    method: str
    path: str
    may: Permission | None
    handler: Handler | OpenHandler
    nav: Nav | None = None
    fields: Mapping[str, Message] = field(default_factory=dict)


class Pages:
    """The routes of one module of `bot/clinic/pages/`."""

    def __init__(self) -> None:
        self.routes: list[Page] = []
        self.counts: dict[Nav, Count] = {}

    def get(self, path: str, *, may: Permission, nav: Nav | None = None) -> Callable[[Handler], Handler]:
        """Register a page that shows."""
        return self._add("GET", path, may, nav, {})

    def post(
        self, path: str, *, may: Permission, nav: Nav | None = None, fields: Mapping[str, Message] | None = None
    ) -> Callable[[Handler], Handler]:
        """Register a form's target; `fields` name its fields for the page that shows a kept form again."""
        return self._add("POST", path, may, nav, fields or {})

    def open(self, method: str, path: str) -> Callable[[OpenHandler], OpenHandler]:
        """Register a page for people who are not signed in; a POST still needs its CSRF token."""

        def register(handler: OpenHandler) -> OpenHandler:
            self.routes.append(Page(method, path, None, handler))
            return handler

        return register

    def count(self, nav: Nav) -> Callable[[Count], Count]:
        """Register the number that stands beside an entry of the top bar; it may be up to 15 s old."""

        def register(count: Count) -> Count:
            self.counts[nav] = count
            return count

        return register

    def _add(
        self, method: str, path: str, may: Permission, nav: Nav | None, fields: Mapping[str, Message]
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.routes.append(Page(method, path, may, handler, nav, fields))
            return handler

        return register


@cache
def all_pages() -> tuple[Pages, ...]:
    """The `pages` of every module in `bot/clinic/pages/`, by name of module."""
    package = importlib.import_module("bot.clinic.pages")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return tuple(module.pages for module in modules if hasattr(module, "pages"))


def all_routes() -> tuple[Page, ...]:
    """Every route of the clinic."""
    return tuple(route for pages in all_pages() for route in pages.routes)


def all_counts() -> dict[Nav, Count]:
    """The counts beside the entries of the top bar."""
    return {nav: count for pages in all_pages() for nav, count in pages.counts.items()}
