"""A small reverse proxy for tests: one address in front of several replicas, each request to one that lives."""

import itertools
from collections.abc import Sequence

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "content-encoding"}


def make_proxy(upstreams: Sequence[str], *, timeout: float = 20.0) -> Starlette:
    """An app that passes each request on; one whose connection is refused goes to the next replica.

    A request that a replica may have read is not repeated: its sender gets 502 and decides.
    """
    turns = itertools.count()
    limits = httpx.Limits(max_keepalive_connections=0)  # a connection left by a killed replica would look alive

    async def pass_on(request: Request) -> Response:
        body, first = await request.body(), next(turns)
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP_BY_HOP]
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        async with httpx.AsyncClient(trust_env=False, timeout=timeout, limits=limits) as client:
            for number in range(len(upstreams)):
                address = upstreams[(first + number) % len(upstreams)]
                try:
                    found = await client.request(request.method, address + target, content=body, headers=headers)
                except httpx.ConnectError:
                    continue
                except httpx.HTTPError:
                    return PlainTextResponse("the replica went away\n", status_code=502)
                return answer_of(found)
        return PlainTextResponse("no replica answers\n", status_code=502)

    return Starlette(routes=[Route("/{path:path}", pass_on, methods=METHODS)])


def answer_of(found: httpx.Response) -> Response:
    """A replica's answer, without what belongs to its own connection."""
    answer = Response(found.content, status_code=found.status_code)
    kept = [(name, value) for name, value in found.headers.raw if name.decode().lower() not in HOP_BY_HOP]
    answer.raw_headers = [*kept, (b"content-length", str(len(found.content)).encode())]
    return answer
