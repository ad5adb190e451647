"""A bell that wakes waiting requests at once when something changes, from whichever thread it is rung."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Heard:
    """One listener: `wait` ends when the bell rings or the time is over."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return after the next ring, at the latest after `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0)):
                await self.event.wait()


class Bell:
    """Rung after every change; `close` ends all waiting, so that a server can stop."""

    def __init__(self) -> None:
        self._listeners: set[Heard] = set()
        self.closed = False

    def ring(self) -> None:
        """Wake every listener."""
        for heard in list(self._listeners):
            with suppress(RuntimeError):  # its loop has ended in the meantime
                heard.loop.call_soon_threadsafe(heard.event.set)

    def close(self) -> None:
        """Wake every listener for good."""
        self.closed = True
        self.ring()

    @contextmanager
    def listening(self) -> Iterator[Heard]:
        """Listen first, look second, wait third: no ring in between is missed."""
        heard = Heard()
        self._listeners.add(heard)
        try:
            yield heard
        finally:
            self._listeners.discard(heard)
