"""The line between the product and the sandbox's Telegram: no network, but every way in which a network fails."""

import asyncio
import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from bot.sandbox.answers import Reply, accepted
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.rules import BotApi
from bot.sandbox.updates import MAX_TIMEOUT
from schedules.clock import Clock

WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
SLOW = 12.0  # seconds until a request that hangs is given up
HTML = b"<!DOCTYPE html><html><title>Sign in to the network</title></html>"
DOUBLED, CROSSED = 0.03, 0.10  # the share of polls that bring old updates once more, or new ones out of order


class SandboxLine:
    """Carries requests to the rules.

    `arrived` is told chat and number of every new message. With `mischief` updates come doubled and crossing
    now and then.
    """

    def __init__(self, api: BotApi, clock: Clock, *, arrived: Callable[[int, int], None]) -> None:
        self._api, self._clock, self._arrived = api, clock, arrived
        self._rung = asyncio.Event()
        self._last: list[Any] = []
        self.mischief: Random | None = None
        self.struck_at: float | None = None

    def ring(self) -> None:
        """Say that somebody has done something on a phone."""
        self._rung.set()

    async def exchange(self, method: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        """Answer one request; raises ConnectionError and TimeoutError where the network would fail."""
        reply, fault = self._api.exchange(self._clock.now(), self._api.token, method, fields)
        if method == "sendMessage" and reply is not None and reply.status == 200:
            self._arrived(int(fields["chat_id"]), reply.body["result"]["message_id"])
        if fault is not None:
            self.struck_at = self._clock.monotonic()
            return await self._act_out(fault, reply)
        if reply is None:
            raise ConnectionResetError("no answer")
        if method == "getUpdates":
            reply = await self._updates(reply, fields)
        return reply.status, WRITE(reply.body).encode()

    async def _updates(self, reply: Reply, fields: Mapping[str, str]) -> Reply:
        """A long poll: wait until there is something, or its time is over."""
        limit, wait = int(fields.get("limit", 100)), min(int(fields.get("timeout", 0)), MAX_TIMEOUT)
        ticket = self._api.poll_ticket
        if reply.body.get("result") == []:
            reply = await self._wait_for_updates(ticket, limit, wait)
        return self._meddle(reply) if self.mischief is not None else reply

    async def _wait_for_updates(self, ticket: int, limit: int, wait: float) -> Reply:
        try:
            async with asyncio.timeout(wait):
                while (found := self._api.poll_again(self._clock.now(), ticket, limit)) is None:
                    self._rung.clear()
                    await self._rung.wait()
                return found
        except TimeoutError:
            return accepted([])

    def _meddle(self, reply: Reply) -> Reply:
        """Now and then bring the last updates once more, or new ones of different kinds out of order."""
        found, rng = list(reply.body.get("result") or []), self.mischief
        if rng is None or not found:
            return reply
        before, self._last = self._last, found
        if rng.random() < CROSSED:
            found = sorted(found, key=lambda update: "callback_query" in update)
        if rng.random() < DOUBLED:
            found = [*before, *found]
        return accepted(found)

    async def _act_out(self, fault: Fault, reply: Reply | None) -> tuple[int, bytes]:
        match fault.kind:
            case FaultKind.TOO_MANY if reply is not None:
                return reply.status, WRITE(reply.body).encode()
            case FaultKind.SERVER_ERROR:
                return 500, b'{"ok": false, "error_code": 500, "description": "Internal Server Error"}'
            case FaultKind.BAD_GATEWAY:
                return 502, HTML
            case FaultKind.HTML_BODY:
                return 200, HTML
            case FaultKind.TRUNCATED:
                return 200, b'{"ok": true, "result": {"message_id": 1'
            case FaultKind.RESET | FaultKind.OUTAGE:
                raise ConnectionResetError("connection reset")
        await asyncio.sleep(SLOW)
        raise TimeoutError("no answer in time")
