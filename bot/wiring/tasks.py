"""What runs in the background of the service, and what its failure means."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.errors import DiaryError
from bot.log import get_logger

log = get_logger(__name__)

LAST_TASKS = 5.0  # seconds that cancelled tasks get to end


class Tasks:
    """Named tasks of the running loop.

    One that fails ends the service: it is better to be restarted than to be half alive.
    """

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Let something run until it ends by itself or is ended by its name."""
        task = asyncio.create_task(work, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._ended)

    async def until(self, stopped: asyncio.Event) -> None:
        """Wait for the event; raises what stopped one of the tasks before."""
        waiting = asyncio.create_task(stopped.wait())
        both: set[asyncio.Future[Any]] = {waiting, self._failed}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._failed.done():
            self._failed.result()

    async def end(self, *names: str) -> None:
        """Cancel the tasks of these names, and wait a moment for them."""
        ending = [task for task, name in self._tasks.items() if name in names]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending, timeout=LAST_TASKS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        name = self._tasks.pop(task, "")
        error = None if task.cancelled() else task.exception()
        if error is None or self._failed.done():
            return
        if not isinstance(error, DiaryError):
            log.error("part_failed", part=name, exc_info=error)
        self._failed.set_exception(error)
