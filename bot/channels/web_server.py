"""The HTTP server in our own event loop: it binds first, so that a taken port is said in a sentence."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from bot.channels.listening import Listener, bind

STARTED_WITHIN = 10.0  # seconds
LAST_REQUESTS = 5  # seconds that open requests get at the end


class OwnLoopServer(uvicorn.Server):
    """Uvicorn without its signal handlers: the service listens to signals itself."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class WebServer:
    """Serves one app on one address; `lifespan` for apps that start and end work of their own.

    `proxies` are addresses or networks, with commas between, whose word about the caller's own address is believed.
    """

    def __init__(
        self, app: ASGIApp, *, host: str, port: int, lifespan: bool = False, proxies: str | None = None
    ) -> None:
        self._host, self._port = host, port
        self._server = OwnLoopServer(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, lifespan="on" if lifespan else "off",
                ws="none", timeout_graceful_shutdown=LAST_REQUESTS,
                proxy_headers=proxies is not None, forwarded_allow_ips=proxies or "",
            )
        )  # fmt: skip
        self._task: asyncio.Task[None] | None = None
        self.address = ""
        self.port = 0

    async def start(self, listener: Listener | None = None) -> None:
        """Serve on the address that has been taken, or take it. Raises RefusedError when it is taken or not ours."""
        listener = listener or bind(self._host, self._port)
        self.port, self.address = listener.port, listener.address
        self._task = asyncio.create_task(self._server.serve(sockets=[listener.socket]))
        async with asyncio.timeout(STARTED_WITHIN):
            while not self._server.started:  # noqa: ASYNC110  # uvicorn offers no event
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Let open requests finish, then close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
            self._task = None
