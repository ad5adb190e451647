"""The webhook of a bot: its setting, the updates to deliver now, and the back-off after a failure."""

import random
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.answers import bad_request
from bot.sandbox.updates import Queued, UpdateQueue, oldest_of_each_key

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MAX_RETRY_AFTER = 3600
_MAX_CONNECTIONS = 100
_DEFAULT_CONNECTIONS = 40


@dataclass
class Webhook:
    """Where updates go. An empty `url` means that the bot polls. Times are epoch seconds."""

    url: str = ""
    secret: str = ""
    max_connections: int = _DEFAULT_CONNECTIONS
    last_error: str = ""
    last_error_at: float = 0.0
    _failures: dict[int, int] = field(default_factory=dict)
    _not_before: dict[int, float] = field(default_factory=dict)
    _in_flight: set[int] = field(default_factory=set)

    def due(self, now: float, queue: UpdateQueue) -> list[Queued]:
        """Return the updates to post now, at most one per queue key, and mark them as under way."""
        queue.drop_expired(now)
        free = self.max_connections - len(self._in_flight)
        heads = [
            queued
            for queued in oldest_of_each_key(queue.waiting)
            if queued.key not in self._in_flight and self._not_before.get(queued.key, 0.0) <= now
        ]
        chosen = heads[: max(free, 0)]
        self._in_flight |= {queued.key for queued in chosen}
        return chosen

    def next_try_at(self) -> float | None:
        """Return the first instant at which a failed delivery may be tried again."""
        return min(self._not_before.values(), default=None)

    def succeeded(self, queued: Queued, queue: UpdateQueue) -> None:
        """Forget a delivered update and let its queue go on."""
        self._in_flight.discard(queued.key)
        self._failures.pop(queued.key, None)
        self._not_before.pop(queued.key, None)
        queue.remove(queued.update_id)

    def failed(
        self, now: float, queued: Queued, reason: str, rng: random.Random, retry_after: int | None = None
    ) -> None:
        """Put a refused update off: try again at once, then after 2, 4, 8 ... seconds, at most 60-120."""
        self._in_flight.discard(queued.key)
        count = self._failures[queued.key] = self._failures.get(queued.key, 0) + 1
        wait = 0.0 if count == 1 else min(2.0 ** (count - 1), rng.uniform(60, 120))
        if retry_after is not None:
            wait = float(min(max(retry_after, 0), _MAX_RETRY_AFTER))
        self._not_before[queued.key] = now + wait
        self.last_error, self.last_error_at = reason, now

    def info_json(self, queue: UpdateQueue) -> dict[str, Any]:
        """Return the `WebhookInfo` object."""
        info: dict[str, Any] = {
            "url": self.url, "has_custom_certificate": False, "pending_update_count": len(queue.waiting),
        }  # fmt: skip
        if self.url:
            info["max_connections"] = self.max_connections
        if self.last_error:
            info |= {"last_error_date": int(self.last_error_at), "last_error_message": self.last_error}
        if queue.allowed is not None:
            info["allowed_updates"] = sorted(queue.allowed)
        return info


def new_webhook(parameters: dict[str, Any]) -> Webhook:
    """Return the webhook that setWebhook asks for; raises RefusalError for a bad address or secret."""
    url = parameters["url"]
    secret = parameters.get("secret_token", "")
    connections = parameters.get("max_connections", _DEFAULT_CONNECTIONS)
    if url:
        _check_address(url)
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("bad_webhook", "secret token contains unallowed characters")
    if not 1 <= connections <= _MAX_CONNECTIONS:
        raise bad_request("bad_webhook", "max_connections must be between 1 and 100")
    return Webhook(url=url, secret=secret, max_connections=connections)


def _check_address(url: str) -> None:
    """Accept this machine only: a plain-text address elsewhere would be refused by Telegram as well."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise bad_request("bad_webhook", "bad webhook: An HTTPS URL must be provided for webhook")
    if address.hostname not in _LOOPBACK:
        raise bad_request("bad_webhook", "bad webhook: the sandbox delivers to this machine only")
