"""What the last check makes of a message: it goes out now with these words, later, or not at all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.messages.rendered import Rendered


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may go out now: what to do with which chat, and its words and buttons."""

    method: Literal["send", "edit"]
    address: int
    text: str
    rows: tuple[tuple[tuple[str, str], ...], ...]
    provider_msg_id: int | None = None
    card_id: int | None = None  # of which this is a fresh copy


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that must not go out, with its end state and the reason."""

    state: Literal["expired", "cancelled"]
    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """A message whose time has moved."""

    due_at: datetime


Prepared = Ready | Dropped | Later


def to_send(address: int, rendered: Rendered, *, card_id: int | None = None) -> Ready:
    """A new message with these words and buttons, a copy of a card or of none."""
    return Ready("send", address, rendered.text, _rows(rendered), card_id=card_id)


def to_edit(address: int, message_id: int | None, rendered: Rendered) -> Ready | Dropped:
    """These words and buttons in place of those of an older message, if there is one."""
    if message_id is None:
        return Dropped("cancelled", "no message to redraw")
    return Ready("edit", address, rendered.text, _rows(rendered), message_id)


def _rows(rendered: Rendered) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(tuple((button.label, button.data) for button in row) for row in rendered.rows)
