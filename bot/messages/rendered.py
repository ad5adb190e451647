"""A rendered message: text with nothing but bold in it, and rows of buttons."""

import html
import re
from dataclasses import dataclass

from bot.diary.card import Tap, encode_tap


@dataclass(frozen=True)
class Button:
    """One inline button: its label and its data (at most 64 bytes)."""

    label: str
    data: str


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True)
class Rendered:
    """Text in Telegram's HTML subset (`<b>` alone, the rest escaped) and the buttons beneath it."""

    text: str
    rows: Rows = ()


def bold(text: str) -> str:
    """Set escaped text in bold."""
    return f"<b>{escape(text)}</b>"


def escape(text: str) -> str:
    """Escape `&`, `<` and `>` as the channel's HTML demands."""
    return html.escape(text, quote=False)


def plain(text: str) -> str:
    """Strip the markup again, as a lock screen does."""
    return html.unescape(re.sub(r"</?b>", "", text))


def button(label: str, key: str, revision: int, code: str, value: str = "") -> Button:
    """Make a button for a card or panel as it stands at `revision`."""
    return Button(label, encode_tap(Tap(key, code, value, revision)))


def stack(*buttons: Button | None) -> Rows:
    """Put each button on a row of its own; `None` is left out."""
    return tuple((one,) for one in buttons if one is not None)
