"""Stored drafts in both kinds of database: they are added to, and refuse everything else."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.people.actor import Origin, operator_actor
from bot.scoring.draft import build_draft
from bot.scoring.record import is_intact, make_record
from bot.storage.database import Database
from bot.storage.stored_drafts import add_stored_draft, last_stored, record_of, stored_drafts_of
from bot.storage.trail import Trail
from tests.support.database import add_participant
from tests.support.scoring import clinic, draft_input

T0 = datetime(2025, 3, 31, 1, 0, tzinfo=UTC)


def store(database: Database, *occasions: str) -> int:
    """Store one draft for each occasion; answers the participant."""
    with database.write() as session:
        participant = add_participant(session).id or 0
        trail = Trail(session, T0, operator_actor("console"), Origin.COMMAND)
        for number, occasion in enumerate(occasions):
            draft = build_draft(draft_input(clinic=clinic(mass=["none", "definite", None][number])))
            add_stored_draft(trail, participant, "W04", occasion, make_record(draft, "sha256:protocol"))
        return participant


def test_what_was_stored_is_read_back_whole_and_in_order(either: Database) -> None:
    participant = store(either, "printed", "signed", "printed")
    with either.read() as session:
        rows = stored_drafts_of(session, participant, "W04")
        signed = last_stored(session, participant, "W04", occasion="signed")
        newest = last_stored(session, participant, "W04")
        assert last_stored(session, participant, "W00") is None
    assert [row.occasion for row in rows] == ["printed", "signed", "printed"]
    assert all(is_intact(record_of(row)) and row.at == T0 for row in rows)
    assert (signed, newest) == (rows[1], rows[2])


@pytest.mark.parametrize("act", ["UPDATE stored_draft SET hash = ''", "DELETE FROM stored_draft"])
def test_a_stored_draft_refuses_change_and_deletion(either: Database, act: str) -> None:
    store(either, "signed")
    with pytest.raises(DBAPIError, match="insert-only"), either.engine.begin() as connection:
        connection.execute(text(act))


@pytest.mark.postgres
def test_postgresql_refuses_to_empty_the_stored_drafts(postgres: Database) -> None:
    with pytest.raises(DBAPIError, match="insert-only"), postgres.engine.begin() as connection:
        connection.execute(text("TRUNCATE stored_draft CASCADE"))


def test_an_occasion_that_there_is_not_is_refused_by_the_database(either: Database) -> None:
    with pytest.raises(DBAPIError):
        store(either, "glanced_at")
