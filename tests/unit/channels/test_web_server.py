"""Only a proxy that the operator named is believed when it says where a caller comes from; answers leave at once."""

import statistics
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.channels.web_server import WebServer

CALLER = "203.0.113.7"
DELAYED = 0.04  # seconds that Linux waits with an acknowledgement


async def tell(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.client.host if request.client else "")


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        (None, "127.0.0.1"),
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", CALLER),
        ("10.0.0.0/8, 127.0.0.0/8", CALLER),
    ],
)
async def test_a_caller_is_where_a_trusted_proxy_says(proxies: str | None, seen: str) -> None:
    server = WebServer(Starlette(routes=[Route("/", tell)]), host="127.0.0.1", port=0, proxies=proxies)
    await server.start()
    try:
        async with httpx.AsyncClient() as client:
            answer = await client.get(server.address, headers={"x-forwarded-for": CALLER})
    finally:
        await server.stop()
    assert answer.text == seen


async def test_an_answer_does_not_wait_until_the_one_before_is_acknowledged() -> None:
    server = WebServer(Starlette(routes=[Route("/", tell)]), host="127.0.0.1", port=0)
    await server.start()
    took = []
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(30):
                began = time.perf_counter()
                await client.get(server.address)
                took.append(time.perf_counter() - began)
    finally:
        await server.stop()
    assert statistics.median(took) < DELAYED  # the first answers of a connection are not held back
