"""What was committed is copied from SQLite's write-ahead log into the file beside the writer, and not in its commits.

By itself SQLite has the commit that fills the log copy it back, with two waits for the disk: every tap then pays for
the thousand pages before it, and whoever claims ten thousand messages for all of theirs.
"""

import threading
from contextlib import AbstractContextManager, suppress
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

ENOUGH = 1_000  # pages of 4 KiB that are worth copying: as many as SQLite lets pass by itself
AT_MOST = 16_384  # pages, 64 MiB: beyond it every commit copies what is left, so that the log cannot grow without end
PASSES = 3  # beside the writer
PAUSE = 0.1  # seconds from a commit to the look at the log, and so between two looks
LOOK, COPY = "PRAGMA wal_checkpoint(NOOP)", "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """A thread that looks at the log after commits, on a connection of its own.

    The log begins anew only where all of it has been copied, and a commit into new room on the disk takes longer than
    one over old pages: so the last pages are copied while `writing` is held. Few are left by then, and the file has
    nearly always been brought to the disk: a pass waits for that only where no commit came while it copied.
    """

    def __init__(self, engine: Engine, writing: AbstractContextManager[object]) -> None:
        self._engine, self._writing = engine, writing
        self._committed, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="checkpoint", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """Say that there is something new in the log."""
        self._committed.set()

    def end(self) -> None:
        """Look no more; the connection that is closed last copies the rest."""
        self._ending.set()
        self._committed.set()
        self._thread.join()

    def _keep(self) -> None:
        errors: Any = (self._engine.dialect.loaded_dbapi.Error, SQLAlchemyError)
        while self._committed.wait() and not self._ending.wait(PAUSE):
            self._committed.clear()
            with suppress(*errors):  # a disk that is full or gone is told of by the next commit
                self._look()

    def _look(self) -> None:
        pooled = self._engine.raw_connection()
        try:
            driver: Any = pooled.driver_connection
            _busy, pages, copied = driver.execute(LOOK).fetchone()
            if pages - copied < ENOUGH:
                return
            for _ in range(PASSES):
                driver.execute(COPY).fetchone()
            with self._writing:
                driver.execute(COPY).fetchone()
        finally:
            pooled.close()
