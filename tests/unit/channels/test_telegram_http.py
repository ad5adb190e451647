"""HTTP to the Bot API over real sockets: what certainly did not leave is told from what may have arrived."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.channels.outcomes import Outcome, Retry, Unknown
from bot.channels.telegram.failures import outcome_of
from bot.channels.telegram.http import AT_ONCE, HttpTransport
from bot.channels.telegram.transport import NotSentError

BODY = b'{"ok": true}'
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
WORDS = "今天 <b>3</b> 次 &\n📋+%"


@dataclass
class Server:
    """What a planted server saw: bodies of requests, and how many each connection brought."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    brought: Counter[int] = field(default_factory=Counter)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot123:ABC/sendMessage"


Behaviour = Callable[[asyncio.StreamWriter], Awaitable[bool]]  # whether the connection is kept


@asynccontextmanager
async def serving(behave: Behaviour) -> AsyncIterator[Server]:
    """A server that reads whole requests and then does as it was told."""
    seen = Server()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(seen.brought)
        seen.brought[number] = 0
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                seen.bodies.append(await reader.readexactly(int(length.split(b":")[1])))
                seen.brought[number] += 1
                if not await behave(writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()


def answering(answer: bytes, *, kept: bool = True, after: float = 0.0) -> Behaviour:
    async def behave(writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(after)
        writer.write(answer)
        await writer.drain()
        return kept

    return behave


async def reset(writer: asyncio.StreamWriter) -> bool:
    writer.transport.abort()
    return False


@asynccontextmanager
async def opened(*, outside: bool = False, connect_timeout: float = 5.0) -> AsyncIterator[HttpTransport]:
    transport = HttpTransport(outside=outside, connect_timeout=connect_timeout)
    try:
        yield transport
    finally:
        await transport.shutdown()


async def ask(transport: HttpTransport, address: str, *, patience: float = 5.0, text: str = "x") -> tuple[int, bytes]:
    asked = RequestData([RequestParameter("chat_id", 5001, None), RequestParameter("text", text, None)])
    return await transport.do_request(address, "POST", asked, read_timeout=patience)


async def failure(transport: HttpTransport, address: str, *, patience: float = 5.0) -> tuple[type, Outcome]:
    """What a request raises, and what that means for its message."""
    with pytest.raises(TelegramError) as raised:
        await ask(transport, address, patience=patience)
    return raised.type, outcome_of(raised.value, provider_msg_id=None)


async def free_port() -> int:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_fields_arrive_as_they_were_given() -> None:
    async with serving(answering(FINE)) as server, opened() as transport:
        assert await ask(transport, server.address, text=WORDS) == (200, BODY)
    assert parse_qs(server.bodies[0].decode(), strict_parsing=True) == {"chat_id": ["5001"], "text": [WORDS]}


async def test_one_after_another_share_a_connection_and_those_of_one_moment_have_one_each() -> None:
    async with serving(answering(FINE, after=0.05)) as server, opened() as transport:
        for _ in range(3):
            await ask(transport, server.address)
        assert server.brought == {0: 3}
        await asyncio.gather(*(ask(transport, server.address) for _ in range(10)))
        assert sorted(server.brought.values()) == [1] * 9 + [4]


async def test_a_connection_that_the_server_has_closed_is_replaced_and_nothing_is_asked_twice() -> None:
    async with serving(answering(FINE, kept=False)) as server, opened() as transport:
        for _ in range(5):
            await ask(transport, server.address)
            await asyncio.sleep(0.02)  # until the end of the connection is known
    assert server.brought == dict.fromkeys(range(5), 1)


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with opened() as transport:
        port = await free_port()
        assert await failure(transport, f"http://127.0.0.1:{port}/") == (NotSentError, Retry("not_connected"))


async def test_without_tls_on_the_other_side_nothing_was_sent() -> None:
    async with serving(answering(FINE)) as server, opened() as transport:
        address = server.address.replace("http:", "https:")
        assert await failure(transport, address) == (NotSentError, Retry("not_connected"))
    assert not server.bodies


async def test_a_request_that_finds_no_connection_free_was_not_sent() -> None:
    async with serving(answering(FINE, after=60.0)) as server, opened(connect_timeout=0.1) as transport:
        held = [asyncio.create_task(ask(transport, server.address, patience=60.0)) for _ in range(AT_ONCE)]
        while len(server.bodies) < AT_ONCE:  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.01)
        assert await failure(transport, server.address) == (NotSentError, Retry("not_connected"))
        assert len(server.bodies) == AT_ONCE
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)


@pytest.mark.parametrize(
    ("behave", "raised", "outcome"),
    [
        (answering(b"", after=60.0), TimedOut, Unknown("timed_out")),
        (answering(FINE[:20], after=0.0), TimedOut, Unknown("timed_out")),
        (answering(FINE[:-4], kept=False), NetworkError, Unknown("connection_lost")),
        (answering(b"", kept=False), NetworkError, Unknown("connection_lost")),
        (answering(b"220 mail.example.org ESMTP\r\n\r\n", kept=False), NetworkError, Unknown("connection_lost")),
        (reset, NetworkError, Unknown("connection_lost")),
    ],
    ids=["silent", "stuck in its head", "cut short", "gone", "speaks no HTTP", "reset"],
)
async def test_once_a_request_has_left_nobody_knows(behave: Behaviour, raised: type, outcome: Outcome) -> None:
    async with serving(behave) as server, opened() as transport:
        assert await failure(transport, server.address, patience=0.2) == (raised, outcome)
    assert len(server.bodies) == 1


async def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(moved)) as server, opened() as transport:
        assert (await ask(transport, server.address))[0] == 302
    assert len(server.bodies) == 1


async def test_a_request_that_was_given_up_leaves_the_others_alone() -> None:
    async with serving(answering(FINE, after=0.1)) as server, opened() as transport:
        others = [asyncio.create_task(ask(transport, server.address)) for _ in range(3)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask(transport, server.address)
        assert [status for status, _body in await asyncio.gather(*others)] == [200] * 3
        assert (await ask(transport, server.address))[0] == 200


async def test_only_a_server_outside_this_machine_is_reached_by_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{await free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    async with serving(answering(FINE)) as server, opened() as near, opened(outside=True) as far:
        assert (await ask(near, server.address))[0] == 200
        assert await failure(far, server.address) == (NotSentError, Retry("not_connected"))


async def test_it_may_be_closed_before_anything_was_asked() -> None:
    async with opened():
        pass
