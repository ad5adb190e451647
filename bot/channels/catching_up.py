"""After a silence, what people wrote meanwhile goes first: planned messages wait until it has been handled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.actions.prepare_message import Ready
from bot.channels.outcomes import Outcome, Retry, Unknown
from bot.log import get_logger
from bot.storage.database import Database
from bot.storage.inbox import count_waiting
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock

log = get_logger(__name__)

UNANSWERED = 10.0  # seconds of holding back while the channel does not say whether anything waits
SILENCE = 5.0  # seconds without an answer to anything we sent


class Sender(Protocol):
    """The way out."""

    async def send(self, ready: Ready) -> Outcome: ...


class CatchingUp:
    """Holds planned messages back, and lets them go once nothing waits any more, or after a time.

    `fetched` asks the channel: True when it keeps nothing for us, False while it does, None when it does not say.
    Time with no word from the channel ends after `UNANSWERED`, time in which it says that something waits after
    `within` seconds: a channel that is never done must not silence us. `let_go` is called at the end.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        fetched: Callable[[], Awaitable[bool | None]],
        *,
        within: float,
        look_every: float,
        let_go: Callable[[], None],
    ) -> None:
        self._database, self._clock, self._fetched = database, clock, fetched
        self._within, self._look_every, self._let_go = within, look_every, let_go
        self._began = asyncio.Event()
        self._failing_since: float | None = None

    def begin(self) -> None:
        """Hold planned messages back: there was a silence, or we have only just come."""
        self._began.set()

    def holds(self) -> bool:
        """Whether planned messages must wait at this moment."""
        return self._began.is_set()

    def heed(self, sender: Sender) -> Sender:
        """The same way out, whose failures tell of a silence."""
        return _Heeded(sender, self._note)

    async def run(self) -> None:
        """Look again and again while something is held back, until cancelled."""
        while True:
            await self._began.wait()
            if not await self._caught_up():
                log.warning("caught_up_in_vain")
            self._began.clear()
            self._let_go()

    async def _caught_up(self) -> bool:
        """Wait until nothing waits; False when time was over before."""
        until = self._clock.monotonic() + UNANSWERED
        answered = False
        while (now := self._clock.monotonic()) < until:
            fetched = await self._fetched()
            if fetched and not await self._waits():
                return True
            if fetched is not None and not answered:
                answered, until = True, now + self._within
            await asyncio.sleep(self._look_every)
        return False

    async def _waits(self) -> bool:
        try:
            return await self._database.reading(self._count) > 0
        except DATABASE_TROUBLE:
            return True

    def _count(self) -> int:
        with self._database.read() as session:
            return count_waiting(session)

    def _note(self, outcome: Outcome) -> None:
        now = self._clock.monotonic()
        if not isinstance(outcome, Unknown) and not (isinstance(outcome, Retry) and outcome.after is None):
            self._failing_since = None
            return
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since >= SILENCE:
            self.begin()


class _Heeded:
    """Tells what became of each attempt."""

    def __init__(self, sender: Sender, tell: Callable[[Outcome], None]) -> None:
        self._sender, self._tell = sender, tell

    async def send(self, ready: Ready) -> Outcome:
        outcome = await self._sender.send(ready)
        self._tell(outcome)
        return outcome
