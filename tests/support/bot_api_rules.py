"""A second, strict reading of Telegram's Bot API documentation for the methods that a diary bot may use.

Written from core.telegram.org/bots/api (version 10), apart from the sandbox: names and types of parameters,
lengths in UTF-16 units where Telegram counts so, bytes of callback data, HTML of the one parse mode in use.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

Check = Callable[[str], str | None]
UPDATE_KINDS = frozenset(
    [
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
    ]
)
ACTIONS = frozenset(
    [
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
    ]
)
TAGS = frozenset(
    [
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "span",
        "tg-spoiler",
        "a",
        "code",
        "pre",
        "blockquote",
        "tg-emoji",
        "tg-time",
    ]
)
ENTITIES = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9A-Fa-f]+);")


def problems_of(method: str, given: Mapping[str, str]) -> Iterator[str]:
    """Everything that the documentation forbids about this request; parameters as form fields."""
    if method not in METHODS:
        yield f"there is no need for a method {method}"
        return
    required, optional = METHODS[method]
    yield from (f"{name} is missing" for name in required if name not in given)
    for name, value in given.items():
        check = required.get(name) or optional.get(name)
        problem = f"{name} is no parameter of {method}" if check is None else check(value)
        if problem:
            yield problem if check is None else f"{name}: {problem}"
    if "text" in given and method in ("sendMessage", "editMessageText"):
        yield from text_problems(given["text"], given.get("parse_mode"))


def whole(low: int, high: int) -> Check:
    """A whole number in decimal digits, between two bounds."""

    def check(value: str) -> str | None:
        if not re.fullmatch(r"-?(0|[1-9]\d*)", value):
            return "is no whole number"
        return None if low <= int(value) <= high else f"is not between {low} and {high}"

    return check


def text(low: int, high: int, pattern: str = "(?s).*") -> Check:
    """A text of so many UTF-16 units, of an allowed alphabet."""

    def check(value: str) -> str | None:
        if not low <= utf16(value) <= high:
            return f"has {utf16(value)} characters, not {low} to {high}"
        return None if re.fullmatch(pattern, value) else "has characters that are not allowed"

    return check


def truth(value: str) -> str | None:
    """A boolean as a form field."""
    return None if value in ("true", "false", "True", "False") else "is no boolean"


def document(read: Callable[[Any], str | None]) -> Check:
    """A JSON-serialised parameter."""

    def check(value: str) -> str | None:
        try:
            return read(json.loads(value))
        except ValueError:
            return "is no JSON"

    return check


def update_kinds(kinds: Any) -> str | None:
    """The list of update types."""
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        return "is no list of strings"
    return None if set(kinds) <= UPDATE_KINDS else "names an unknown kind"


def commands(found: Any) -> str | None:
    """At most 100 commands, each with a name of 1-32 and a description of 1-256 characters."""
    if not isinstance(found, list) or len(found) > 100:
        return "is no list of at most 100 commands"
    for one in found:
        if not isinstance(one, dict) or set(one) != {"command", "description"}:
            return "holds something that is no command"
        if not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]):
            return "has a command of the wrong shape"
        if not 1 <= utf16(one["description"]) <= 256:
            return "has a description of the wrong length"
    return None


def preview(found: Any) -> str | None:
    """LinkPreviewOptions."""
    known = {"is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"}
    return None if isinstance(found, dict) and set(found) <= known else "is no LinkPreviewOptions"


def inline_keyboard(markup: Any) -> str | None:
    """InlineKeyboardMarkup: rows of buttons, each with a text and exactly one action."""
    if not isinstance(markup, dict) or set(markup) != {"inline_keyboard"}:
        return "is no InlineKeyboardMarkup"
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) and row for row in rows):
        return "is no list of rows"
    return next((problem for row in rows for one in row if (problem := button(one))), None)


def button(found: Any) -> str | None:
    """InlineKeyboardButton."""
    if not isinstance(found, dict) or not isinstance(found.get("text"), str) or not found["text"].strip():
        return "has a button without a text"
    if set(found) - ACTIONS - {"text", "style", "icon_custom_emoji_id"}:
        return "has a button with an unknown field"
    if len(set(found) & ACTIONS) != 1:
        return "has a button without exactly one action"
    data = found.get("callback_data", "x")
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
        return "has a button with callback data that is not 1 to 64 bytes long"
    return None if found.get("style", "primary") in ("danger", "success", "primary") else "has an unknown style"


class Plain(HTMLParser):
    """Telegram's HTML: known tags, closed in order; collects the text that is left."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.problems.append(f"text: the tag {tag} is not supported")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append("text: tags are not closed in order")

    def handle_data(self, data: str) -> None:
        self.text += data


def text_problems(source: str, mode: str | None) -> Iterator[str]:
    """1 to 4096 characters after parsing; in HTML mode every <, > and & that is no tag or entity is escaped."""
    plain = source
    if mode == "HTML":
        parser = Plain()
        parser.feed(source)
        parser.close()
        yield from parser.problems
        if parser.open:
            yield "text: a tag is not closed"
        if "&" in ENTITIES.sub("", source):
            yield "text: an ampersand is not escaped"
        plain = parser.text
    if not plain.strip():
        yield "text: is empty"
    if utf16(plain) > 4096:
        yield "text: is too long"


def utf16(value: str) -> int:
    """Length as Telegram counts it."""
    return len(value.encode("utf-16-le")) // 2


CHAT = whole(1, 2**52)
MESSAGE = whole(1, 2**31 - 1)
MODE = text(4, 10, "HTML|MarkdownV2|Markdown")
LANGUAGE = text(0, 2, "([a-z]{2})?")
SHOWN = {"parse_mode": MODE, "link_preview_options": document(preview), "reply_markup": document(inline_keyboard)}

METHODS: Mapping[str, tuple[Mapping[str, Check], Mapping[str, Check]]] = {
    "getMe": ({}, {}),
    "getWebhookInfo": ({}, {}),
    "deleteWebhook": ({}, {"drop_pending_updates": truth}),
    "setWebhook": (
        {"url": text(1, 2048, r"https?://\S+")},
        {
            "secret_token": text(1, 256, "[A-Za-z0-9_-]+"), "allowed_updates": document(update_kinds),
            "max_connections": whole(1, 100), "drop_pending_updates": truth,
        },
    ),
    "getUpdates": (
        {},
        {
            "offset": whole(-(2**63), 2**63 - 1), "limit": whole(1, 100), "timeout": whole(0, 50),
            "allowed_updates": document(update_kinds),
        },
    ),
    "sendMessage": (
        {"chat_id": CHAT, "text": text(1, 40_000)},
        {**SHOWN, "protect_content": truth, "disable_notification": truth},
    ),
    "editMessageText": ({"chat_id": CHAT, "message_id": MESSAGE, "text": text(1, 40_000)}, SHOWN),
    "answerCallbackQuery": (
        {"callback_query_id": text(1, 64)},
        {"text": text(0, 200), "show_alert": truth, "cache_time": whole(0, 2**31 - 1)},
    ),
    "setMyCommands": ({"commands": document(commands)}, {"language_code": LANGUAGE}),
    "setMyDescription": ({}, {"description": text(0, 512), "language_code": LANGUAGE}),
    "setMyShortDescription": ({}, {"short_description": text(0, 120), "language_code": LANGUAGE}),
}  # fmt: skip
