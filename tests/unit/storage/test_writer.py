"""The one writing connection of a database file: kept between transactions, and given up after trouble."""

from contextlib import suppress

from sqlalchemy import event
from sqlmodel import select

from bot.storage.database import Database
from bot.storage.tables import ParticipantRow
from tests.support.database import add_participant


def test_one_connection_serves_one_transaction_after_the_other_until_one_fails(database: Database) -> None:
    fetched: list[object] = []
    with database.write():
        event.listen(database.engine, "checkout", lambda *given: fetched.append(given))
    codes = []
    for _ in range(3):
        with database.write() as session:
            codes.append(add_participant(session).code)
    assert fetched == []
    with suppress(KeyError), database.write() as session:
        add_participant(session)
        raise KeyError
    with database.write() as session:
        codes.append(add_participant(session).code)
    assert len(fetched) == 1
    with database.read() as session:
        assert sorted(session.exec(select(ParticipantRow.code))) == sorted(codes)


def test_what_goes_round_it_need_not_wait_for_it(database: Database) -> None:
    with database.write() as session:
        code = add_participant(session).code
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT code FROM participant").scalars().all() == [code]
