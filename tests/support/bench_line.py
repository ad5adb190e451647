"""The sandbox's Bot API server in a process of its own, for measurements: it notes when each message came.

Run: python -m tests.support.bench_line FIRST_CHAT LAST_CHAT [--limits] [--after SECONDS]
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from bot.channels.listening import bind
from bot.sandbox.answers import Reply
from bot.sandbox.limits import NO_LIMITS, Limits
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from schedules.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 5.0  # seconds that the last answers are waited for
TOKEN = "123456789:sandbox-token-for-measurements-only"


@dataclass(frozen=True)
class Seen:
    """What the server saw: requests and refusals by method and status, and when messages came (monotonic seconds)."""

    statuses: dict[str, int]
    sent_at: list[float]

    @property
    def refused(self) -> int:
        """How often it had to ask for a pause."""
        return sum(count for name, count in self.statuses.items() if name.endswith(" 429"))


@dataclass(frozen=True)
class BenchLine:
    """A running server; times are comparable between processes of one machine."""

    address: str

    def seen(self) -> Seen:
        """What it has seen so far."""
        return Seen(**httpx.get(f"{self.address}/bench/seen", trust_env=False, timeout=30).json())

    def forget(self) -> None:
        """Begin anew."""
        httpx.post(f"{self.address}/bench/forget", trust_env=False, timeout=30)

    def act(self, name: str, **given: float) -> Any:
        """Let people do something: see `People`."""
        return httpx.post(f"{self.address}/bench/{name}", json=given, trust_env=False, timeout=900).json()


@contextmanager
def bench_line(first_chat: int, last_chat: int, *, limits: bool, answers_after: float = 0.0) -> Iterator[BenchLine]:
    """A server process whose people, from the first chat to the last, have all pressed Start.

    It answers the bot at once, or after so many seconds, as if it were far away.
    """
    command = [sys.executable, "-m", "tests.support.bench_line", str(first_chat), str(last_chat)]
    command += [*(["--limits"] if limits else []), "--after", str(answers_after)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield BenchLine(server.stdout.readline().strip())
        finally:
            server.terminate()


class NotingApi(BotApi):
    """The rules, noting when the answer to each tap was accepted (monotonic seconds)."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.answered_at: dict[str, float] = {}

    def call(self, now: datetime, token: str, method: str, parameters: Mapping[str, Any]) -> Reply:
        reply = super().call(now, token, method, parameters)
        if method == "answerCallbackQuery" and reply.status == 200:
            self.answered_at[str(parameters["callback_query_id"])] = time.monotonic()
        return reply


class Noting:
    """An ASGI app around the sandbox's that notes every request of the bot; its answers leave `after` so long."""

    def __init__(self, app: Any, api: NotingApi, *, after: float) -> None:
        self._app, self._people, self._after = app, People(api), after
        self.statuses: Counter[str] = Counter()
        self.sent_at: list[float] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/bot"):
            if scope["type"] == "http" and scope["path"].startswith("/bench/"):
                await self._tell(scope["path"].rpartition("/")[2], receive, send)
                return
            await self._app(scope, receive, send)
            return
        method = scope["path"].rpartition("/")[2]
        if method == "sendMessage":
            self.sent_at.append(time.monotonic())

        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.statuses[f"{method} {message['status']}"] += 1
                if self._after:
                    await asyncio.sleep(self._after)
            await send(message)

        await self._app(scope, receive, noting)

    async def _tell(self, act: str, receive: Any, send: Any) -> None:
        if act == "forget":
            self.statuses.clear()
            self.sent_at.clear()
        told: Any = {"statuses": self.statuses, "sent_at": self.sent_at}
        if act == "tap":
            told = await self._people.tap(**json.loads((await receive())["body"]))
        body = json.dumps(told).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class People:
    """Participants who tap whatever button their newest message offers, at an even pace."""

    def __init__(self, api: NotingApi) -> None:
        self._api, self._dice = api, random.Random(0)

    async def tap(self, first: int, count: int, rate: float, seconds: float) -> Mapping[str, Any]:
        """Let these people tap in turn, `rate` taps a second together; answers how long each answer took."""
        tapped: dict[str, float] = {}
        began, number, idle = time.monotonic(), 0, 0
        while (at := began + number / rate) < began + seconds:
            await asyncio.sleep(max(at - time.monotonic(), 0.0))
            callback = self._tap_one(first + number % count)
            if callback is None:
                idle += 1
            else:
                tapped[callback] = time.monotonic()
            number += 1
        await asyncio.sleep(PATIENCE)
        answered = self._api.answered_at
        took = [answered[callback] - at for callback, at in tapped.items() if callback in answered]
        return {"took": took, "unanswered": len(tapped) - len(took), "idle": idle}

    def _tap_one(self, user: int) -> str | None:
        """Tap a button of the newest message that has any; None when there is none yet."""
        for message in reversed(self._api.chat(user).from_bot()):
            if buttons := message.callback_buttons():
                data = self._dice.choice(buttons)["callback_data"]
                return self._api.tap(SystemClock().now(), user, message.message_id, data)
        return None


def people(first: int, last: int, *, limits: bool) -> NotingApi:
    """A Bot API whose people have all pressed Start, with no update waiting."""
    api = NotingApi(TOKEN, "diary_bot", limits=Limits() if limits else NO_LIMITS)
    now = SystemClock().now()
    for number in range(first, last + 1):
        api.add_person(number, "Planted", "en")
        api.start(now, number)
    api.state.updates.waiting.clear()
    return api


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--after", type=float, default=0.0)
    asked = parser.parse_args()
    api = people(asked.first, asked.last, limits=asked.limits)
    app = Noting(create_app(api, clock=SystemClock()), api, after=asked.after)
    listener = bind("127.0.0.1", 0)  # as the product does: an answer's body is not held back for its head
    listener.socket.listen(1000)
    print(listener.address, flush=True)
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
    asyncio.run(uvicorn.Server(config).serve([listener.socket]))


if __name__ == "__main__":
    main()
