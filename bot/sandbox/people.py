"""The people on the other side: persons with a phone, their chats with the bot, and the messages in them."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.keyboards import Keyboard


@dataclass
class Person:
    """Someone with a phone. `language_code` is what their app reports; `started` once the chat was opened."""

    user_id: int
    first_name: str
    language_code: str | None = None
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    def user_json(self) -> dict[str, Any]:
        """Return the `User` object that updates carry."""
        user: dict[str, Any] = {"id": self.user_id, "is_bot": False, "first_name": self.first_name}
        if self.language_code:
            user["language_code"] = self.language_code
        return user

    def chat_json(self) -> dict[str, Any]:
        """Return the private `Chat` with this person."""
        return {"id": self.user_id, "first_name": self.first_name, "type": "private"}


@dataclass
class Message:
    """One message of a chat. Times are epoch seconds by Telegram's clock; `shift` is study time less that,
    and `first_text` the text as it was sent, which is what a notification shows."""

    message_id: int
    from_bot: bool
    text: str
    sent_at: float
    first_text: str = ""
    shift: int = 0
    entities: list[dict[str, Any]] = field(default_factory=list)
    keyboard: Keyboard | None = None
    edited_at: float | None = None
    edited_shift: int = 0
    photo: str | None = None
    silent: bool = False
    protected: bool = False
    reply_to: int | None = None

    def callback_buttons(self) -> list[dict[str, Any]]:
        """Return the buttons that call back, row by row."""
        return [button for row in self.keyboard or [] for button in row if "callback_data" in button]


@dataclass
class Toast:
    """What `answerCallbackQuery` showed on the phone; `text` may be empty (the spinner just stops)."""

    callback_id: str
    message_id: int
    text: str
    alert: bool
    at: float


@dataclass
class Callback:
    """A tap that waits for its answer. Times are epoch seconds."""

    callback_id: str
    user_id: int
    message_id: int
    data: str
    asked_at: float
    answered: bool = False


@dataclass
class Chat:
    """A private chat: its person, the messages by id (oldest first), deleted ids, and what popped up."""

    person: Person
    messages: dict[int, Message] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    toasts: list[Toast] = field(default_factory=list)

    def newest(self) -> Message | None:
        """Return the last message, None in an empty chat."""
        return next(reversed(self.messages.values()), None)

    def from_bot(self) -> list[Message]:
        """Return the bot's messages, oldest first."""
        return [message for message in self.messages.values() if message.from_bot]
