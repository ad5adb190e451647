"""The Bot API methods that touch messages: send, edit, delete, answer a tap."""

from typing import Any

from bot.sandbox.answers import bad_request
from bot.sandbox.formatting import parse_html, trim
from bot.sandbox.keyboards import Keyboard, read_markup
from bot.sandbox.people import Chat, Message, Toast
from bot.sandbox.state import BotState

Parameters = dict[str, Any]

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
TOAST_LIMIT = 200
_DELETE_SECONDS = 48 * 3600
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_LATE = "query is too old and response timeout expired or query ID is invalid"
_ACTIONS = (
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
)  # fmt: skip


def send_message(state: BotState, now: float, given: Parameters) -> Any:
    """sendMessage: a new text in a chat that the person has opened."""
    text, entities = read_text(given)
    return _deliver(state, now, given, Message(0, from_bot=True, text=text, entities=entities, sent_at=now))


def send_photo(state: BotState, now: float, given: Parameters) -> Any:
    """sendPhoto: an uploaded PNG or JPEG, or the file_id of one; nothing is fetched from an address."""
    photo = given["photo"]
    if isinstance(photo, bytes) and not photo.startswith((b"\x89PNG", b"\xff\xd8")):
        raise bad_request("bad_photo", "IMAGE_PROCESS_FAILED")
    if not isinstance(photo, bytes) and photo not in state.photos:
        raise bad_request("bad_photo", "wrong file identifier/HTTP URL specified")
    text, entities = _read_caption(given)
    message = Message(0, from_bot=True, text=text, entities=entities, sent_at=now)
    message.photo = _keep_photo(state, photo) if isinstance(photo, bytes) else photo
    return _deliver(state, now, given, message)


def edit_message_text(state: BotState, now: float, given: Parameters) -> Any:
    """editMessageText: without `reply_markup` the buttons go."""
    text, entities = read_text(given)
    keyboard = read_markup(given.get("reply_markup"))
    chat, message = _editable(state, given)
    if message.photo is not None:
        raise bad_request("not_editable", "there is no text in the message to edit")
    _check_modified((message.text, message.entities, message.keyboard), (text, entities, keyboard))
    state.gate.pass_one(now, given["chat_id"])
    message.text, message.entities = text, entities
    return _edited(state, now, chat, message, keyboard)


def edit_message_reply_markup(state: BotState, now: float, given: Parameters) -> Any:
    """editMessageReplyMarkup: other buttons, or none."""
    keyboard = read_markup(given.get("reply_markup"))
    chat, message = _editable(state, given)
    _check_modified(message.keyboard, keyboard)
    state.gate.pass_one(now, given["chat_id"])
    return _edited(state, now, chat, message, keyboard)


def delete_message(state: BotState, now: float, given: Parameters) -> Any:
    """deleteMessage: within 48 hours."""
    chat = state.known_chat(given["chat_id"])
    message = chat.messages.get(given["message_id"])
    if message is None:
        raise bad_request("message_not_found", "message to delete not found")
    if now - message.sent_at > _DELETE_SECONDS:
        raise bad_request("not_deletable", "message can't be deleted for everyone")
    del chat.messages[message.message_id]
    chat.deleted.add(message.message_id)
    state.changed()
    return True


def answer_callback_query(state: BotState, now: float, given: Parameters) -> Any:
    """answerCallbackQuery: once, in time; the text appears as a toast, or as an alert with `show_alert`."""
    text = given.get("text", "")
    if len(text) > TOAST_LIMIT:
        raise bad_request("bad_text", "MESSAGE_TOO_LONG")
    if given.get("url"):
        raise bad_request("bad_parameter", "URL_INVALID")
    callback = state.callbacks.get(given["callback_query_id"])
    if callback is None:
        raise bad_request("unknown_callback", _LATE)
    if callback.answered:
        raise bad_request("repeated_callback", _LATE)
    if now - callback.asked_at >= state.callback_answer_seconds:
        raise bad_request("late_callback", _LATE)
    callback.answered = True
    toast = Toast(callback.callback_id, callback.message_id, text, bool(given.get("show_alert")), now)
    state.chats[callback.user_id].toasts.append(toast)
    state.changed()
    return True


