"""Which parameters each Bot API method takes, and their reading from form strings or JSON values."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from bot.sandbox.answers import bad_request


class Kind(Enum):
    """How a parameter's value is read."""

    TEXT = "text"
    INT = "int"
    BOOL = "bool"
    JSON = "json"
    FILE = "file"


_T, _I, _B, _J, _F = Kind.TEXT, Kind.INT, Kind.BOOL, Kind.JSON, Kind.FILE
_CHAT = {"chat_id": _I, "business_connection_id": _T}
_PLACE = {**_CHAT, "message_thread_id": _I}
_SEND = {
    **_PLACE, "direct_messages_topic_id": _I, "disable_notification": _B, "protect_content": _B,
    "allow_paid_broadcast": _B, "message_effect_id": _T, "suggested_post_parameters": _J,
    "reply_parameters": _J, "reply_markup": _J,
}  # fmt: skip
_BODY = {"text": _T, "parse_mode": _T, "entities": _J, "link_preview_options": _J}
_MESSAGE = {**_CHAT, "message_id": _I, "inline_message_id": _T}
_SCOPE = {"scope": _J, "language_code": _T}
_LANGUAGE = {"language_code": _T}

# Names and kinds from the Bot API reference, version 10; Telegram ignores the case of method names.
PARAMETERS: dict[str, dict[str, Kind]] = {
    "getMe": {},
    "logOut": {},
    "close": {},
    "getUpdates": {"offset": _I, "limit": _I, "timeout": _I, "allowed_updates": _J},
    "setWebhook": {
        "url": _T, "certificate": _F, "ip_address": _T, "max_connections": _I, "allowed_updates": _J,
        "drop_pending_updates": _B, "secret_token": _T,
    },
    "deleteWebhook": {"drop_pending_updates": _B},
    "getWebhookInfo": {},
    "sendMessage": {**_SEND, **_BODY},
    "sendPhoto": {
        **_SEND, "photo": _F, "caption": _T, "parse_mode": _T, "caption_entities": _J,
        "show_caption_above_media": _B, "has_spoiler": _B,
    },
    "editMessageText": {**_MESSAGE, **_BODY, "reply_markup": _J},
    "editMessageReplyMarkup": {**_MESSAGE, "reply_markup": _J},
    "deleteMessage": {"chat_id": _I, "message_id": _I},
    "answerCallbackQuery": {
        "callback_query_id": _T, "text": _T, "show_alert": _B, "url": _T, "cache_time": _I,
    },
    "sendChatAction": {**_PLACE, "action": _T},
    "getChat": {"chat_id": _I},
    "setMyCommands": {"commands": _J, **_SCOPE},
    "deleteMyCommands": _SCOPE,
    "getMyCommands": _SCOPE,
    "setMyName": {"name": _T, **_LANGUAGE},
    "getMyName": _LANGUAGE,
    "setMyDescription": {"description": _T, **_LANGUAGE},
    "getMyDescription": _LANGUAGE,
    "setMyShortDescription": {"short_description": _T, **_LANGUAGE},
    "getMyShortDescription": _LANGUAGE,
    "setChatMenuButton": {"chat_id": _I, "menu_button": _J},
    "getChatMenuButton": {"chat_id": _I},
}  # fmt: skip
METHOD_NAMES = {name.lower(): name for name in PARAMETERS}

# Telegram has its own words for some absent values; the others are named.
_REQUIRED = {
    "setWebhook": ("url",),
    "sendMessage": ("chat_id", "text"),
    "sendPhoto": ("chat_id", "photo"),
    "editMessageText": ("chat_id", "message_id", "text"),
    "editMessageReplyMarkup": ("chat_id", "message_id"),
    "deleteMessage": ("chat_id", "message_id"),
    "answerCallbackQuery": ("callback_query_id",),
    "sendChatAction": ("chat_id", "action"),
    "getChat": ("chat_id",),
    "setMyCommands": ("commands",),
}
_ABSENT = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "photo": "there is no photo in the request",
    "action": "wrong parameter action in request",
}
_OTHER_PLACES = {
    "message_thread_id": "message thread not found",
    "business_connection_id": "business connection not found",
    "inline_message_id": "MESSAGE_ID_INVALID",
    "direct_messages_topic_id": "direct messages topic not found",
}


def read_parameters(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the typed parameters of a call; an absent one is not a key.

    `given` holds strings as in a form, JSON values, or bytes for an uploaded file. Raises RefusalError with
    status 400 naming the unknown, missing or malformed parameter.
    """
    known = PARAMETERS[method]
    unknown = given.keys() - known.keys()
    if unknown:
        attached = {value[9:] for value in given.values() if isinstance(value, str) and value.startswith("attach://")}
        if unknown - attached:
            raise bad_request("unknown_parameter", f'unknown parameter "{min(unknown - attached)}"')
    values = {name: _read(name, known[name], given) for name in given if name in known}
    for name in _REQUIRED.get(method, ()):
        if values.get(name) is None:
            raise bad_request("missing_parameter", _ABSENT.get(name, f'parameter "{name}" is required'))
    for name, reason in _OTHER_PLACES.items():
        if values.get(name):
            raise bad_request("bad_parameter", reason)
    return {name: value for name, value in values.items() if value is not None}


def _read(name: str, kind: Kind, given: Mapping[str, Any]) -> Any:
    value = given[name]
    if value is None:
        return None
    if kind is Kind.FILE:
        return _read_file(value, given)
    if kind is Kind.JSON:
        return _read_json(name, value)
    if isinstance(value, bytes):
        raise bad_request("bad_parameter", f'parameter "{name}" must not be a file')
    if kind is Kind.BOOL:
        return value if isinstance(value, bool) else str(value).lower() in ("true", "yes", "1")
    if kind is Kind.INT:
        return _read_int(name, value)
    return value if isinstance(value, str) else str(value)


def _read_int(name: str, value: Any) -> int | None:
    if value == "":
        return None
    try:
        return int(str(value))
    except ValueError:
        # a channel's @username is the one text Telegram takes for a chat; there are no channels here
        reason = "chat not found" if name == "chat_id" else f'parameter "{name}" must be an Integer'
        raise bad_request("bad_parameter", reason) from None


def _read_json(name: str, value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        what = "reply keyboard markup" if name == "reply_markup" else name
        raise bad_request("bad_parameter", f"can't parse {what} JSON object") from None


def _read_file(value: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("attach://"):
        return given.get(value[9:])
    return value
