"""Real servers and a real Chromium for tests: an ASGI app on a loopback port, Debian's browser headless."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from bot.channels.listening import bind

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 15_000  # milliseconds that a step on a page may take on a busy machine
DESK, PHONE = (1366, 900), (390, 844)  # CSS pixels


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI app from a thread of its own; yields its address such as `http://127.0.0.1:40123`."""
    listener = bind("127.0.0.1", 0)  # as the product does: an answer's body is not held back for its head
    listener.socket.listen()
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener.socket])), daemon=True)
    thread.start()
    try:
        yield listener.address
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
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Windows:
    """Browser windows on one served app; what goes wrong in any of them is noted for the end of the test."""

    browser: "Browser"
    base: str
    problems: list[str] = field(default_factory=list)
    contexts: "list[BrowserContext]" = field(default_factory=list)

    def open(self, *, size: tuple[int, int] = DESK, session: str | None = None, **options: Any) -> "Page":
        """A page in a window of its own, signed in to the clinic when `session` is the token of one."""
        given: dict[str, Any] = {"viewport": {"width": size[0], "height": size[1]}, "base_url": self.base, **options}
        context = self.browser.new_context(**given)
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if session is not None:
            context.add_cookies([{"name": "clinic", "value": session, "url": self.base}])
        page = context.new_page()
        self.watch(page)
        return page

    def watch(self, page: "Page") -> None:
        """Note every error of the console or of a script, and every request to another machine."""
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: request.url.startswith(self.base) or self.problems.append(request.url))


@contextmanager
def windows(browser: "Browser", app: Any) -> Iterator[Windows]:
    """Serve an app and open windows on it; afterwards nothing may have gone wrong in any of them."""
    with serving(app) as base:
        opened = Windows(browser, base)
        try:
            yield opened
        finally:
            for context in opened.contexts:
                context.close()
        assert not opened.problems, "; ".join(opened.problems)


def spilled(page: "Page") -> list[str]:
    """Cells and rows whose words are wider than their place and so run into what stands beside them."""
    return list(
        page.eval_on_selector_all(
            "td, th, li, dd, dt, p, h1, h2, label, a.button, button, .row-of-list > *, .facts > *",
            """all => all.filter(one => {
              const style = getComputedStyle(one);
              const head = one.closest("thead");
              if (head && getComputedStyle(head).position === "absolute") return false;  // for those who listen
              return one.clientWidth > 1 && one.offsetParent && style.overflowX === "visible"
                && style.display !== "inline" && one.scrollWidth > one.clientWidth + 1;
            }).map(one => `${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 80)}`)""",
        )
    )
