"""Which characters the printed page can show; everything else is refused where it is typed."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bot.errors import InvalidInputError

FONTS = Path(__file__).parent / "fonts"
RANGES_FILE = "characters.txt"


def check_glyphs(text: str) -> None:
    """Raise InvalidInputError, code `character_not_printable`, naming the first character without a glyph.

    For every text that a person types and a page may print: names, reasons, remarks. Line ends count as spaces.
    """
    for character in text:
        if character not in "\n\r\t" and not has_glyph(character):
            raise InvalidInputError(
                "The character %(character)s (U+%(point)s) cannot be printed: "
                "write it in another way, for example in Pinyin.",
                character=_shown(character),
                point=f"{ord(character):04X}",
                code="character_not_printable",
            )


def has_glyph(character: str) -> bool:
    """Say whether both weights of the page's fonts can show one character."""
    firsts, lasts = _ranges()
    place = bisect_right(firsts, ord(character)) - 1
    return place >= 0 and ord(character) <= lasts[place]


def write_ranges(path: Path, characters: Iterable[int]) -> None:
    """Write code points as lines of hexadecimal `first-last`, lowest first."""
    found: list[list[int]] = []
    for code in sorted(characters):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    path.write_text("".join(f"{first:04X}-{last:04X}\n" for first, last in found), encoding="ascii")


@cache
def _ranges() -> tuple[list[int], list[int]]:
    lines = (FONTS / RANGES_FILE).read_text(encoding="ascii").split()
    pairs = [line.partition("-") for line in lines]
    return [int(first, 16) for first, _, _ in pairs], [int(last, 16) for _, _, last in pairs]


def _shown(character: str) -> str:
    """The character itself, unless showing it would garble the sentence."""
    return f"“{character}”" if character.isprintable() else "that cannot be seen"
