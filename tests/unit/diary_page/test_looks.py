"""The page's words, colours and headers: complete in both languages, legible in light and dark, kept by nobody."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.diary_page import words
from bot.diary_page.app import STATIC
from bot.diary_page.words import HTML_LANG, Say
from bot.i18n import FOLDERS, Message, catalogue_path
from bot.messages.discreet import TELLING_WORDS
from tests.support.diary_page import Browser, Tab
from tests.support.world import World

SHEET = (STATIC / "diary.css").read_text(encoding="utf-8")
TOKEN = re.compile(r"--(\w+): (#[0-9A-F]{6})")
MESSAGES = [value for value in vars(words).values() if isinstance(value, Message)]


@pytest.mark.parametrize("language", HTML_LANG)
def test_a_catalogue_holds_exactly_what_the_page_says(language: str) -> None:
    with catalogue_path("diary_page", language).open("rb") as file:
        held = {
            (entry.context, entry.id): entry.string for entry in read_po(file, locale=FOLDERS[language]) if entry.id
        }
    assert set(held) == {(message.context, message.english) for message in MESSAGES}
    if language == "en":
        assert all(english == wording for (_context, english), wording in held.items())


def test_every_sentence_is_a_constant_of_the_room() -> None:
    calls = [
        path.name
        for path in Path(words.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "page_text"
    ]
    assert calls == ["words.py"] * len(MESSAGES)


@pytest.mark.parametrize("language", HTML_LANG)
def test_title_and_shut_door_tell_nothing(language: str) -> None:
    for message in (words.TITLE, words.SHUT, words.UNAVAILABLE, words.NOTICE_HEAD):
        assert not TELLING_WORDS.search(Say(language)(message))


def tokens(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)[:2]
    return dict(TOKEN.findall(blocks[0 if scheme == "light" else 1]))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "ground", "least"),
    [
        *((name, ground, 4.5) for name in ("ink", "ink2", "accent") for ground in ("page", "surface", "sunken")),
        ("ink", "accenttint", 4.5),
        ("accent", "accenttint", 4.5),
        ("onaccent", "accent", 4.5),
        ("ink", "opentint", 4.5),
        ("open", "surface", 4.5),
        ("page", "ink", 4.5),
        ("linestrong", "page", 3.0),
        ("linestrong", "surface", 3.0),
        ("focus", "page", 3.0),
        ("focus", "surface", 3.0),
    ],
)
def test_every_pair_of_colours_can_be_told_apart(scheme: str, front: str, ground: str, least: float) -> None:
    found = tokens(scheme)
    assert ratio(found[front], found[ground]) >= least


def test_colours_stand_only_in_the_tokens() -> None:
    assert re.findall(r"#[0-9A-Fa-f]{3,6}\b", SHEET.split("/* Ground */")[1]) == []


def test_no_page_is_kept_indexed_framed_or_referred(world: World, phone: Browser, evening: Tab) -> None:
    for path in ("/diary/", "/diary/more", "/diary/stop", "/diary/unknown"):
        headers = phone.client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    assert "max-age" in phone.client.get("/diary/static/diary.css").headers["cache-control"]


def test_no_page_needs_inline_script_or_style(phone: Browser, evening: Tab) -> None:
    for path in ("/diary/", "/diary/more", "/diary/stop", "/diary/unknown"):
        html = phone.client.get(path).text
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html)
