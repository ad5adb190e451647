"""Sets the printed page: the same content gives the same bytes, and a character without a glyph is refused."""

import json
from functools import cache
from pathlib import Path

import typst

from bot.documents.draft_header import DraftHeader
from bot.documents.pdf.glyphs import FONTS, check_glyphs
from bot.documents.pdf.page import page_data, texts_of
from bot.documents.pdf.parts import NO_BACKGROUND, Anchor, Background, SignatureBlock
from bot.scoring.draft import Draft

TEMPLATE = Path(__file__).parent / "sheet.typ"


def render_pdf(
    draft: Draft,
    header: DraftHeader,
    language: str,
    *,
    signature: SignatureBlock | None = None,
    anchor: Anchor | None = None,
    background: Background = NO_BACKGROUND,
) -> bytes:
    """The draft, or with `signature` the signed CDAI, as a PDF of one A4 page; `language` is zh or en.

    The page carries no time of printing and the file no time of making. Raises InvalidInputError when a text holds
    a character that the page's fonts cannot show.
    """
    data = page_data(draft, header, language, signature=signature, anchor=anchor, background=background)
    for text in texts_of(data):
        check_glyphs(text)
    return set_page(json.dumps(data, ensure_ascii=False))


def set_page(data: str) -> bytes:
    """Compile the template with the page's data, given as one JSON document."""
    return typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=_fonts(),
        sys_inputs={"data": data},
        format="pdf",
    )


@cache
def _fonts() -> typst.Fonts:
    """Only the fonts that ship with the page, read once."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
