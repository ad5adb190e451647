"""The poll loop: an update is confirmed to Telegram only after it has been committed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlmodel import select

from bot.channels.telegram.direct import connect_directly
from bot.channels.telegram.poller import ALLOWED_UPDATES, TOKEN_REST, Poller
from bot.channels.telegram.transport import NotSentError
from bot.storage.database import Database
from bot.storage.inbox import count_waiting
from bot.storage.tables import InboxRow
from schedules.clock import SystemClock
from tests.support.carrying import text_update

TOKEN = "123456789:a-token-that-is-long-enough-to-be-one"

Answer = tuple[int, bytes]


class Server:
    """A Bot API that answers getUpdates from a script, and keeps the requests."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, _method: str, fields: Mapping[str, str]) -> Answer:
        self.asked.append(dict(fields))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def said(status: int, body: Any) -> Answer:
    return status, json.dumps(body).encode()


def updates(*found: Any) -> Answer:
    return said(200, {"ok": True, "result": list(found)})


def poller(database: Database, server: Server, stored: list[bool] | None = None) -> Poller:
    line = connect_directly(TOKEN, server)
    return Poller(line.bot, line.polling, database, SystemClock(), stored=lambda _chats: (stored or []).append(True))


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
    line = connect_directly(TOKEN, server)
    subject = Poller(line.bot, line.polling, database, SystemClock(), stored=lambda _chats: woken.append(True))
    await subject.step()
    await subject.step()
    assert woken == [True]


def refusal(status: int, **more: Any) -> Answer:
    return said(status, {"ok": False, "error_code": status, "description": "planted"} | more)


@pytest.mark.parametrize(
    ("answer", "code", "rest"),
    [
        (refusal(409), "another_poller", 2.0),
        (refusal(401), "token_refused", TOKEN_REST),
        (refusal(429, parameters={"retry_after": 9}), "too_many_requests", 9.0),
        (refusal(500), "telegram_unreachable", 0.5),
        ((502, b"<html>"), "telegram_unreachable", 0.5),
        ((200, b'{"ok": tru'), "telegram_unreachable", 0.5),
        (said(200, {"ok": True, "result": {"a": 1}}), "telegram_unreachable", 0.5),
        (said(200, {"ok": True}), "telegram_unreachable", 0.5),
        (said(200, []), "telegram_unreachable", 0.5),
        (TimeoutError("planted"), "telegram_unreachable", 0.5),
        (NotSentError("planted"), "telegram_unreachable", 0.5),
    ],
)
async def test_every_failure_rests_and_is_named(
    database: Database, answer: Answer | Exception, code: str, rest: float
) -> None:
    subject = poller(database, Server(answer, updates()))
    assert await subject.step() == rest
    assert (subject.trouble, subject.heard_at) == (code, None)
    await subject.step()
    assert subject.trouble is None


def failing(kind: str) -> Answer | Exception:
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates request"}
    return NotSentError("planted") if kind == "unreachable" else said(409, conflict)


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
    broken = NotSentError("planted")
    server = Server(updates(), broken, broken, updates(text_update(7, 1)), updates(), updates())
    told: list[bool] = []
    line = connect_directly(TOKEN, server)
    subject = Poller(
        line.bot,
        line.polling,
        database,
        SystemClock(),
        stored=lambda _chats: None,
        failed=lambda: told.append(subject.caught_up),
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
        updates(), updates(text_update(1, 1)), updates(text_update(2, 1)), NotSentError("planted"), updates(),
        updates(text_update(3, 1)),
    )  # fmt: skip
    line = connect_directly(TOKEN, server)
    subject = Poller(
        line.bot, line.polling, database, SystemClock(), stored=lambda _chats: None,
        resumed=lambda session: noted.append(count_waiting(session)),
    )  # fmt: skip
    for _ in range(6):
        await subject.step()
    assert noted == [0, 2]
