"""A raw update, read as what a participant did; parsed by python-telegram-bot, trusted in nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telegram import CallbackQuery, Chat, ChatMemberUpdated, InaccessibleMessage, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.chat.incoming import Attachment, Blocked, Body, Command, Edited, Incoming, Tapped, Typed, Unblocked

CHANNEL = "telegram"
COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
GONE = (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)


class MalformedUpdateError(Exception):
    """The update cannot be read; carries a code, never its text."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Ignored:
    """A well-formed update that is none of our business, with a code."""

    code: str


def translate(raw: Any) -> Incoming | Ignored:
    """Read one stored update. Raises MalformedUpdateError for what no Bot API would send."""
    if not isinstance(raw, Mapping) or not _is_number(raw.get("update_id")) or raw["update_id"] < 0:
        raise MalformedUpdateError("no_update_id")
    try:
        tapped = _tapped_message(raw)
        return _read(Update.de_json(dict(raw) if tapped is None else _without_message(raw), None), tapped)
    except MalformedUpdateError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a parser of hostile input trips over
        raise MalformedUpdateError(f"unreadable_{type(error).__name__}") from None


def _tapped_message(raw: Mapping[str, Any]) -> InaccessibleMessage | None:
    """Where a tap was made. Of the message we need no more: its words and buttons are our own, and long to read."""
    query = raw.get("callback_query")
    message = query.get("message") if isinstance(query, Mapping) else None
    if not isinstance(message, Mapping):
        return None
    return InaccessibleMessage(Chat.de_json(message["chat"], None), message["message_id"])


def _without_message(raw: Mapping[str, Any]) -> dict[str, Any]:
    query = raw["callback_query"]
    return {**raw, "callback_query": {name: value for name, value in query.items() if name != "message"}}


def _read(update: Update, tapped: InaccessibleMessage | None) -> Incoming | Ignored:
    if update.message is not None:
        return _message(update, update.message, _said(update.message))
    if update.edited_message is not None:
        return _message(update, update.edited_message, Edited())
    if update.callback_query is not None:
        return _tap(update, update.callback_query, tapped)
    if update.my_chat_member is not None:
        return _membership(update, update.my_chat_member)
    return Ignored("other_kind")


def _message(update: Update, message: Message, body: Body | None) -> Incoming | Ignored:
    user = message.from_user
    if message.chat.type != ChatType.PRIVATE or user is None or user.id != message.chat.id:
        return Ignored("not_private")
    if body is None:
        return Ignored("service_message")
    return _incoming(update, user, body, message.date)


def _said(message: Message) -> Body | None:
    if message.forward_origin is not None or message.via_bot is not None:
        return Attachment()  # not the participant's own words
    if message.text is None:
        return Attachment() if message.effective_attachment is not None else None
    if not isinstance(message.text, str):
        raise MalformedUpdateError("text_is_no_text")
    text = storable(message.text)
    command = COMMAND.fullmatch(text)
    if command:
        return Command(command[1].lower(), (command[2] or "").strip())
    return Typed(text)


def storable(text: str) -> str:
    """The text without what a database refuses: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _tap(update: Update, query: CallbackQuery, message: InaccessibleMessage | None) -> Incoming | Ignored:
    if not isinstance(query.data, str) or not isinstance(query.id, str):
        return Ignored("tap_without_data")
    if message is not None and (message.chat.type != ChatType.PRIVATE or message.chat.id != query.from_user.id):
        return Ignored("not_private")
    if message is None:
        return Ignored("inline_tap")
    if not _is_number(message.message_id):
        raise MalformedUpdateError("message_is_no_number")
    return _incoming(update, query.from_user, Tapped(storable(query.data), query.id, message.message_id), None)


def _membership(update: Update, change: ChatMemberUpdated) -> Incoming | Ignored:
    if change.chat.type != ChatType.PRIVATE or change.from_user.id != change.chat.id:
        return Ignored("not_private")
    body = Blocked() if change.new_chat_member.status in GONE else Unblocked()
    return _incoming(update, change.from_user, body, change.date)


def _incoming(update: Update, user: User, body: Body, sent_at: datetime | None) -> Incoming:
    if not _is_number(user.id):
        raise MalformedUpdateError("sender_is_no_number")
    hint = user.language_code if isinstance(user.language_code, str) else None
    return Incoming(f"u{update.update_id}", CHANNEL, user.id, hint, sent_at, body)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