def send_chat_action(state: BotState, _now: float, given: Parameters) -> Any:
    """sendChatAction: accepted and not shown."""
    if given["action"] not in _ACTIONS:
        raise bad_request("bad_parameter", "wrong parameter action in request")
    state.open_chat(given["chat_id"])
    return True


def get_chat(state: BotState, _now: float, given: Parameters) -> Any:
    """getChat: the private chat with a person who pressed Start once."""
    person = state.known_chat(given["chat_id"]).person
    return {
        **person.chat_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": _GIFTS,
    }


_GIFTS = {
    "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
    "gifts_from_channels": False,
}  # fmt: skip


def read_text(given: Parameters) -> tuple[str, list[dict[str, Any]]]:
    """Return plain text and entities of a message; 1 to 4096 characters after parsing."""
    text, entities = _parse(given["text"], given.get("parse_mode"), given.get("entities"))
    if not text:
        raise bad_request("bad_text", "message text is empty")
    if len(text) > TEXT_LIMIT:
        raise bad_request("bad_text", "message is too long")
    return text, entities


def _read_caption(given: Parameters) -> tuple[str, list[dict[str, Any]]]:
    text, entities = _parse(given.get("caption", ""), given.get("parse_mode"), given.get("caption_entities"))
    if len(text) > CAPTION_LIMIT:
        raise bad_request("bad_text", "message caption is too long")
    return text, entities


def _parse(source: str, mode: str | None, entities: Any) -> tuple[str, list[dict[str, Any]]]:
    if mode and mode.lower() != "html":
        raise bad_request("bad_parameter", "unsupported parse_mode")
    if mode:
        return parse_html(source)
    if entities is not None and not isinstance(entities, list):
        raise bad_request("bad_entities", "can't parse entities JSON object")
    return trim(source, entities or [])


def _deliver(state: BotState, now: float, given: Parameters, message: Message) -> dict[str, Any]:
    message.keyboard = read_markup(given.get("reply_markup"))
    chat = state.open_chat(given["chat_id"])
    message.reply_to = _replied(chat, given.get("reply_parameters"))
    state.gate.pass_one(now, given["chat_id"])
    message.message_id = state.new_message_id()
    message.shift = state.shift
    message.first_text = message.text
    message.silent = bool(given.get("disable_notification"))
    message.protected = bool(given.get("protect_content"))
    chat.messages[message.message_id] = message
    state.changed()
    return state.message_json(chat, message)


def _replied(chat: Chat, parameters: Any) -> int | None:
    if not isinstance(parameters, dict):
        return None
    wanted = parameters.get("message_id")
    if wanted in chat.messages:
        return int(wanted)
    if parameters.get("allow_sending_without_reply"):
        return None
    raise bad_request("message_not_found", "message to be replied not found")


def _editable(state: BotState, given: Parameters) -> tuple[Chat, Message]:
    chat = state.open_chat(given["chat_id"])
    message = chat.messages.get(given["message_id"])
    if message is None:
        raise bad_request("message_not_found", "message to edit not found")
    if not message.from_bot:
        raise bad_request("not_editable", "message can't be edited")
    return chat, message


def _check_modified(before: Any, after: Any) -> None:
    if before == after:
        raise bad_request("not_modified", _NOT_MODIFIED)


def _edited(state: BotState, now: float, chat: Chat, message: Message, keyboard: Keyboard | None) -> dict[str, Any]:
    message.keyboard = keyboard
    message.edited_at, message.edited_shift = now, state.shift
    state.changed()
    return state.message_json(chat, message)


def _keep_photo(state: BotState, content: bytes) -> str:
    file_id = f"photo{len(state.photos) + 1}"
    state.photos[file_id] = content
    return file_id
