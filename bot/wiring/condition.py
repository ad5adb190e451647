"""How the service stands, for `/readyz` and the metrics."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from bot.channels.housekeeping import Housekeeper
from bot.channels.readiness import Readiness
from bot.channels.telegram.line import Line
from bot.storage.database import Database
from bot.storage.facts import note_fact
from bot.storage.inbox import count_aside, count_waiting
from bot.storage.outbox import count_due, next_due
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock

TRIED = "tried_to_store"  # after a failure


class Condition:
    """Looks at the parts; `up` says whether the service has been started and not been stopped."""

    def __init__(
        self, database: Database, clock: Clock, housekeeper: Housekeeper, line: Line | None, up: Callable[[], bool]
    ) -> None:
        self._database, self._clock, self._housekeeper = database, clock, housekeeper
        self._line, self._up = line, up

    async def readiness(self) -> Readiness:
        """How the service stands; study time is settled first, so that the numbers belong to it."""
        try:
            await self._housekeeper.settle()
            if not self._database.takes:
                await self._try_to_store()
            return await self._database.reading(self._look)
        except DATABASE_TROUBLE:
            return Readiness(("the database does not answer",), self._clock.now(), None, 0, 0)

    async def _try_to_store(self) -> None:
        """Where nothing is stored for a while, nobody would notice that the database takes something again."""
        with suppress(*DATABASE_TROUBLE):
            await self._database.writing(self._store_a_little)

    def _store_a_little(self) -> None:
        with self._database.write() as session:
            note_fact(session, TRIED, "stored", at=self._clock.system_now())

    def _look(self) -> Readiness:
        now = self._clock.now()
        with self._database.read() as session:
            inbox, aside = count_waiting(session), count_aside(session)
            due, following = count_due(session, now), next_due(session)
        return Readiness(tuple(self._reasons()), now, following, inbox, due, aside)

    def _reasons(self) -> Iterator[str]:
        if not self._up():
            yield "starting or stopping"
        if not self._database.takes:
            yield "the database takes nothing: look at its disk, its rights and its log"
        if self._housekeeper.leads() and not self._housekeeper.settled:
            yield "the plan is not up to date yet"
        if self._line is not None and (trouble := self._line.trouble()):
            yield trouble
