"""The inbox: updates are stored once, nameless, and taken up in order for each chat."""

from datetime import timedelta
from typing import Any

import pytest

from bot.storage.database import Database
from bot.storage.inbox import (
    NO_CHAT,
    chat_of,
    count_aside,
    count_attempt,
    count_waiting,
    mark_done,
    next_waiting,
    put_aside,
    store_updates,
    strip_names,
    waiting_chats,
)
from bot.storage.tables import InboxRow
from tests.support.database import T0


def text_update(number: Any, chat: int, text: str = "4") -> dict[str, Any]:
    person = {"id": chat, "is_bot": False, "first_name": "Planted", "last_name": "Name", "username": "planted"}
    return {
        "update_id": number,
        "message": {
            "message_id": 1,
            "date": 1,
            "chat": {"id": chat, "type": "private", "first_name": "Planted"},
            "from": person,
            "text": text,
        },
    }


def tap_of_nobody(number: int | None) -> dict[str, Any]:
    return {"update_id": 1, "callback_query": {"id": "1", "from": {"id": number}, "data": "x"}}


def store(database: Database, *updates: Any) -> int:
    with database.write() as session:
        return len(store_updates(session, updates, now=T0))


def all_rows(database: Database) -> list[InboxRow]:
    from sqlmodel import select

    with database.read() as session:
        return list(session.exec(select(InboxRow)))


def test_an_update_is_stored_once_however_often_it_comes(either: Database) -> None:
    assert store(either, text_update(7, 5001), text_update(7, 5001), text_update(8, 5001)) == 2
    assert store(either, text_update(7, 5001, "other")) == 0
    assert [row.update_id for row in all_rows(either)] == [7, 8]


def test_names_are_blanked_before_an_update_is_stored(database: Database) -> None:
    contact = {"phone_number": "+86 139", "first_name": "Planted", "vcard": "Planted"}
    store(database, text_update(1, 5001) | {"extra": [{"contact": contact, "user": {"username": "planted"}}]})
    (row,) = all_rows(database)
    assert "lanted" not in row.body
    assert "139" not in row.body
    assert '"text":"4"' in row.body


def test_a_text_that_mentions_a_name_key_is_left_as_it_was() -> None:
    assert strip_names({"text": "my username is x"}) == {"text": "my username is x"}


@pytest.mark.parametrize(
    "update",
    ["no object", None, 5, [], {}, {"update_id": "7"}, {"update_id": True}, {"update_id": 2**70}, {"update_id": -3}],
)
def test_an_update_without_a_sensible_number_is_stored_once_too(database: Database, update: Any) -> None:
    assert store(database, update) == 1
    assert store(database, update) == 0
    (row,) = all_rows(database)
    assert row.update_id < 0


def test_texts_that_databases_refuse_are_stored(either: Database) -> None:
    assert store(either, text_update(1, 5001, "a\x00b \ud800 🙂")) == 1


@pytest.mark.parametrize(
    ("update", "chat"),
    [
        (text_update(1, 5001), 5001),
        ({"edited_message": {"chat": {"id": 5}}}, 5),
        ({"my_chat_member": {"chat": {"id": 6}}}, 6),
        ({"callback_query": {"from": {"id": 7}, "message": {"chat": {"id": 9}}}}, 7),
        ({"callback_query": {"from": {"id": "7"}}}, None),
        ({"message": {"chat": {"id": 2**80}}}, None),
        ({"message": []}, None),
        ("text", None),
    ],
)
def test_the_chat_of_an_update_decides_its_queue(update: Any, chat: int | None) -> None:
    assert chat_of(update) == chat


@pytest.mark.parametrize("update", [tap_of_nobody(0), text_update(1, 0), tap_of_nobody(None)])
def test_an_update_of_nobody_is_taken_up_like_any_other(database: Database, update: dict[str, Any]) -> None:
    store(database, update)
    with database.write() as session:
        (chat,) = waiting_chats(session, busy=(), limit=9)
        (found,) = next_waiting(session, chat)
        mark_done(session, found, now=T0)
        assert waiting_chats(session, busy=(), limit=9) == []


def test_each_chat_is_served_in_order_and_busy_chats_are_left_alone(either: Database) -> None:
    store(either, text_update(1, 5001), text_update(2, 5002), text_update(3, 5001), {"update_id": 4})
    with either.write() as session:
        assert waiting_chats(session, busy=(), limit=9) == [5001, 5002, NO_CHAT]
        assert waiting_chats(session, busy=(5001,), limit=1) == [5002]
        first, behind = next_waiting(session, 5001)
        assert (first.update_id, behind.update_id) == (1, 3)
        mark_done(session, first, now=T0)
        (second,) = next_waiting(session, 5001)
        assert second.update_id == 3
        (nameless,) = next_waiting(session, NO_CHAT)
        assert nameless.update_id == 4


@pytest.mark.postgres
def test_two_processes_never_serve_one_chat_at_once(postgres: Database) -> None:
    store(postgres, text_update(1, 5001), text_update(2, 5002))
    with postgres.write() as one, postgres.write() as other:
        assert [row.update_id for row in next_waiting(one, 5001)] == [1]
        assert not next_waiting(other, 5001)
        assert [row.update_id for row in next_waiting(other, 5002)] == [2]


def test_what_is_done_or_put_aside_waits_no_longer(database: Database) -> None:
    store(database, text_update(1, 5001), text_update(2, 5001), text_update(3, 5001))
    with database.write() as session:
        row, *_ = next_waiting(session, 5001)
        mark_done(session, row, now=T0 + timedelta(seconds=1), problem="not_private")
        row, *_ = next_waiting(session, 5001)
        assert [count_attempt(session, row.id or 0), count_attempt(session, row.id or 0)] == [1, 2]
        put_aside(session, row, problem="handling_failed", now=T0)
    with database.read() as session:
        assert (count_waiting(session), count_aside(session)) == (1, 1)
    assert [(row.state, row.problem) for row in all_rows(database)] == [
        ("done", "not_private"),
        ("aside", "handling_failed"),
        ("waiting", None),
    ]
