"""Real servers and a real Chromium for tests: an ASGI app on a loopback port, Debian's browser headless."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI app from a thread of its own; yields its address such as `http://127.0.0.1:40123`."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        bell = getattr(getattr(app, "state", None), "bell", None)
        if bell is not None:
            bell.close()
        server.should_exit = True
        thread.join(10)
        listener.close()


def require_chromium() -> None:
    """Skip without Chromium, unless TEST_REQUIRE names it: then fail."""
    if CHROMIUM.exists():
        return
    reason = f"{CHROMIUM} is missing: install the Debian package chromium"
    if "chromium" in os.environ.get("TEST_REQUIRE", ""):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright's synchronous interface; yields its Browser."""
    require_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
