"""Telegram's sending limits: about one message a second in a chat, about thirty a second over all chats."""

import math
from dataclasses import dataclass, field

from bot.sandbox.answers import too_many_requests


@dataclass(frozen=True)
class Limits:
    """Rates in messages per second and the bursts that are let through.

    Telegram publishes no exact numbers; one and thirty per second are those of its bot FAQ.
    """

    chat_per_second: float = 1.0
    chat_burst: int = 12
    all_per_second: float = 30.0
    all_burst: int = 30


NO_LIMITS = Limits(chat_per_second=1e9, chat_burst=10**9, all_per_second=1e9, all_burst=10**9)


@dataclass
class _Bucket:
    rate: float
    size: int
    level: float
    at: float

    def wait(self, now: float) -> float:
        """Return the seconds until one more message is let through, 0 if it is now."""
        self.level = min(self.size, self.level + max(now - self.at, 0.0) * self.rate)
        self.at = max(now, self.at)
        return 0.0 if self.level >= 1 else (1 - self.level) / self.rate


@dataclass
class FloodGate:
    """Counts messages and edits and refuses those above the limits."""

    limits: Limits
    _chats: dict[int, _Bucket] = field(default_factory=dict)
    _all: _Bucket | None = None
    _closed_until: dict[int, float] = field(default_factory=dict)

    def pass_one(self, now: float, chat_id: int) -> None:
        """Count one message to `chat_id`; raise a 429 RefusalError with seconds to wait when it is too many.

        A call before the last wait was over gets kind `flood_ignored`, any other `flood`.
        """
        closed = self._closed_until.get(chat_id, 0.0) - now
        if closed > 0:
            raise too_many_requests("flood_ignored", math.ceil(closed))
        one = self._bucket(now, chat_id)
        everyone = self._everyone(now)
        wait = max(one.wait(now), everyone.wait(now))
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            self._closed_until[chat_id] = now + seconds
            raise too_many_requests("flood", seconds)
        one.level -= 1
        everyone.level -= 1

    def _bucket(self, now: float, chat_id: int) -> _Bucket:
        limits = self.limits
        fresh = _Bucket(limits.chat_per_second, limits.chat_burst, limits.chat_burst, now)
        return self._chats.setdefault(chat_id, fresh)

    def _everyone(self, now: float) -> _Bucket:
        if self._all is None:
            limits = self.limits
            self._all = _Bucket(limits.all_per_second, limits.all_burst, limits.all_burst, now)
        return self._all
