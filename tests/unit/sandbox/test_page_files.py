"""The files of the phone page: words in both languages, readable colours, nothing from elsewhere."""

import json
import re
from importlib import resources

import httpx
import pytest

from bot.sandbox.faults import FaultKind
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from schedules.clock import SystemClock

PAGE = resources.files("bot.sandbox.page")
NAMES = ["phone.css", "phone.js", "chat.js", "bubble.js", "panel.js", "text.js", "words.js", "words.json", "icon.svg"]
TEXT_PAIRS = [
    ("ink", "bubble"), ("ink", "mine"), ("ink", "page"), ("ink2", "surface"), ("ink2", "page"), ("ink3", "surface"),
    ("ink3", "bubble"), ("ink3", "mine"), ("ink3", "sunken"), ("accent", "bubble"), ("accent", "mine"),
    ("accent", "tint"), ("accent", "surface"), ("accent", "pressed"), ("on-accent", "accent"), ("on-pill", "pill"),
    ("problem", "surface"),
]  # fmt: skip
EDGE_PAIRS = [("linestrong", "surface"), ("linestrong", "page"), ("focus", "chat"), ("focus", "surface")]


def read(name):
    return PAGE.joinpath(name).read_text("utf-8")


def palettes():
    light, dark = re.findall(r":root \{(.*?)\}", read("phone.css"), re.DOTALL)
    return {name: dict(re.findall(r"--([\w-]+): (#\w+);", block)) for name, block in (("light", light), ("dark", dark))}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_edges_stand_out_enough_in_light_and_dark(scheme):
    colours = palettes()[scheme]

    assert {
        pair: contrast(*map(colours.get, pair)) for pair in TEXT_PAIRS if contrast(*map(colours.get, pair)) < 4.5
    } == {}
    assert {
        pair: contrast(*map(colours.get, pair)) for pair in EDGE_PAIRS if contrast(*map(colours.get, pair)) < 3
    } == {}


def test_both_languages_have_the_same_words_with_the_same_gaps():
    words = json.loads(read("words.json"))
    gaps = {
        language: {key: re.findall(r"{\w+}", text) for key, text in texts.items()} for language, texts in words.items()
    }

    assert gaps["en"] == gaps["zh"]
    chinese = {key: text for key, text in words["zh"].items() if not re.search(r"[一-鿿]", text)}
    assert chinese == {}


def test_every_word_the_page_asks_for_exists_and_no_other():
    words = set(json.loads(read("words.json"))["en"])
    sources = {name: read(name) for name in [*NAMES, "phone.html", "draft.html"] if name != "words.json"}
    used = {word for word in words if any(f'"{word}"' in text or f"words.{word} " in text for text in sources.values())}
    faults = {f"fault_{kind.value}" for kind in FaultKind}
    refusals = {"nothing_planned", "not_movable", "already_moving", "not_at_rest"}

    assert words == used | faults | refusals
    for text in sources.values():
        assert set(re.findall(r'(?:\.word|data-word=)\(?"(\w+)"', text)) <= words


def test_no_file_of_the_page_names_another_server_or_inlines_script_or_style():
    for name in [*NAMES, "phone.html", "draft.html"]:
        text = read(name).replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://\w|//cdn|@import", text), name
        assert not re.search(r"\sstyle=|<style|\son\w+=|innerHTML|eval\(", text), name


@pytest.fixture
async def http():
    app = create_app(BotApi("123456:sandbox-token", "diary_bot"), clock=SystemClock())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield http


async def test_the_page_and_its_files_are_served_under_a_strict_policy(http):
    for path in ["/", *(f"/page/{name}" for name in NAMES)]:
        answer = await http.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/page/phone.html", "/page/..%2fserver.py", "/phone/photo/x", "/draft/SH-001/W00"])
async def test_nothing_else_is_served(http, path):
    assert (await http.get(path)).status_code == 404


async def test_a_photo_of_the_bot_can_be_looked_at(http):
    api = BotApi("1:x", "b")
    api.state.photos["photo1"] = b"\x89PNG"
    app = create_app(api, clock=SystemClock())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.get("/phone/photo/photo1")
    assert (answer.headers["content-type"], answer.content) == ("image/png", b"\x89PNG")
