"""Everything the sandbox knows about its one bot: people, chats, updates, settings and what went wrong."""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.answers import RefusalError, bad_request
from bot.sandbox.faults import Switchboard
from bot.sandbox.formatting import commands_in
from bot.sandbox.limits import FloodGate
from bot.sandbox.people import Callback, Chat, Message
from bot.sandbox.updates import UpdateQueue
from bot.sandbox.webhooks import Webhook


@dataclass(frozen=True)
class Violation:
    """A request that Telegram would have refused: `kind` is a stable word, `at` epoch seconds; no text."""

    at: float
    method: str
    kind: str
    status: int
    description: str
    chat_id: int | None = None


@dataclass
class Profile:
    """What the bot tells about itself, by language code ("" is the default)."""

    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    menu_buttons: dict[int | None, dict[str, Any]] = field(default_factory=dict)


@dataclass
class BotState:
    """The state behind one token. `shift` is study time less Telegram's time, in whole seconds."""

    bot_id: int
    username: str
    name: str
    rng: random.Random
    gate: FloodGate
    updates: UpdateQueue
    callback_answer_seconds: float
    faults: Switchboard = field(default_factory=Switchboard)
    webhook: Webhook = field(default_factory=Webhook)
    profile: Profile = field(default_factory=Profile)
    chats: dict[int, Chat] = field(default_factory=dict)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    photos: dict[str, bytes] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    watchers: list[Callable[[], None]] = field(default_factory=list)
    last_message_id: int = 0
    shift: int = 0
    version: int = 0

    def changed(self) -> None:
        """Count a visible change and tell whoever watches."""
        self.version += 1
        for watcher in list(self.watchers):
            watcher()

    def new_message_id(self) -> int:
        """Return the next message id; Telegram numbers all private chats of a bot in one sequence."""
        self.last_message_id += 1
        return self.last_message_id

    def bot_json(self) -> dict[str, Any]:
        """Return the bot's `User` object."""
        name = self.profile.names.get("", self.name)
        return {"id": self.bot_id, "is_bot": True, "first_name": name, "username": self.username}

    def open_chat(self, chat_id: int) -> Chat:
        """Return a chat that the bot may write to; raises RefusalError as Telegram words it otherwise."""
        chat = self.known_chat(chat_id)
        if chat.person.deactivated:
            raise RefusalError("deactivated", 403, "Forbidden: user is deactivated")
        if chat.person.blocked:
            raise RefusalError("blocked", 403, "Forbidden: bot was blocked by the user")
        return chat

    def known_chat(self, chat_id: int) -> Chat:
        """Return a chat whose person has pressed Start once; raises RefusalError for any other."""
        chat = self.chats.get(chat_id)
        if chat is None or not chat.person.started:
            raise bad_request("chat_not_found", "chat not found")
        return chat

    def message_json(self, chat: Chat, message: Message) -> dict[str, Any]:
        """Return the `Message` object of a message that still exists."""
        body: dict[str, Any] = {
            "message_id": message.message_id,
            "from": self.bot_json() if message.from_bot else chat.person.user_json(),
            "chat": chat.person.chat_json(),
            "date": int(message.sent_at),
        }
        body |= self._content_json(message)
        if message.edited_at is not None:
            body["edit_date"] = int(message.edited_at)
        if message.protected:
            body["has_protected_content"] = True
        if message.keyboard:
            body["reply_markup"] = {"inline_keyboard": message.keyboard}
        return body

    def _content_json(self, message: Message) -> dict[str, Any]:
        found = sorted(message.entities + commands_in(message.text), key=lambda entity: entity["offset"])
        if message.photo is None:
            return {"text": message.text} | ({"entities": found} if found else {})
        content: dict[str, Any] = {"photo": [_photo_json(message.photo, self.photos[message.photo])]}
        if message.text:
            content |= {"caption": message.text} | ({"caption_entities": found} if found else {})
        return content


def _photo_json(file_id: str, content: bytes) -> dict[str, Any]:
    """Return a `PhotoSize`; only a PNG tells its measures, anything else counts as one pixel."""
    png = content.startswith(b"\x89PNG") and len(content) >= 24
    width, height = struct.unpack(">II", content[16:24]) if png else (1, 1)
    names = {"file_id": file_id, "file_unique_id": file_id}
    return {**names, "width": width, "height": height, "file_size": len(content)}
