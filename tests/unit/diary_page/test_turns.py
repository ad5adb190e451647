"""On PostgreSQL two tabs can really post at once: they take turns, and one answer counts."""

import threading
from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
from sqlmodel import select

from bot.actions.study import Study
from bot.diary.card import Tap, encode_tap
from bot.diary_page import answering
from bot.diary_page.page_call import page_call
from bot.diary_page.view import view_now
from bot.storage.database import Database
from bot.storage.participants import participant_by_code
from bot.storage.schema import migrate
from bot.storage.tables import AnswerRow, CardRow, ZoneRow
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.database import add_participant
from tests.support.postgres import postgres_server, require_postgres

FIRST_DAY = date(2026, 5, 25)
EVENING = instant(FIRST_DAY, time(20), "Asia/Shanghai")
POSTS = 8


@pytest.fixture
def postgres() -> Iterator[Database]:
    require_postgres()
    with postgres_server() as url:
        database = Database(url)
        migrate(database)
        yield database
        database.close()


@pytest.mark.postgres
def test_posts_at_the_same_moment_take_turns(postgres: Database) -> None:
    study = Study(load_protocol(seed_protocol_path()))
    with postgres.write() as session:
        row = add_participant(session, code="SH-001", baseline_on=FIRST_DAY + timedelta(days=7), joined_at=EVENING)
        session.add(
            ZoneRow(participant_id=row.id, from_on=FIRST_DAY, tzid="Asia/Shanghai", set_at=EVENING, reason="enrolled")
        )
    with postgres.write() as session:
        call = page_call(session, participant_by_code(session, "SH-001"), study, EVENING, shifted=False)
        view_now(call)
        card = session.exec(select(CardRow)).one()
        answering.tap(call, encode_tap(Tap(card.key, "g", "", card.revision)))
        key, revision = card.key, card.revision
    start, trouble = threading.Barrier(POSTS), []

    def post(value: int) -> None:
        try:
            start.wait(10)
            with postgres.write() as session:
                call = page_call(session, participant_by_code(session, "SH-001"), study, EVENING, shifted=False)
                answering.tap(call, encode_tap(Tap(key, "s", str(value), revision)))
        except Exception as error:  # noqa: BLE001  # reported by the test
            trouble.append(error)

    tabs = [threading.Thread(target=post, args=(value,)) for value in range(POSTS)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(20)
    assert trouble == []
    with postgres.read() as session:
        assert len(session.exec(select(AnswerRow)).all()) == 1
