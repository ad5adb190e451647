"""Our own poll loop: updates are stored and committed before the next offset confirms them to Telegram."""

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.channels.metrics import POLL_FAILURES, UPDATES_STORED
from bot.channels.slowness import or_tell
from bot.channels.telegram.not_saved import NotSaved
from bot.channels.telegram.transport import UNREADABLE, AskedToWaitError, Transport
from bot.log import get_logger
from bot.storage.database import Database
from bot.storage.inbox import store_updates
from schedules.clock import Clock

log = get_logger(__name__)

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
LONG_POLL = 25  # seconds
GRACE = 10.0  # seconds beyond the long poll before a silent server counts as gone
BATCH = 100
FIRST_REST, LONGEST_REST = 0.5, 30.0  # seconds between tries
LONGEST_UNREACHABLE_REST = 4.0  # soon after Telegram is back we want to know what was typed meanwhile
LONGEST_DATABASE_REST = 2.0
TOKEN_REST = 60.0
QUICK = 0.3  # seconds; a server that answers emptily faster than this is not asked at once again


class Poller:
    """Fetches updates for one bot.

    `stored` is told after each commit which chats have something new; `unsaved` says "not saved yet" when the
    database takes nothing; `resumed` shares the transaction that stores the first updates after a silence, so
    that nothing is handled before the silence is known. `caught_up` says that an empty answer has come since the
    last failure: all that had waited is stored. `failed` is called when polls begin to fail.
    """

    def __init__(
        self,
        bot: Bot,
        transport: Transport,
        database: Database,
        clock: Clock,
        *,
        stored: Callable[[Collection[int]], None],
        unsaved: NotSaved | None = None,
        resumed: Callable[[Session], None] = lambda _session: None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._bot, self._transport, self._database, self._clock = bot, transport, database, clock
        self._stored, self._unsaved, self._resumed, self._fails = stored, unsaved, resumed, failed
        self._offset: int | None = None
        self._failures = 0
        self._silent = True
        self.heard_at: float | None = None
        self.caught_up = False
        self.trouble: str | None = None

    async def run(self) -> None:
        """Poll until cancelled; an update whose storing was cut short is fetched again."""
        while True:
            rest = await self.step()
            if rest:
                await asyncio.sleep(rest)

    async def step(self) -> float:
        """One poll; answers how many seconds to rest before the next."""
        started = self._clock.monotonic()
        try:
            updates = await self._fetch()
            await self._store(updates)
        except (TelegramError, SQLAlchemyError) as error:
            return self._failed(error)
        self._failures, self.trouble = 0, None
        self.caught_up = self.caught_up or not updates
        self.heard_at = self._clock.monotonic()
        return QUICK if not updates and self.heard_at - started < QUICK else 0.0

    async def _fetch(self) -> Sequence[Any]:
        patience = LONG_POLL if self.caught_up else 0  # first catch up, then wait
        wanted: dict[str, Any] = {"timeout": patience, "limit": BATCH, "allowed_updates": list(ALLOWED_UPDATES)}
        if self._offset is not None:
            wanted["offset"] = self._offset
        address = f"{self._bot.base_url}/getUpdates"
        try:
            found = await self._transport.post(address, form(wanted), read_timeout=LONG_POLL + GRACE)
        except UNREADABLE:
            raise TelegramError("getUpdates answered something unreadable") from None
        if not isinstance(found, list):
            raise TelegramError("getUpdates answered something that is no list")
        return found

    async def _store(self, updates: Sequence[Any]) -> None:
        if not updates:
            return
        now = self._clock.now()

        async def tell() -> None:
            if self._unsaved is not None:
                self._unsaved.tell(updates)

        try:
            new = await or_tell(self._database.writing(lambda: self._insert(updates, now)), tell)
        except SQLAlchemyError:
            await tell()
            raise
        self._silent = False
        if self._unsaved is not None:
            self._unsaved.forget()
        numbers = [number for update in updates if (number := update_number(update)) is not None]
        if numbers:
            self._offset = max(numbers) + 1
        if new:
            UPDATES_STORED.inc(len(new))
            self._stored(new)

    def _insert(self, updates: Sequence[Any], now: Any) -> Sequence[int]:
        with self._database.write() as session:
            if self._silent:
                self._resumed(session)
            return store_updates(session, updates, now=now)

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        self._silent, self.caught_up = True, False
        if self._failures == 1:
            self._fails()
        self.trouble, rest = self._judge(error)
        POLL_FAILURES.labels(self.trouble).inc()
        log.warning("poll_failed", code=self.trouble, attempt=self._failures, error=type(error).__name__)
        return rest

    def _judge(self, error: Exception) -> tuple[str, float]:
        backed_off = min(FIRST_REST * 2 ** min(self._failures - 1, 10), LONGEST_REST)
        match error:
            case AskedToWaitError():
                return "too_many_requests", error.seconds
            case Conflict():
                return "another_poller", max(backed_off, 2.0)
            case InvalidToken():
                return "token_refused", TOKEN_REST
            case SQLAlchemyError():
                return "database_trouble", min(backed_off, LONGEST_DATABASE_REST)
        return "telegram_unreachable", min(backed_off, LONGEST_UNREACHABLE_REST)


def update_number(update: Any) -> int | None:
    """The update's number, when it has a sensible one."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63 else None


def form(values: dict[str, Any]) -> RequestData:
    """Form fields as python-telegram-bot sends them: text, lists as JSON."""
    return RequestData(
        [
            RequestParameter.from_input(key, json.dumps(value) if isinstance(value, list) else value)
            for key, value in values.items()
        ]
    )
