"""The colours of the sheet keep their contrast: text 4.5 and more, glyphs and edges 3 and more (WCAG 2.2)."""

import re

import pytest

from bot.clinic.app import STATIC

SHEET = (STATIC / "clinic.css").read_text(encoding="utf-8")
TEXT = (
    "ink",
    "ink2",
    "ink3",
    "accent",
    "entered",
    "late",
    "corrected",
    "missed",
    "excluded",
    "outage",
    "open",
    "focus",
)
GROUNDS = ("page", "surface", "sunken")
TOKEN = re.compile(r"--(\w+): (#[0-9A-F]{6})")


def tokens(scheme: str) -> dict[str, str]:
    """The tokens of the first (light) or second (dark) block of the sheet."""
    light, dark = (dict(TOKEN.findall(block)) for block in re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)[:2])
    return light if scheme == "light" else dark


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *((name, ground, 4.5) for name in TEXT for ground in GROUNDS),
    *(("linestrong", ground, 3.0) for ground in GROUNDS),
    *(("notyet", ground, 3.0) for ground in GROUNDS),
    ("onaccent", "accent", 4.5),
    ("accent", "accenttint", 4.5),
    ("ink", "accenttint", 4.5),
    ("open", "opentint", 4.5),
    ("ink", "opentint", 4.5),
    *(("ink", f"band{number}", 4.5) for number in range(1, 5)),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_every_pair_of_colours_can_be_told_apart(scheme: str, front: str, ground: str, least: float) -> None:
    found = tokens(scheme)
    assert ratio(found[front], found[ground]) >= least


def test_both_schemes_define_the_same_tokens() -> None:
    assert tokens("light").keys() == tokens("dark").keys()
    assert len(tokens("light")) == 25


@pytest.mark.parametrize(
    ("scheme", "front", "ground", "stated"),
    [
        ("light", "ink", "surface", 16.4),
        ("light", "ink3", "sunken", 4.7),
        ("light", "open", "opentint", 5.1),
        ("dark", "accent", "surface", 8.4),
        ("dark", "notyet", "sunken", 3.5),
        ("dark", "ink", "band4", 7.1),
    ],
)
def test_the_ratios_are_those_that_were_stated(scheme: str, front: str, ground: str, stated: float) -> None:
    found = tokens(scheme)
    assert round(ratio(found[front], found[ground]), 1) == stated


def test_colours_stand_only_in_the_tokens() -> None:
    body = SHEET.split("/* Ground */")[1].split("@media print")[0]
    assert re.findall(r"#[0-9A-Fa-f]{3,6}\b", body) == ["#FFFFFF"]  # a QR code is black on white in any scheme
