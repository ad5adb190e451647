"""Looking after the audit trail: verified at the start and daily, anchored hourly and after a signature."""

import threading
from pathlib import Path

from bot.actions.anchor_audit import anchor_if_due
from bot.actions.verify_audit import verify_audit, verify_if_due
from bot.log import get_logger
from bot.storage.chain import VerificationStoppedError
from bot.storage.database import Database
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import Clock

log = get_logger(__name__)


class AuditCare:
    """Whatever is wrong goes to the log and to the clinic's page; instants are security time."""

    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self._database, self._clock, self._folder = database, clock, folder
        self._verified = False
        self._stopping = threading.Event()

    async def tick(self) -> None:
        """Verify and anchor what is due."""
        await self._database.reading(self._look_after)

    def anchor(self) -> None:
        """Anchor when it is due; an anchor that cannot be written never undoes what has been committed."""
        try:
            anchor_if_due(self._database, self._folder, at=self._clock.system_now())
        except (OSError, *DATABASE_TROUBLE) as error:
            log.error("anchor_not_written", error=type(error).__name__)  # noqa: TRY400  # no trace

    def stop(self) -> None:
        """A study of years takes long to verify; whoever stops the service does not wait for it."""
        self._stopping.set()

    def _look_after(self) -> None:
        at = self._clock.system_now()
        verify, self._verified = (verify_if_due if self._verified else verify_audit), True
        try:
            found = verify(self._database, at=at, watch=self._watch)
        except VerificationStoppedError:
            return
        for finding in found.findings if found is not None else ():
            log.error("audit_not_intact", kind=finding.kind, count=finding.seq)
        self.anchor()

    def _watch(self) -> None:
        if self._stopping.is_set():
            raise VerificationStoppedError
