"""The poll loop: an update is confirmed to Telegram only after it has been committed."""

import json
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from sqlmodel import select
from telegram import Bot

from bot.channels.telegram.poller import ALLOWED_UPDATES, TOKEN_REST, Poller
from bot.channels.telegram.transport import Transport
from bot.storage.database import Database
from bot.storage.inbox import count_waiting
from bot.storage.tables import InboxRow
from schedules.clock import SystemClock
from tests.support.carrying import text_update

TOKEN = "123456789:a-token-that-is-long-enough-to-be-one"


class Server:
    """A Bot API that answers getUpdates from a script, and keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append({key: value[0] for key, value in parse_qs(request.content.decode()).items()})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def updates(*found: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": list(found)})


def poller(database: Database, server: Server, stored: list[bool] | None = None) -> Poller:
    transport = Transport(httpx_kwargs={"transport": httpx.MockTransport(server)})
    bot = Bot(TOKEN, base_url="http://127.0.0.1:9/bot", request=transport)
    return Poller(bot, transport, database, SystemClock(), stored=lambda: (stored or []).append(True))


def stored_numbers(database: Database) -> list[int]:
    with database.read() as session:
        return sorted(row.update_id for row in session.exec(select(InboxRow)))


async def test_the_next_offset_follows_the_commit(database: Database) -> None:
    server = Server(updates(text_update(7, 1), text_update(9, 1)), updates())
    subject = poller(database, server)
    assert await subject.step() == 0.0
    assert stored_numbers(database) == [7, 9]
    await subject.step()
    assert "offset" not in server.asked[0]
    assert server.asked[1]["offset"] == "10"
    assert json.loads(server.asked[0]["allowed_updates"]) == list(ALLOWED_UPDATES)
    assert subject.heard_at is not None


async def test_nothing_is_waited_for_until_an_empty_answer_shows_that_all_is_fetched(database: Database) -> None:
    server = Server(updates(text_update(7, 1)), updates(), updates())
    subject = poller(database, server)
    told = []
    for _poll in range(3):
        await subject.step()
        told.append(subject.caught_up)
    assert told == [False, True, True]
    assert [asked["timeout"] for asked in server.asked] == ["0", "0", "25"]


async def test_an_update_that_could_not_be_stored_is_fetched_again(database: Database) -> None:
    server = Server(updates(text_update(7, 1)), updates(text_update(7, 1)))
    subject = poller(database, server)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO hidden")
    assert await subject.step() > 0
    assert subject.trouble == "database_trouble"
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO inbox")
    await subject.step()
    assert "offset" not in server.asked[1]
    assert stored_numbers(database) == [7]


async def test_one_malformed_update_stops_neither_the_batch_nor_the_offset(database: Database) -> None:
    server = Server(updates(text_update(7, 1), "poison", {"message": 1}, {"update_id": 8, "message": 5}), updates())
    subject = poller(database, server)
    await subject.step()
    await subject.step()
    assert server.asked[1]["offset"] == "9"
    assert len(stored_numbers(database)) == 4


async def test_known_updates_wake_nobody(database: Database) -> None:
    woken: list[bool] = []
    server = Server(updates(text_update(7, 1)), updates(text_update(7, 1)))
    transport = Transport(httpx_kwargs={"transport": httpx.MockTransport(server)})
    bot = Bot(TOKEN, base_url="http://127.0.0.1:9/bot", request=transport)
    subject = Poller(bot, transport, database, SystemClock(), stored=lambda: woken.append(True))
    await subject.step()
    await subject.step()
    assert woken == [True]


def refusal(status: int, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"ok": False, "error_code": status, "description": "planted"} | more)


@pytest.mark.parametrize(
    ("answer", "code", "rest"),
    [
        (refusal(409), "another_poller", 2.0),
        (refusal(401), "token_refused", TOKEN_REST),
        (refusal(429, parameters={"retry_after": 9}), "too_many_requests", 9.0),
        (refusal(500), "telegram_unreachable", 0.5),
        (httpx.Response(502, text="<html>"), "telegram_unreachable", 0.5),
        (httpx.Response(200, text='{"ok": tru'), "telegram_unreachable", 0.5),
        (httpx.Response(200, json={"ok": True, "result": {"a": 1}}), "telegram_unreachable", 0.5),
        (httpx.Response(200, json={"ok": True}), "telegram_unreachable", 0.5),
        (httpx.Response(200, json=[]), "telegram_unreachable", 0.5),
        (httpx.ReadTimeout("planted"), "telegram_unreachable", 0.5),
        (httpx.ConnectError("planted"), "telegram_unreachable", 0.5),
    ],
)
async def test_every_failure_rests_and_is_named(
    database: Database, answer: httpx.Response | Exception, code: str, rest: float
) -> None:
    subject = poller(database, Server(answer, updates()))
    assert await subject.step() == rest
    assert (subject.trouble, subject.heard_at) == (code, None)
    await subject.step()
    assert subject.trouble is None


def failing(kind: str) -> httpx.Response | Exception:
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates request"}
    return httpx.ConnectError("planted") if kind == "unreachable" else httpx.Response(409, json=conflict)


@pytest.mark.parametrize(
    ("kind", "first", "longest"),
    [("unreachable", [0.5, 1.0, 2.0, 4.0], 4.0), ("another poller", [2.0, 2.0, 2.0, 4.0], 30.0)],
)
async def test_failures_in_a_row_rest_longer_each_time_up_to_a_limit(
    database: Database, kind: str, first: list[float], longest: float
) -> None:
    subject = poller(database, Server(*[failing(kind)] * 9))
    rests = [await subject.step() for _ in range(9)]
    assert rests[:4] == first
    assert rests[-1] == longest


async def test_after_a_failure_it_catches_up_again_and_says_so(database: Database) -> None:
    broken = httpx.ConnectError("planted")
    server = Server(updates(), broken, broken, updates(text_update(7, 1)), updates(), updates())
    told: list[bool] = []
    transport = Transport(httpx_kwargs={"transport": httpx.MockTransport(server)})
    bot = Bot(TOKEN, base_url="http://127.0.0.1:9/bot", request=transport)
    subject = Poller(
        bot, transport, database, SystemClock(), stored=lambda: None, failed=lambda: told.append(subject.caught_up)
    )
    caught_up = []
    for _poll in range(6):
        await subject.step()
        caught_up.append(subject.caught_up)
    assert caught_up == [True, False, False, False, True, True]
    assert told == [False]
    assert [asked["timeout"] for asked in server.asked] == ["0", "25", "0", "0", "0", "25"]


async def test_a_server_that_answers_at_once_with_nothing_is_not_asked_without_end(database: Database) -> None:
    assert await poller(database, Server(updates())).step() > 0


async def test_a_silence_is_noted_in_the_transaction_that_stores_the_first_updates_after_it(database: Database) -> None:
    noted: list[int] = []
    server = Server(
        updates(), updates(text_update(1, 1)), updates(text_update(2, 1)), httpx.ConnectError("planted"), updates(),
        updates(text_update(3, 1)),
    )  # fmt: skip
    transport = Transport(httpx_kwargs={"transport": httpx.MockTransport(server)})
    bot = Bot(TOKEN, base_url="http://127.0.0.1:9/bot", request=transport)
    subject = Poller(
        bot, transport, database, SystemClock(), stored=lambda: None,
        resumed=lambda session: noted.append(count_waiting(session)),
    )  # fmt: skip
    for _ in range(6):
        await subject.step()
    assert noted == [0, 2]
