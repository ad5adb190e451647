"""Updates waiting for the bot: retention, offsets and confirmation as getUpdates defines them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.answers import RefusalError, bad_request

# tdlib/telegram-bot-api Client.cpp: callback queries wait 150 s, messages until a day after their date.
CALLBACK_LIFETIME = 150
MESSAGE_LIFETIME = 24 * 3600
MAX_LIMIT = 100
MAX_TIMEOUT = 50
_REPEAT_SECONDS = 0.5
# With an empty list Telegram leaves out chat_member and reactions; these four are all that the sandbox makes.
ALL_KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
# Queue keys of the webhook sender: order is kept within one key only.
CALLBACK_KEY = 3 << 33
MEMBER_KEY = 5 << 33


@dataclass(frozen=True)
class Queued:
    """An update that waits; `key` names its webhook queue, `expires_at` is in epoch seconds."""

    update_id: int
    body: dict[str, Any]
    key: int
    expires_at: float


@dataclass
class UpdateQueue:
    """The updates of one bot, oldest first, and what its poller asked last."""

    next_id: int
    waiting: list[Queued] = field(default_factory=list)
    allowed: frozenset[str] | None = None
    expired: int = 0
    ticket: int = 0
    _asked_offset: int | None = None
    _asked_at: float = float("-inf")

    def add(self, now: float, fields: dict[str, Any], *, key: int, lifetime: float) -> Queued | None:
        """Queue an update unless the bot does not want its kind; None then."""
        if self.allowed is not None and set(fields) & set(ALL_KINDS) and not set(fields) & self.allowed:
            return None
        queued = Queued(self.next_id, {"update_id": self.next_id, **fields}, key, now + lifetime)
        self.next_id += 1
        self.waiting.append(queued)
        return queued

    def drop_expired(self, now: float) -> None:
        """Forget what nobody fetched in time, as Telegram does, for ever."""
        kept = [queued for queued in self.waiting if queued.expires_at > now]
        self.expired += len(self.waiting) - len(kept)
        self.waiting = kept

    def confirm_before(self, offset: int) -> None:
        """Forget every update below `offset`; a negative offset keeps that many from the end."""
        if offset > 0:
            self.waiting = [queued for queued in self.waiting if queued.update_id >= offset]
        elif offset < 0:
            self.waiting = self.waiting[offset:]

    def remove(self, update_id: int) -> None:
        """Forget one update: the webhook accepted it."""
        self.waiting = [queued for queued in self.waiting if queued.update_id != update_id]

    def ask(self, now: float, offset: int, limit: int) -> list[dict[str, Any]]:
        """Answer a new getUpdates call; the same offset again within half a second gets one update."""
        self.ticket += 1
        if offset == self._asked_offset and now < self._asked_at + _REPEAT_SECONDS:
            limit = 1
        self._asked_offset, self._asked_at = offset, now
        self.confirm_before(offset)
        return self.peek(now, limit)

    def peek(self, now: float, limit: int) -> list[dict[str, Any]]:
        """Return the oldest waiting updates, confirming nothing."""
        self.drop_expired(now)
        return [queued.body for queued in self.waiting[: min(max(limit, 1), MAX_LIMIT)]]

    def want(self, kinds: Any) -> None:
        """Take over `allowed_updates`: None keeps the setting, an empty list means every usual kind."""
        if kinds is None:
            return
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise bad_request("bad_parameter", "can't parse allowed_updates JSON object")
        self.allowed = frozenset(kinds) or None


def conflict(reason: str) -> RefusalError:
    """Return the 409 for a second poller, or for polling beside a webhook."""
    return RefusalError("conflict", 409, f"Conflict: {reason}")


OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
WEBHOOK_SET = "terminated by setWebhook request"


def oldest_of_each_key(waiting: Iterable[Queued]) -> list[Queued]:
    """Return the first update of every webhook queue."""
    heads: dict[int, Queued] = {}
    for queued in waiting:
        heads.setdefault(queued.key, queued)
    return list(heads.values())
