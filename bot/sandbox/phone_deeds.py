"""What a visitor of the phone page can do on a phone, by the name used in the address."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.sandbox.phone_view import Phone
from bot.sandbox.rules import BotApi

Deed = Callable[[BotApi, datetime, Phone, dict[str, Any]], None]


def _start(api: BotApi, now: datetime, phone: Phone, _body: dict[str, Any]) -> None:
    api.start(now, phone.user_id, phone.start_payload)


def _say(api: BotApi, now: datetime, phone: Phone, body: dict[str, Any]) -> None:
    api.say(now, phone.user_id, str(body["text"]))


def _edit(api: BotApi, now: datetime, phone: Phone, body: dict[str, Any]) -> None:
    api.edit(now, phone.user_id, int(body["message"]), str(body["text"]))


def _tap(api: BotApi, now: datetime, phone: Phone, body: dict[str, Any]) -> None:
    api.tap(now, phone.user_id, int(body["message"]), str(body["data"]))


def _block(api: BotApi, now: datetime, phone: Phone, _body: dict[str, Any]) -> None:
    api.block(now, phone.user_id)


def _unblock(api: BotApi, now: datetime, phone: Phone, _body: dict[str, Any]) -> None:
    api.unblock(now, phone.user_id)


def _language(api: BotApi, _now: datetime, phone: Phone, body: dict[str, Any]) -> None:
    api.set_language(phone.user_id, "zh-hans" if body["language"] == "zh" else "en")


DEEDS: dict[str, Deed] = {
    "start": _start, "say": _say, "edit": _edit, "tap": _tap, "block": _block, "unblock": _unblock,
    "language": _language,
}  # fmt: skip
