"""An event loop whose time passes only when there is nothing left to do, and that says when that is."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Selector(selectors.DefaultSelector):
    """Never blocks: where the loop would wait, `idle` is told for how long (None: for ever).

    Nothing comes from outside, so the system is asked only then.
    """

    idle: Callable[[float | None], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []
        ready = super().select(0)
        if not ready:
            self.idle(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer once nothing can happen any more, unless somebody waits for that very moment."""

    def __init__(self) -> None:
        self._virtual = 0.0
        self._waiting: list[asyncio.Future[None]] = []
        selector = _Selector()
        selector.idle = self._idle
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds since the loop began."""
        return self._virtual

    async def quiet(self) -> None:
        """Return when everything that can happen at this instant has happened; no timer has fired meanwhile."""
        future = self.create_future()
        self._waiting.append(future)
        await future

    def _idle(self, seconds: float | None) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)
        elif seconds is None:
            raise RuntimeError("Nothing is left to wait for: the rehearsal would stand still for ever.")
        else:
            self._virtual += seconds


def run_virtual(main: Callable[[VirtualLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine, made for the loop, to its end in virtual time."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main(loop))
