"""The windows that the other tests open notice what goes wrong in them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.support.browser import chromium, windows

pytestmark = pytest.mark.browser
FAULTS = {
    "console": "<script>console.error('the planted complaint')</script>",
    "script": "<script>plantedFault()</script>",
    "elsewhere": "<img alt='' src='http://127.0.0.1:9/planted.png'>",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_a_page_fails_the_test_that_opened_it(browser: Browser, fault: str) -> None:
    app = Starlette(routes=[Route("/", lambda _request: HTMLResponse(f"<!doctype html>{FAULTS[fault]}"))])
    with pytest.raises(AssertionError, match=r"planted"), windows(browser, app) as opened:
        opened.open().goto("/")
