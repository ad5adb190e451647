"""No text of ours lacks a glyph, and a text that a person types is refused at the first character that has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.documents.pdf.glyphs import FONTS, check_glyphs, has_glyph
from bot.errors import InvalidInputError

ROOT = Path(__file__).parents[3]
CATALOGUES = sorted((ROOT / "locales").rglob("*.po"))
PROTOCOLS = sorted((ROOT / "schedules" / "protocols").glob("*.toml"))
FOUR_MEGABYTES = 4_000_000


def wordings(path: Path) -> Iterator[str]:
    """Every English sentence and its wording, plural forms one by one."""
    with path.open("rb") as file:
        for message in read_po(file):
            for said in (message.id, message.string):
                yield from (said,) if isinstance(said, str) else said


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_sentence_of_both_languages_can_be_printed(path: Path) -> None:
    found = list(wordings(path))
    assert len(found) > 10
    for wording in found:
        check_glyphs(wording)


@pytest.mark.parametrize("path", PROTOCOLS, ids=lambda path: path.stem)
def test_every_text_of_a_protocol_can_be_printed(path: Path) -> None:
    check_glyphs(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "王玥、李喆、陈堃、赵翀、刘犇",
        "Müller, Łukasz, Nguyễn Thị, Ægir",
        "65.38 ≤ x ≥ 3 − 2 × 4 ÷ 5 → °C ℃",
        "“本人”——（已审核）…",
    ],
)
def test_names_beyond_gb_2312_accents_and_signs_can_be_printed(text: str) -> None:
    check_glyphs(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [("张三🎈", "“🎈” (U+1F388)"), ("김민", "“김” (U+AE40)"), ("李\u200b", "cannot be seen (U+200B)")],
)
def test_the_first_character_without_a_glyph_is_named(text: str, named: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be printed") as refused:
        check_glyphs(text)
    assert named in str(refused.value)
    assert refused.value.code == "character_not_printable"


def test_gb_2312_is_complete() -> None:
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    hanzi = [character for pair in rows if (character := pair.decode("gb2312", errors="ignore"))]
    assert len(hanzi) == 6763
    assert [character for character in hanzi if not has_glyph(character)] == []


def test_the_fonts_ship_with_their_licence_in_at_most_four_megabytes() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in FONTS.glob("*.otf")) < FOUR_MEGABYTES


def test_both_weights_have_every_character_that_is_allowed() -> None:
    """Read from the font files themselves, by the tool that cut them."""
    fonts = pytest.importorskip("fontTools.ttLib", reason="fontTools reads the character tables; it is not installed")
    covered = {path.stem: set(fonts.TTFont(path).getBestCmap()) for path in FONTS.glob("*.otf")}
    assert set(covered) == {"SheetHan-Regular", "SheetHan-SemiBold", "SheetLatin-Regular", "SheetLatin-SemiBold"}
    for weight in ("Regular", "SemiBold"):
        both = covered[f"SheetHan-{weight}"] | covered[f"SheetLatin-{weight}"]
        allowed = {code for code in range(0x20, 0x32000) if has_glyph(chr(code))}
        assert allowed <= both
        assert len(allowed) > 8500
