"""One bot, one person who has pressed Start, and short ways to ask the rules something."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sandbox.answers import Reply
from bot.sandbox.limits import NO_LIMITS, Limits
from bot.sandbox.rules import BotApi

TOKEN = "123456:sandbox-token"
T0 = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)
ANN = 5_000_000_001  # above 32 bits, as real ids can be


class Talk:
    """A bot api at one moment that the test moves."""

    def __init__(self, *, limits: Limits = NO_LIMITS) -> None:
        self.api = BotApi(TOKEN, "diary_bot", limits=limits)
        self.now = T0
        self.api.add_person(ANN, "Ann", "zh-hans")

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def call(self, method: str, **parameters: Any) -> Reply:
        return self.api.call(self.now, TOKEN, method, parameters)

    def result(self, method: str, **parameters: Any) -> Any:
        reply = self.call(method, **parameters)
        assert reply.status == 200, reply.body
        return reply.body["result"]

    def refusal(self, method: str, **parameters: Any) -> str:
        reply = self.call(method, **parameters)
        assert reply.body["ok"] is False
        assert reply.body["error_code"] == reply.status
        return str(reply.body["description"])

    def card(self, *labels: str) -> int:
        """Send a message with one row of buttons whose data equals their label; returns its id."""
        rows = [[{"text": label, "callback_data": label} for label in labels]]
        markup = json.dumps({"inline_keyboard": rows})
        return int(self.result("sendMessage", chat_id=str(ANN), text="card", reply_markup=markup)["message_id"])

    def updates(self, **parameters: Any) -> list[dict[str, Any]]:
        found = self.result("getUpdates", **parameters)
        assert isinstance(found, list)
        return found


@pytest.fixture
def talk() -> Talk:
    """A chat that Ann has opened, without sending limits."""
    talk = Talk()
    talk.api.start(talk.now, ANN)
    return talk


@pytest.fixture
def limited_talk() -> Callable[..., Talk]:
    """Make an opened chat with the given limits."""

    def make(**limits: Any) -> Talk:
        talk = Talk(limits=Limits(**limits))
        talk.api.start(talk.now, ANN)
        return talk

    return make
