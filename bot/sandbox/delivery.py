"""Posts waiting updates to the bot's webhook, in order within each queue, until it accepts them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from bot.sandbox.bell import Bell
from bot.sandbox.rules import BotApi
from bot.sandbox.updates import Queued
from bot.sandbox.webhooks import SECRET_HEADER
from schedules.clock import Clock

_TIMEOUT_SECONDS = 60.0
_LOOK_SECONDS = 0.5


class WebhookDelivery:
    """The sending half of the webhook; runs beside the HTTP server."""

    def __init__(self, api: BotApi, clock: Clock, bell: Bell) -> None:
        self._api = api
        self._clock = clock
        self._bell = bell
        self._posts: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self, client: httpx.AsyncClient) -> AsyncIterator[None]:
        """Deliver while the context is open; posts under way are cut when it closes."""
        loop = asyncio.create_task(self._run(client))
        try:
            yield
        finally:
            tasks = [loop, *self._posts]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, client: httpx.AsyncClient) -> None:
        while True:
            with self._bell.listening() as heard:
                if not self._api.faults.outage:
                    self._start_due(client)
                await heard.wait(self._pause())

    def _start_due(self, client: httpx.AsyncClient) -> None:
        for queued in self._api.webhook_due(self._clock.system_now()):
            task = asyncio.create_task(self._post(client, queued))
            self._posts.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._posts.discard(task)
        self._bell.ring()

    def _pause(self) -> float:
        next_try = self._api.webhook.next_try_at()
        if next_try is None:
            return _LOOK_SECONDS
        return min(max(next_try - self._clock.system_now().timestamp(), 0.01), _LOOK_SECONDS)

    async def _post(self, client: httpx.AsyncClient, queued: Queued) -> None:
        webhook = self._api.webhook
        headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
        try:
            response = await client.post(webhook.url, json=queued.body, headers=headers, timeout=_TIMEOUT_SECONDS)
        except httpx.HTTPError:
            self._api.webhook_failed(self._clock.system_now(), queued, "Connection failed")
            return
        if response.is_success:
            self._api.webhook_succeeded(queued)
            self._call_back(response)
            return
        reason = f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
        wait = response.headers.get("Retry-After", "")
        retry_after = int(wait) if wait.isdecimal() else None
        self._api.webhook_failed(self._clock.system_now(), queued, reason, retry_after)

    def _call_back(self, response: httpx.Response) -> None:
        """Carry out a method call that the bot put into its answer; it never learns the result."""
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return
        with suppress(ValueError):
            body = response.json()
            self._perform(body)

    def _perform(self, body: Any) -> None:
        if isinstance(body, dict) and isinstance(body.get("method"), str):
            method = body.pop("method")
            self._api.exchange(self._clock.system_now(), self._api.token, method, body)
