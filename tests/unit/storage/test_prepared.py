"""Prepared statements: what the session would read and raise, in a fraction of the time, on both databases."""

from contextlib import suppress
from datetime import UTC, timedelta
from typing import Any

import pytest
from sqlalchemy import Integer, bindparam, column, event, not_, table, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import col, select

from bot.storage.database import Database
from bot.storage.prepared import Prepared, adding, among, ask, given, put
from bot.storage.tables import HelpedRow, ParticipantRow, VisitRow
from bot.storage.tracked import Tracked, table_of
from tests.support.database import T0, add_card, add_participant

BY_CODE = Prepared[ParticipantRow](
    select(ParticipantRow.__table__).where(col(ParticipantRow.code) == bindparam("code"))  # type: ignore[attr-defined]
)
ADD_HELPED = adding(HelpedRow)
PARTICIPANTS = table_of(ParticipantRow)
DAY = T0.date()
LATER = T0 + timedelta(hours=1, microseconds=7)


def test_rows_read_like_those_of_the_session(either: Database) -> None:
    with either.write() as session:
        code = add_participant(session, enrolled_at=LATER).code
    with either.read() as session:
        tracked = session.exec(select(ParticipantRow).where(ParticipantRow.code == code)).one()
        plain = BY_CODE.first(session, code=code)
        assert plain is not None
        assert {name: getattr(plain, name) for name in ParticipantRow.model_fields} == tracked.model_dump()
        assert plain.enrolled_at == LATER
        assert plain.enrolled_at.tzinfo is UTC


def test_nothing_found_is_none_and_an_empty_list(either: Database) -> None:
    with either.read() as session:
        assert BY_CODE.first(session, code="nobody") is None
        assert BY_CODE.all(session, code="nobody") == []


def test_what_the_session_has_in_hand_is_seen(either: Database) -> None:
    with either.write() as session:
        participant = add_participant(session)
        participant.language = "zh"
        found = BY_CODE.first(session, code=participant.code)
        assert found is not None
        assert found.language == "zh"


def test_what_is_put_stands_in_the_row_and_in_the_database(either: Database) -> None:
    with either.write() as session:
        card = add_card(session, add_participant(session))
        put(session, card, shown="review", touched_at=LATER)
        assert (card.shown, card.touched_at) == ("review", LATER)
        key = card.id
    with either.read() as session:
        again = session.get_one(type(card), key)
        assert (again.shown, again.touched_at) == ("review", LATER)


def test_what_is_put_goes_with_its_transaction(either: Database) -> None:
    with either.write() as session:
        card = add_card(session, add_participant(session))
        kind, key, before = type(card), card.id, card.shown
    with suppress(ZeroDivisionError), either.write() as session:
        put(session, session.get_one(kind, key), shown="review")
        raise ZeroDivisionError
    with either.read() as session:
        assert session.get_one(kind, key).shown == before


def test_a_breach_of_a_rule_is_raised_as_by_the_session(either: Database) -> None:
    with either.write() as session:
        participant = add_participant(session).id
        ADD_HELPED.run(session, participant_id=participant, diary_day=DAY, said_at=T0)
    with pytest.raises(IntegrityError), either.write() as session:
        ADD_HELPED.run(session, participant_id=participant, diary_day=DAY, said_at=T0)


def test_trouble_with_the_database_is_raised_as_by_the_session(database: Database) -> None:
    with pytest.raises(OperationalError) as caught, database.read() as session:
        ADD_HELPED.run(session, participant_id=1, diary_day=DAY, said_at=T0)
    assert "2025" not in str(caught.value), "an error names no value"


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="timezone"), database.write() as session:
        ADD_HELPED.run(session, participant_id=1, diary_day=DAY, said_at=LATER.replace(tzinfo=None))


def test_whoever_listens_to_statements_hears_them(database: Database) -> None:
    heard: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(statement)

    event.listen(database.reader, "before_cursor_execute", note)
    with database.read() as session:
        BY_CODE.first(session, code="nobody")
    assert any("participant.code" in statement for statement in heard)


def test_a_value_that_the_statement_fixes_is_bound_each_time(either: Database) -> None:
    held = Prepared[VisitRow](select(VisitRow.__table__).where(col(VisitRow.state) == "held"))  # type: ignore[attr-defined]
    with either.write() as session:
        participant = add_participant(session).id or 0
        for code, state in (("W00", "held"), ("W04", "planned")):
            session.add(
                VisitRow(participant_id=participant, code=code, scheduled_on=T0.date(), state=state, protocol="f")
            )
    for _time in range(2):
        with either.read() as session:
            assert [row.code for row in held.all(session)] == ["W00"]


