"""What can come in from a participant, in words of no particular channel."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button was tapped: its data as sent (never trusted), and the message it stood under."""

    data: str
    callback_id: str
    message_id: int | None


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that is no command."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command without its slash, and what followed it."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Edited:
    """An earlier text was edited; nothing stored changes."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture, voice note, sticker or the like; never downloaded."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The participant blocked the bot."""


@dataclass(frozen=True, slots=True)
class Unblocked:
    """The participant unblocked the bot."""


Body = Tapped | Typed | Command | Edited | Attachment | Blocked | Unblocked


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update: `reference` is unique (`u<update_id>`), `address` is the private chat it came from."""

    reference: str
    channel: str
    address: int
    language_hint: str | None
    sent_at: datetime | None
    body: Body

    @property
    def number(self) -> int | None:
        """The channel's own number of the update, by which updates of one chat are ordered; None without one."""
        digits = self.reference.removeprefix("u")
        return int(digits) if digits.isascii() and digits.isdecimal() else None


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What to answer a tap with, straight after the commit: a short toast, or nothing but the end of the spinner."""

    callback_id: str
    toast: str | None
