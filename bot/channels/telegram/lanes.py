"""Requests that leave at one moment, each on a connection of its own.

A pool gives all of them its first idle connection, and those that find it taken ask again, looking at every connection
each time: for ten messages that leave together that cost more than the messages themselves.
"""

import asyncio
from collections.abc import Sequence

import httpx
from telegram.error import TimedOut
from telegram.request import BaseRequest, RequestData


class Lanes(BaseRequest):
    """Transports of one connection each; a request takes the one that was used last, or waits until one is free.

    Raises TimedOut, caused by httpx.PoolTimeout, when none was free for `patience` seconds.
    """

    def __init__(self, lanes: Sequence[BaseRequest], *, patience: float) -> None:
        self._lanes, self._patience = lanes, patience
        self._free: asyncio.LifoQueue[BaseRequest] = asyncio.LifoQueue()
        for lane in lanes:
            self._free.put_nowait(lane)

    @property
    def read_timeout(self) -> float | None:
        """That of every lane, in seconds."""
        return self._lanes[0].read_timeout

    async def initialize(self) -> None:
        """Make every lane ready."""
        for lane in self._lanes:
            await lane.initialize()

    async def shutdown(self) -> None:
        """Close every lane."""
        for lane in self._lanes:
            await lane.shutdown()

    async def do_request(  # type: ignore[override]  # the timeouts pass through untouched
        self, url: str, method: str, request_data: RequestData | None = None, **timeouts: object
    ) -> tuple[int, bytes]:
        """What the lane answers."""
        lane = await self._next_free()
        try:
            return await lane.do_request(url, method, request_data, **timeouts)  # type: ignore[arg-type]  # as they came
        finally:
            self._free.put_nowait(lane)

    async def _next_free(self) -> BaseRequest:
        if not self._free.empty():
            return self._free.get_nowait()
        try:
            async with asyncio.timeout(self._patience):
                return await self._free.get()
        except TimeoutError:
            raise TimedOut from httpx.PoolTimeout("every connection is in use")
