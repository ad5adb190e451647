"""What concerns one diary day is planned for that day, and leaves nothing out that planning everything would bring."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.actions.plan_messages import plan_day, plan_participant
from bot.actions.study import Study
from bot.storage.database import Database
from bot.storage.tables import EntryRow, MessageRow, ParticipantRow, ZoneRow
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.database import T0, add_card, add_chat, add_participant, study_database

STUDY = Study(load_protocol(seed_protocol_path()))
DAY = T0.date()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with study_database(tmp_path) as made:
        yield made


@pytest.fixture
def person(database: Database) -> int:
    """Somebody who is asked tonight and has been planned for this afternoon."""
    with database.write() as session:
        row = add_participant(session)
        add_chat(session, row)
        session.add(ZoneRow(participant_id=row.id, from_on=DAY, tzid="Asia/Shanghai", set_at=T0, reason="enrolled"))
        add_card(session, row, shown="question")
        plan_participant(session, row, study=STUDY, now=T0 - timedelta(hours=3))
        return row.id or 0


def planned(session: Session) -> set[tuple[Any, ...]]:
    """Every row but for its number and when it was made."""
    rows = session.exec(select(MessageRow).order_by(col(MessageRow.id))).all()
    return {(row.dedupe_key, row.state, row.reason, row.due_at, row.not_after) for row in rows}


def submit(session: Session, number: int, now: datetime) -> None:
    session.add(
        EntryRow(
            participant_id=number, diary_day=DAY, revision=1, stools=3, pain=1, wellbeing=1, submitted_at=now,
            timing="on_time", tzid="Asia/Shanghai", utc_offset_minutes=480, source="participant", language="en",
            wording_version="1", protocol="p", rules="r", reference="u1",
        )
    )  # fmt: skip


def plan_tonight(session: Session, number: int, now: datetime) -> None:
    plan_day(session, session.get_one(ParticipantRow, number), DAY, study=STUDY, now=now)


def test_planning_the_day_leaves_nothing_for_planning_everything(database: Database, person: int) -> None:
    with database.write() as session:
        before = planned(session)
        submit(session, person, T0)
        plan_tonight(session, person, T0)
        after = planned(session)
        plan_participant(session, session.get_one(ParticipantRow, person), study=STUDY, now=T0)
        assert before != after == planned(session)


def test_days_that_the_horizon_has_reached_are_planned_with_it(database: Database, person: int) -> None:
    with database.write() as session:
        before = planned(session)
        plan_tonight(session, person, T0 + timedelta(days=20))
        new = planned(session) - before
    assert any("/prompt/" in key for key, *_rest in new)


def test_another_day_is_left_as_it_is(database: Database, person: int) -> None:
    with database.write() as session:
        for row in session.exec(select(MessageRow).where(MessageRow.diary_day == DAY + timedelta(days=1))).all():
            row.due_at += timedelta(minutes=1)
    with database.write() as session:
        before = planned(session)
        plan_tonight(session, person, T0 - timedelta(hours=3))
        assert planned(session) == before
