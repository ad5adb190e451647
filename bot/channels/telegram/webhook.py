"""The webhook endpoint: secret first, then one commit, then 200; never the other way round."""

import hmac
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.metrics import UPDATES_STORED
from bot.channels.telegram.not_saved import NotSaved
from bot.log import get_logger
from bot.storage.database import Database
from bot.storage.inbox import store_updates
from schedules.clock import Clock

log = get_logger(__name__)

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105  # the name of a header
LARGEST_BODY = 1_000_000  # bytes
RETRY_LATER = {"Retry-After": "5"}


class TooLargeError(Exception):
    """The body is larger than any update can be."""


def make_webhook(
    secret: str,
    database: Database,
    clock: Clock,
    *,
    stored: Callable[[Collection[int]], None],
    unsaved: NotSaved | None = None,
    resumed: Callable[[Session], None] = lambda _session: None,
) -> Callable[[Request], Awaitable[Response]]:
    """The handler of `POST /telegram/webhook`.

    `stored` is told after each commit which chat has something new; `unsaved` says "not saved yet" when the
    database takes nothing; `resumed` shares the transaction, so that a silence is known before anything is handled.
    """

    async def receive(request: Request) -> Response:
        if not has_secret(request, secret):
            return PlainTextResponse("forbidden\n", status_code=403)
        try:
            update = json.loads(await read_body(request))
        except TooLargeError:
            return PlainTextResponse("too large\n", status_code=413)
        except (ValueError, ClientDisconnect):
            return PlainTextResponse("not an update\n", status_code=400)
        return await keep(update)

    async def keep(update: Any) -> Response:
        try:
            new = await database.writing(lambda: insert(database, clock, update, resumed))
        except SQLAlchemyError as error:
            log.error("database_trouble", part="webhook", error=type(error).__name__)  # noqa: TRY400  # no trace
            if unsaved is not None:
                unsaved.tell([update])
            return PlainTextResponse("try again\n", status_code=503, headers=RETRY_LATER)
        if unsaved is not None:
            unsaved.forget()
        if new:
            UPDATES_STORED.inc(len(new))
            stored(new)
        return PlainTextResponse("stored\n")

    return receive


def has_secret(request: Request, secret: str) -> bool:
    """Whether the request carries the secret exactly once; compared in constant time."""
    given = request.headers.getlist(SECRET_HEADER)
    return len(given) == 1 and hmac.compare_digest(given[0].encode("utf-8", "replace"), secret.encode())


async def read_body(request: Request) -> bytes:
    """The whole body, refused as soon as it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TooLargeError
    return bytes(body)


def insert(database: Database, clock: Clock, update: Any, resumed: Callable[[Session], None]) -> Sequence[int]:
    """Store one update and commit; answers its chat when it was new."""
    with database.write() as session:
        resumed(session)
        return store_updates(session, [update], now=clock.now())
