"""How long PostgreSQL may keep us waiting: a tap little, a reader of the whole study and a command long."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.storage.database import Database
from bot.storage.participants import lock_participants
from bot.storage.trouble import DATABASE_TROUBLE
from tests.support.database import add_participant

pytestmark = pytest.mark.postgres
WAITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


def patience(session: Session) -> list[str]:
    return [str(session.connection().execute(text(f"SHOW {name}")).scalar()) for name in WAITS]


def test_a_tap_waits_little_and_reading_the_whole_study_may_take_its_time(postgres: Database) -> None:
    with postgres.write() as session:
        assert patience(session) == ["2s", "5s", "10s"]
    with postgres.read() as session:
        assert patience(session) == ["2s", "1min", "10s"]
    command = Database(postgres.url, patient=True)
    with command.write() as session:
        assert patience(session) == ["30s", "1min", "10s"]
    command.close()


def test_whoever_waits_for_a_participant_gives_up_in_time_to_be_told_and_may_try_again(postgres: Database) -> None:
    with postgres.write() as session:
        person = add_participant(session).id or 0
    with postgres.write() as session:
        lock_participants(session, [person])
        began = time.monotonic()
        with pytest.raises(OperationalError) as refused, postgres.write() as other:
            lock_participants(other, [person])
        waited = time.monotonic() - began
    assert isinstance(refused.value, DATABASE_TROUBLE)
    assert 1.5 < waited < 4.0
    with postgres.write() as session:
        assert lock_participants(session, [person]) == {person}
