"""Cuts the fonts of the printed page out of Noto Sans CJK SC and Inter: `python -m bot.documents.pdf.make_font`.

For developers: needs fontTools 4.68 and Debian's fonts-noto-cjk and fonts-inter; the result is committed. Han
characters are all of GB 2312 and those of the Table of General Standard Chinese Characters (2013, 8,105 characters,
many of them used in names) that lie beyond it, listed in `fonts/beyond_gb2312.txt`. Both families are renamed,
so that a page never mixes them up with fonts installed on a machine.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped,import-not-found,unused-ignore]
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped,import-not-found,unused-ignore]

from bot.documents.pdf.glyphs import FONTS, RANGES_FILE, write_ranges

HAN, LATIN = "Sheet Han", "Sheet Latin"
SIMPLIFIED_CHINESE = "Noto Sans CJK SC"
WINDOWS = 3  # the platform whose character tables every reader knows
WEIGHTS = {"Regular": 400, "SemiBold": 600}
HAN_FILES = {"Regular": "NotoSansCJK-Regular.ttc", "SemiBold": "NotoSansCJK-Bold.ttc"}
LATIN_FILES = {"Regular": "Inter-Regular.otf", "SemiBold": "Inter-SemiBold.otf"}
# Latin with its accents, Greek, Cyrillic, punctuation, currency, letter-like signs, arrows, mathematics, shapes.
LATIN_BLOCKS = ((0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x52F), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x205E))
LATIN_SIGNS = (
    (0x2070, 0x209F),
    (0x20A0, 0x20BF),
    (0x2100, 0x218F),
    (0x2190, 0x21FF),
    (0x2200, 0x22FF),
    (0x25A0, 0x25FF),
    (0x2713, 0x2717),
)
# The Han font brings full-width forms and its own dashes, quotes and dots; other scripts come from the Latin font.
HAN_BLOCKS = ((0xB7, 0xB7), (0x2010, 0x2027), (0x2460, 0x2473), (0x3000, 0x301F), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6))


def main() -> None:
    """Write the four font files and the list of characters that both weights can print."""
    asked = argparse.ArgumentParser(description="Cut the fonts of the printed page.")
    asked.add_argument("--noto", type=Path, default=Path("/usr/share/fonts/opentype/noto"))
    asked.add_argument("--inter", type=Path, default=Path("/usr/share/fonts/opentype/inter"))
    given = asked.parse_args()
    cut = [*_han(given.noto), *_latin(given.inter)]
    covered = [_covered(path) for path in cut]
    write_ranges(FONTS / RANGES_FILE, (covered[0] & covered[1]) | (covered[2] & covered[3]))


def _han(folder: Path) -> Iterator[Path]:
    wanted = {*_gb2312(), *_beyond(), *_blocks(HAN_BLOCKS)}
    for weight, name in HAN_FILES.items():
        fonts = TTCollection(folder / name).fonts
        font = next(font for font in fonts if font["name"].getDebugName(1).startswith(SIMPLIFIED_CHINESE))
        yield _cut(font, wanted, HAN, weight, features=())


def _latin(folder: Path) -> Iterator[Path]:
    wanted = set(_blocks((*LATIN_BLOCKS, *LATIN_SIGNS)))
    for weight, name in LATIN_FILES.items():
        features = ("kern", "tnum")
        yield _cut(TTFont(folder / name), wanted, LATIN, weight, features=features)


def _cut(font: TTFont, wanted: Iterable[int], family: str, weight: str, *, features: tuple[str, ...]) -> Path:
    options = subset.Options(
        layout_features=list(features), hinting=False, name_IDs=[0, 1, 2, 4, 6, 7, 13, 14], notdef_outline=True
    )
    options.drop_tables += ["DSIG", "VORG", "vhea", "vmtx", "BASE"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=list(wanted))
    cutter.subset(font)
    _rename(font, family, weight)
    best = max((table for table in font["cmap"].tables if table.platformID == WINDOWS), key=lambda table: table.format)
    font["cmap"].tables = [best]
    font["head"].modified = font["head"].created  # the same bytes on every run
    path = FONTS / f"{family.replace(' ', '')}-{weight}.otf"
    font.recalcTimestamp = False
    font.save(path)
    return path


def _rename(font: TTFont, family: str, weight: str) -> None:
    """Names 1, 2, 4, 6, 16 and 17; the copyright, trademark and licence lines stay as they are."""
    file_name = f"{family.replace(' ', '')}-{weight}"
    named = {1: f"{family} {weight}", 2: "Regular", 4: f"{family} {weight}", 6: file_name, 16: family, 17: weight}
    for name_id, text in named.items():
        font["name"].removeNames(nameID=name_id)
        font["name"].setName(text, name_id, WINDOWS, 1, 0x409)
    font["OS/2"].usWeightClass = WEIGHTS[weight]
    outlines = font["CFF "].cff
    outlines.fontNames[0] = file_name
    outlines[0].FullName, outlines[0].FamilyName = named[4], family


def _gb2312() -> Iterator[int]:
    """Every Han character of the standard: level 1 is rows 16 to 55, level 2 rows 56 to 87."""
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield ord(bytes((row, cell)).decode("gb2312"))
            except UnicodeDecodeError:
                continue


def _beyond() -> Iterator[int]:
    text = (FONTS / "beyond_gb2312.txt").read_text(encoding="utf-8")
    return (ord(character) for character in text if not character.isspace())


def _blocks(blocks: Iterable[tuple[int, int]]) -> Iterator[int]:
    for first, last in blocks:
        yield from range(first, last + 1)


def _covered(path: Path) -> set[int]:
    return set(TTFont(path).getBestCmap())


if __name__ == "__main__":
    main()
