"""The diary page of a study world, and a phone browser without a browser: reads pages, posts their forms."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from bot.actions.make_diary_link import make_diary_link
from bot.diary_page.app import DiaryOptions, create_diary_page
from bot.people.actor import Origin, operator_actor
from bot.storage.participants import participant_by_code
from bot.storage.trail import Trail
from tests.support.world import World

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a library that the product does not use
    from starlette.testclient import TestClient

SECRET_KEY = "d" * 32
HOME = "/diary/"


class WorldClock:
    """The clock of a world, read anew each time."""

    shifted = False

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> Any:
        return self._world.now

    def system_now(self) -> Any:
        return self._world.system_now

    def monotonic(self) -> float:
        return self._world.system_now.timestamp()


def page_app(world: World, **options: Any) -> Starlette:
    """The page mounted as in service, on the world's database and clock; what it queues is sent at once."""
    given = DiaryOptions(secret_key=SECRET_KEY, after_act=world.deliver, **options)
    return Starlette(
        routes=[Mount("/diary", create_diary_page(world.db, lambda: world.study, WorldClock(world), given))]
    )


def diary_link(world: World, code: str = "SH-001") -> str:
    """A new personal link's token for a participant."""
    with world.db.write() as session:
        trail = Trail(session, world.now, operator_actor("test"), Origin.COMMAND, participant=code)
        return make_diary_link(trail, participant_by_code(session, code), study=world.study)


@dataclass
class Form:
    """One form of a page: where it goes, its fields, and its buttons by label."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # label, name, value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._button: tuple[str, str] | None = None
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given["action"])
            self.forms.append(self._open)
        elif self._open is not None and tag in ("input", "textarea", "select"):
            self._open.fields[given["name"]] = given.get("value", "")
        elif self._open is not None and tag == "button":
            self._button, self._label = (given.get("name", ""), given.get("value", "")), ""

    def handle_data(self, data: str) -> None:
        self._label += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "button" and self._open is not None and self._button is not None:
            self._open.buttons.append((self._label.strip(), *self._button))


def forms_of(html: str) -> list[Form]:
    reader = _Reader()
    reader.feed(html)
    return reader.forms


@dataclass
class Tab:
    """One tab of a phone browser: the page as it was last loaded, and what a person does with it."""

    client: TestClient
    html: str = ""
    status: int = 0

    def open(self, path: str = HOME) -> "Tab":
        return self._take(self.client.get(path))

    @property
    def text(self) -> str:
        """What can be read, tags and hidden fields left out."""
        main = re.search(r"<main>(.*)</main>", self.html, re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", main[1] if main else self.html))).strip()

    @property
    def labels(self) -> list[str]:
        """Every button of the main part, in order."""
        return [
            label
            for form in forms_of(self.html)
            for label, _name, _value in form.buttons
            if "/language" not in form.action
        ]

    def tap(self, label: str) -> "Tab":
        """Press the one button whose label is, or begins with, these words."""
        action, data = self.post_of(label)
        return self.post(action, data)

    def type(self, number: str) -> "Tab":
        form = next(form for form in forms_of(self.html) if "number" in form.fields)
        return self.post(form.action, {**form.fields, "number": number})

    def post_of(self, label: str) -> tuple[str, dict[str, str]]:
        """What pressing a button would post, for posts that come twice or too late."""
        for exact in (True, False):
            for form in forms_of(self.html):
                for text, name, value in form.buttons:
                    if text == label or (not exact and text.startswith(label)):
                        return form.action, {**form.fields, **({name: value} if name else {})}
        raise AssertionError(f"no button {label!r} among {[form.buttons for form in forms_of(self.html)]}")

    def post(self, action: str, data: dict[str, str], **options: Any) -> "Tab":
        return self._take(self.client.post(action, data=data, **options))

    def _take(self, response: Any) -> "Tab":
        self.html, self.status = response.text, response.status_code
        return self


@dataclass
class Browser:
    """A phone's browser with its cookies; its tabs share them."""

    client: TestClient

    def tab(self) -> Tab:
        return Tab(self.client).open()

    def follow(self, token: str) -> Tab:
        return Tab(self.client).open(f"/diary/{token}")


def browser(app: Starlette, **headers: str) -> Browser:
    return Browser(TestClient(app, base_url="http://127.0.0.1:8080", headers=headers))


def walk_in(tab: Tab, language: str = "English", hour: str = "20:00") -> Tab:
    """Join on the page."""
    tab.tap(language).tap("Agree" if language == "English" else "同意")
    return tab.tap(hour)


def labels_of(html: str) -> Iterator[str]:
    return (label for form in forms_of(html) for label, _name, _value in form.buttons)
