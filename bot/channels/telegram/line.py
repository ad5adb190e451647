"""The line to Telegram: greet, choose how updates come, fetch them, and know whether it is alive."""

import asyncio
from collections.abc import Callable, Collection

from sqlmodel import Session
from telegram import Bot
from telegram.error import TelegramError

from bot.channels.telegram.http import connect
from bot.channels.telegram.introduction import choose_polling, choose_webhook, introduce, learn_name
from bot.channels.telegram.not_saved import NotSaved
from bot.channels.telegram.poller import GRACE, LONG_POLL, Poller
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.transport import UNREADABLE
from bot.settings import Settings
from bot.storage.database import Database
from schedules.clock import Clock

LONGEST_QUESTION = 5.0  # seconds
FETCHED_WITHIN = 10.0  # seconds in which we fetch what waits
BROUGHT_WITHIN = 130.0  # the same by webhook: Telegram rests up to 120 s after several failures


class Line:
    """One bot's connection.

    `named` learns the bot's user name, in the writer thread; `stored` is called after each commit of updates,
    `trouble` words "not saved yet" for a language hint, `resumed` notes a silence that has ended, `failed` is called
    when one begins.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        *,
        ingest: bool,
        named: Callable[[str], None],
        stored: Callable[[Collection[int]], None],
        trouble: Callable[[str | None], str | None],
        resumed: Callable[[Session], None],
        failed: Callable[[], None],
    ) -> None:
        self._settings, self._database, self._clock, self._ingest = settings, database, clock, ingest
        self._named, self._made_at = named, clock.monotonic()
        self._connection = connect(settings)
        self._open = False
        self.unsaved = NotSaved(TelegramSender(self._connection.bot).answer, trouble)
        self._poller = Poller(
            self._connection.bot, self._connection.polling, database, clock, stored=stored, unsaved=self.unsaved,
            resumed=resumed, failed=failed,
        )  # fmt: skip

    @property
    def bot(self) -> Bot:
        """The client, for sending."""
        return self._connection.bot

    async def greet(self) -> None:
        """Learn who we are and choose how updates come. Raises RefusedError when Telegram says no."""
        name = await learn_name(self.bot)
        await self._database.writing(lambda: self._named(name))
        if self._ingest and self._settings.uses_webhook:
            await choose_webhook(self.bot, self._settings)
        elif self._ingest:
            await choose_polling(self.bot)
        self._open = True

    async def serve(self) -> None:
        """Introduce the bot to people, and fetch updates until cancelled unless Telegram brings them."""
        if not self._ingest:
            return
        if self._settings.uses_webhook:
            await introduce(self.bot)
            return
        introduction = asyncio.create_task(introduce(self.bot))
        try:
            await self._poller.run()
        finally:
            introduction.cancel()

    def hears(self) -> bool:
        """Whether a participant's tap would reach us now."""
        if not self._open or not self._ingest:
            return False
        if self._settings.uses_webhook:
            return True
        heard_at = self._poller.heard_at
        return heard_at is not None and self._clock.monotonic() - heard_at < LONG_POLL + GRACE

    async def fetched(self) -> bool | None:
        """Whether Telegram keeps nothing for us: True or False, None when nobody can say."""
        if self._settings.uses_webhook:
            return await self._brought()
        if not self._ingest or self._poller.caught_up:
            return True
        return None if self._poller.trouble else False

    async def _brought(self) -> bool | None:
        """The same of a webhook, whichever process serves it: what failed meanwhile comes at Telegram's pace."""
        try:
            async with asyncio.timeout(LONGEST_QUESTION):
                return (await self.bot.get_webhook_info()).pending_update_count == 0
        except (TelegramError, TimeoutError, *UNREADABLE):
            return None

    @property
    def catches_up_within(self) -> float:
        """Seconds after which what Telegram keeps should have come."""
        return BROUGHT_WITHIN if self._settings.uses_webhook else FETCHED_WITHIN

    @property
    def look_every(self) -> float:
        """Seconds between looks at `fetched`: one of ours is cheap, Telegram is asked more rarely."""
        return 0.5 if self._settings.uses_webhook else 0.05

    def poll_age(self) -> float | None:
        """Seconds since a poll succeeded, or since the line was opened; None when nothing is polled here."""
        if not self._ingest or self._settings.uses_webhook:
            return None
        return self._clock.monotonic() - (self._poller.heard_at or self._made_at)

    def trouble(self) -> str | None:
        """Why updates do not reach us, in words for an operator; None when they do."""
        if not self._ingest or self.hears():
            return None
        if not self._open:
            return "Telegram has not answered yet"
        return f"no update could be fetched ({self._poller.trouble or 'waiting'})"

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()
