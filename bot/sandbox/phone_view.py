"""What the phone page shows, as plain JSON: phones, messages, buttons, toasts, faults."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.sandbox.people import Chat, Message
from bot.sandbox.rules import BotApi

MESSAGES_SHOWN = 200
_TOASTS_SHOWN = 5


@dataclass(frozen=True)
class Phone:
    """One participant on the page. `language` is `zh-hans` or `en`; `timezone` an IANA name."""

    user_id: int
    name: str
    start_payload: str = ""
    language: str = "zh-hans"
    timezone: str = "Asia/Shanghai"


class Link(NamedTuple):
    """A link beside the phones, with its Chinese label if there is one."""

    label: str
    href: str
    label_zh: str = ""


def page_state(api: BotApi, phones: list[Phone], now: float) -> dict[str, Any]:
    """Return everything that changes with `api.state.version`; `now` in epoch seconds."""
    state = api.state
    return {
        "version": state.version,
        "bot": {"names": {"": state.name, **state.profile.names}, "descriptions": state.profile.descriptions},
        "phones": [_phone_json(api, phone, now) for phone in phones],
        "faults": sorted({fault.kind.value for fault in state.faults.faults}),
    }


def _phone_json(api: BotApi, phone: Phone, now: float) -> dict[str, Any]:
    chat = api.chat(phone.user_id)
    person = chat.person
    recent = list(chat.messages.values())[-MESSAGES_SHOWN:]
    return {
        "id": phone.user_id,
        "name": phone.name,
        "payload": phone.start_payload,
        "language": "zh" if (person.language_code or "").startswith("zh") else "en",
        "timezone": phone.timezone,
        "started": person.started,
        "blocked": person.blocked,
        "commands": api.commands(phone.user_id),
        "messages": [_message_json(message) for message in recent],
        "pending": _pending(api, phone.user_id, now),
        "toasts": _toasts(chat),
    }


def _message_json(message: Message) -> dict[str, Any]:
    edited = None if message.edited_at is None else message.edited_at + message.edited_shift
    return {
        "id": message.message_id,
        "mine": not message.from_bot,
        "text": message.text,
        "notice": message.first_text,
        "entities": message.entities,
        "at": message.sent_at + message.shift,
        "edited": edited,
        "photo": message.photo,
        "silent": message.silent,
        "keyboard": message.keyboard or [],
    }


def _pending(api: BotApi, user_id: int, now: float) -> list[dict[str, Any]]:
    """Return taps that still wait for their answer, with the seconds that the spinner may still turn."""
    patience = api.state.callback_answer_seconds
    return [
        {"message": callback.message_id, "data": callback.data, "seconds": callback.asked_at + patience - now}
        for callback in api.state.callbacks.values()
        if callback.user_id == user_id and not callback.answered and callback.asked_at + patience > now
    ]


def _toasts(chat: Chat) -> list[dict[str, Any]]:
    shown = [toast for toast in chat.toasts if toast.text][-_TOASTS_SHOWN:]
    return [{"id": toast.callback_id, "text": toast.text, "alert": toast.alert} for toast in shown]
