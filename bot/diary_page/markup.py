"""A rendered message as parts of a page: a head, a question, lines of text, and rows of buttons."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup

from bot.diary.card import Code, Tap, decode_tap
from bot.messages.lines import DOTS
from bot.messages.rendered import Button, Rendered, Rows, plain

Kind = Literal["heading", "strong", "dots", "saved", "text"]
Tone = Literal["primary", "plain", "quiet"]
BOLD_LINE: Final = re.compile(r"<b>[^<]*</b>")
PRIMARY: Final = frozenset({(Code.START, ""), (Code.SUBMIT, ""), (Code.NOTICE, "y")})
QUIET: Final = frozenset({Code.BACK, Code.DEFINITION})
TICK: Final = "✓"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: what part it plays, and its words, already escaped."""

    kind: Kind
    html: Markup


@dataclass(frozen=True, slots=True)
class PageButton:
    """One button: label, what it posts, how much it stands out, and its language where that is not the page's."""

    label: str
    data: str
    tone: Tone
    lang: str | None = None


def blocks_of(rendered: Rendered) -> tuple[tuple[Line, ...], ...]:
    """The paragraphs of a message; its question, or else its first line, is the page's heading."""
    paragraphs = [text.split("\n") for text in rendered.text.split("\n\n")]
    heading = _heading(paragraphs)
    return tuple(
        tuple(_line(words, is_heading=(at, 0) == heading and n == 0) for n, words in enumerate(lines))
        for at, lines in enumerate(paragraphs)
    )


def _heading(paragraphs: Sequence[Sequence[str]]) -> tuple[int, int]:
    bold = [at for at, lines in enumerate(paragraphs) if BOLD_LINE.fullmatch(lines[0])]
    return (bold[-1] if bold else 0), 0


def _line(words: str, *, is_heading: bool) -> Line:
    if is_heading:
        return Line("heading", Markup(re.sub(r"</?b>", "", words)))  # noqa: S704  # escaped when it was rendered
    if set(words) <= set(DOTS.values()):
        return Line("dots", Markup.escape(words))
    if plain(words).startswith(TICK):
        return Line("saved", Markup(words))  # noqa: S704  # as above
    kind: Kind = "strong" if BOLD_LINE.fullmatch(words) else "text"
    return Line(kind, Markup(words))  # noqa: S704  # as above


def dialled(text: str, phone: str) -> Markup:
    """A text (escaped unless it is markup already) whose phone number can be tapped and stays on one line."""
    number = Markup('<a class="phone" href="tel:{}">{}</a>').format(re.sub(r"[^+0-9]", "", phone), phone)
    return number.join(Markup.escape(text).split(Markup.escape(phone)))


def rows_of(rows: Rows) -> tuple[tuple[PageButton, ...], ...]:
    """The buttons as they lie in the chat."""
    return tuple(tuple(page_button(button) for button in row) for row in rows)


def page_button(button: Button) -> PageButton:
    """One button of the chat as one of the page."""
    tap = decode_tap(button.data)
    lang = {"en": "en", "zh": "zh-Hans"}.get(tap.value) if tap is not None and tap.code == Code.LANGUAGE else None
    return PageButton(button.label, button.data, _tone(tap), lang)


def _tone(tap: Tap | None) -> Tone:
    if tap is None:
        return "plain"
    if (tap.code, tap.value) in PRIMARY:
        return "primary"
    return "quiet" if tap.code in QUIET or (tap.code == Code.SNOOZE and not tap.value) else "plain"