AMONG = Prepared[HelpedRow](
    select(col(HelpedRow.participant_id), col(HelpedRow.diary_day)).where(
        among(col(HelpedRow.participant_id), "people"), among(col(HelpedRow.diary_day), "days")
    )
)
OTHERS = Prepared[HelpedRow](
    select(col(HelpedRow.participant_id)).where(not_(among(col(HelpedRow.participant_id), "people")))
)


def test_several_values_are_one_value_of_one_statement(either: Database) -> None:
    days = [DAY - timedelta(days=back) for back in range(3)]
    with either.write() as session:
        people = [add_participant(session).id or 0 for _ in range(3)]
        for person in people:
            for day in days:
                ADD_HELPED.run(session, participant_id=person, diary_day=day, said_at=T0)
        found = AMONG.all(session, people=people[:2], days=days[1:])
        assert {(row.participant_id, row.diary_day) for row in found} == {
            (person, day) for person in people[:2] for day in days[1:]
        }
        assert AMONG.all(session, people=[], days=days) == []
        assert {row.participant_id for row in OTHERS.all(session, people=people[:2])} == {people[2]}
        assert len(OTHERS.all(session, people=[])) == 9


def test_one_call_executes_for_each_set_of_values_and_for_none(either: Database) -> None:
    days = [DAY - timedelta(days=back) for back in range(3)]
    with either.write() as session:
        person = add_participant(session).id or 0
        ADD_HELPED.run_all(session, [])
        ADD_HELPED.run_all(session, [{"participant_id": person, "diary_day": day, "said_at": T0} for day in days])
        assert {row.diary_day for row in AMONG.all(session, people=[person], days=days)} == set(days)


def test_several_questions_are_answered_together_each_with_its_own_rows(either: Database) -> None:
    with either.write() as session:
        one, other = add_participant(session), add_participant(session)
        other.language = "zh"  # asked for before it is written
        found = ask(session, *(BY_CODE.asked(code=code) for code in (one.code, "nobody", other.code)))
        assert [[(row.id, row.language) for row in rows] for rows in found] == [
            [(one.id, one.language)], [], [(other.id, "zh")],
        ]  # fmt: skip


def test_trouble_with_one_of_several_questions_is_raised_as_by_the_session(either: Database) -> None:
    wrong = Prepared[Any](select(table("nowhere", column("id", Integer)).c.id))
    with either.read() as session, pytest.raises(DBAPIError):
        ask(session, BY_CODE.asked(code="nobody"), wrong.asked())


def test_each_row_gets_what_was_given_for_its_number_and_the_others_nothing(either: Database) -> None:
    names = Prepared[Any](select(PARTICIPANTS.c.id, given(PARTICIPANTS.c.id, "numbers").label("number")))
    with either.write() as session:
        one, other = add_participant(session), add_participant(session)
        rows = names.all(session, numbers={one.id: 2**40, 0: 1})
        assert {row.id: row.number for row in rows} == {one.id: 2**40, other.id: None}


def test_a_row_that_the_session_holds_says_what_a_statement_has_written(either: Database) -> None:
    renaming = Tracked(
        ParticipantRow,
        update(PARTICIPANTS)
        .where(among(PARTICIPANTS.c.id, "numbers"))
        .values(language="zh")
        .returning(*PARTICIPANTS.columns),
    )
    with either.write() as session:
        held = add_participant(session, language="en")
        session.flush()
        assert renaming.written(session, numbers=[held.id]) == [held]
        assert (held.language, session.is_modified(held)) == ("zh", False)


def test_sqlite_does_not_plan_a_statement_anew_for_each_number_of_rows_asked_for(database: Database) -> None:
    first = Prepared[Any](select(col(ParticipantRow.code)).limit(bindparam("room")))
    planned: list[Any] = []
    with database.read() as session:
        driver: Any = session.connection().connection.dbapi_connection
        driver.set_authorizer(lambda *asked: planned.append(asked) or 0)  # asked while a statement is planned
        first.all(session, room=1)
        at_first = len(planned)
        for room in (2, 3, 4):
            first.all(session, room=room)
        driver.set_authorizer(None)
    assert 0 < at_first == len(planned)
