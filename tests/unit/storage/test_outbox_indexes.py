"""What the dispatcher asks in every round is answered from an index, however many messages there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from bot.actions.keep_time import note_alive
from bot.storage.database import Database
from bot.storage.inbox import next_waiting
from bot.storage.outbox import abandoned, cancel_superseded, claim_due, count_due, next_due
from bot.storage.tables import MessageRow
from bot.storage.views.one_day import read_one_days
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.database import T0

PROTOCOL = load_protocol(seed_protocol_path())
EDIT = MessageRow(
    dedupe_key="u1/card", participant_id=1, card_id=1, diary_day=T0.date(), kind="edit", due_at=T0, created_at=T0
)


def claim(session: Session) -> None:
    claim_due(session, owner="one", study_now=T0, system_now=T0, limit=10)


def claim_beside_busy_chats(session: Session) -> None:
    claim_due(
        session, owner="one", study_now=T0, system_now=T0, limit=10, busy_addresses=[5001], busy_participants=[1, 2]
    )


def leap(session: Session) -> None:
    for at in (T0, T0 + timedelta(days=1)):
        note_alive(session, PROTOCOL.outages, system_now=T0, now=at, shifted=True)


ASKED: dict[str, Callable[[Session], object]] = {
    "claim": claim,
    "claim beside busy chats": claim_beside_busy_chats,
    "next due": next_due,
    "how many are due": lambda session: count_due(session, T0),
    "left behind by a dead process": lambda session: abandoned(session, system_now=T0, alone=False),
    "superseded edits": lambda session: cancel_superseded(session, EDIT),
    "missed in a leap of the clock": leap,
}


FOUND_BY = ("USING INDEX", "USING COVERING INDEX", "USING INTEGER PRIMARY KEY")


@contextmanager
def plans(session: Session, *tables: str) -> Iterator[list[str]]:
    """How SQLite goes about each statement that touches one of these tables."""
    found: list[str] = []

    def explain(_conn: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "WITH")) and any(table in statement for table in tables):
            asked = cursor.connection.cursor()
            found.extend(str(row[3]) for row in asked.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(session.get_bind().engine, "before_cursor_execute", explain)
    yield found


@pytest.mark.parametrize("name", ASKED)
def test_no_question_of_the_dispatcher_reads_the_whole_table(database: Database, name: str) -> None:
    with database.write() as session, plans(session, "message") as steps:
        ASKED[name](session)
        touching = [step for step in steps if "message" in step]
        assert touching
        assert all(any(way in step for way in FOUND_BY) for step in touching), touching


def test_the_last_check_of_a_reminder_reads_of_its_own_participant_only(database: Database) -> None:
    tables = ("participant", "visit", "preparation", "chat", "card", "answer", "entry", "helped")
    with database.write() as session, plans(session, *tables) as steps:
        read_one_days(session, [(1, T0.date()), (2, T0.date())], PROTOCOL, T0)
        read = {table for table in tables if any(step.startswith(f"SEARCH {table}") for step in steps)}
        assert read == set(tables)
        assert not [step for step in steps if step.startswith("SCAN") and "json_each" not in step]


@pytest.mark.parametrize("chat", [5001, 0])
def test_the_next_update_of_a_chat_is_found_at_once_however_many_wait_behind_it(database: Database, chat: int) -> None:
    with database.write() as session, plans(session, "inbox") as steps:
        next_waiting(session, chat)
    assert [step for step in steps if "USING INDEX ix_inbox_turn (address=?)" in step] == steps
    assert steps


@pytest.mark.postgres
def test_postgresql_finds_what_is_due_next_without_going_through_what_was_sent(postgres: Database) -> None:
    """It knows the least instant of all messages, and would look from there on until one still waits."""
    past_and_plan = text(
        "INSERT INTO message (dedupe_key, kind, channel, payload, due_at, priority, state, attempts, fence, created_at,"
        " plan_version)"
        " SELECT 'm/' || n, 'prompt', 'telegram', '{}', CAST(:at AS timestamptz) + n * interval '1 minute', 1,"
        " CASE WHEN n < 0 THEN 'sent' ELSE 'planned' END, 0, 0, :at, 0 FROM generate_series(-2000, 10000) AS n"
    )
    asked: list[tuple[str, Any]] = []
    with postgres.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(past_and_plan, {"at": T0})
        connection.execute(text("ANALYZE message"))
    with postgres.write() as session:
        bind = session.get_bind()
        event.listen(bind, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        assert next_due(session) == T0
        ((statement, values),) = [one for one in asked if "due_at" in one[0]]
        plan = "\n".join(row[0] for row in session.connection().exec_driver_sql(f"EXPLAIN {statement}", values))
    assert "ix_message_due" in plan, plan
