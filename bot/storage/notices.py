"""Hints between processes on one PostgreSQL database: something was queued, or came in, or the leader has gone.

A hint spares a wait of up to a second; nothing rests on it, since everybody also looks again and again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlmodel import Session

from bot.log import get_logger

log = get_logger(__name__)

INBOX: Final = "cdai_inbox"
OUTBOX: Final = "cdai_outbox"
LEADER: Final = "cdai_leader"
REST = 1.0  # seconds between tries to listen
NOTIFY = text("SELECT pg_notify(:channel, '')")


def notify(session: Session, channel: str) -> None:
    """Let other processes know once this transaction is committed; on SQLite there are none."""
    if session.get_bind().dialect.name != "sqlite":
        session.connection().execute(NOTIFY, {"channel": channel})


async def listen(engine: Engine, heard: Mapping[str, Callable[[], None]]) -> None:
    """Call what belongs to each channel whenever it is heard, and once after every gap; until cancelled."""
    import psycopg  # on SQLite nobody listens, and nothing of it is needed

    while True:
        with suppress(psycopg.Error, OSError):
            await _listen_once(engine, heard)
        log.warning("hints_missed")
        await asyncio.sleep(REST)


async def _listen_once(engine: Engine, heard: Mapping[str, Callable[[], None]]) -> None:
    import psycopg
    from psycopg import sql

    arguments, options = engine.dialect.create_connect_args(engine.url)
    connect: Callable[..., Awaitable[psycopg.AsyncConnection[Any]]] = psycopg.AsyncConnection.connect
    async with await connect(*arguments, **options, autocommit=True, connect_timeout=3) as connection:
        for channel in heard:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        for act in heard.values():
            act()  # something may have been said before we listened
        async for notice in connection.notifies():
            heard[notice.channel]()
