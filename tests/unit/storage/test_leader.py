"""The lead: one holder at a time by the database's clock, and nothing written by whoever held it before."""

import threading
import time

import pytest
from sqlalchemy import text

from bot.storage.database import Database
from bot.storage.leader import LEASE, Term, confirm, lease_age, resign, stand
from bot.storage.trouble import DATABASE_TROUBLE

pytestmark = pytest.mark.postgres


def elected(database: Database, owner: str) -> Term | None:
    with database.write() as session:
        return stand(session, owner)


def confirmed(database: Database, term: Term | None) -> bool:
    assert term is not None
    with database.write() as session:
        return confirm(session, term)


def let_run_out(database: Database) -> None:
    with database.write() as session:
        session.connection().execute(text("UPDATE leader SET lease_until = clock_timestamp() - interval '1 second'"))


def test_the_first_is_elected_and_the_others_stand_by(postgres: Database) -> None:
    assert elected(postgres, "one") == Term("one", 1)
    assert elected(postgres, "two") is None
    assert confirmed(postgres, Term("one", 1))


def test_a_lease_that_ran_out_goes_to_the_next_and_shuts_out_the_former(postgres: Database) -> None:
    former = elected(postgres, "one")
    let_run_out(postgres)
    assert elected(postgres, "two") == Term("two", 2)
    assert not confirmed(postgres, former)
    assert elected(postgres, "one") is None


def test_without_a_successor_a_lease_that_ran_out_is_taken_up_again(postgres: Database) -> None:
    term = elected(postgres, "one")
    let_run_out(postgres)
    assert confirmed(postgres, term)
    assert elected(postgres, "two") is None


def test_who_does_not_know_its_own_election_is_elected_anew(postgres: Database) -> None:
    elected(postgres, "one")
    assert elected(postgres, "one") == Term("one", 2)


def test_a_lease_given_back_is_free_at_once_and_only_its_holder_gives_it_back(postgres: Database) -> None:
    term = elected(postgres, "one")
    assert term is not None
    with postgres.write() as session:
        resign(session, Term("two", 1))
    assert elected(postgres, "two") is None
    with postgres.write() as session:
        resign(session, term)
    assert elected(postgres, "two") == Term("two", 2)


def test_of_many_who_stand_at_once_one_is_elected(postgres: Database) -> None:
    found: list[Term | None] = []
    ready = threading.Barrier(5)

    def candidate(number: int) -> None:
        ready.wait(10)
        found.append(elected(postgres, f"c{number}"))

    threads = [threading.Thread(target=candidate, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 5
    assert sum(term is not None for term in found) == 1


def test_nobody_is_elected_while_the_leader_commits(postgres: Database) -> None:
    term = elected(postgres, "one")
    assert term is not None
    let_run_out(postgres)
    later: list[Term | None] = []
    with postgres.write() as session:
        assert confirm(session, term)
        thread = threading.Thread(target=lambda: later.append(elected(postgres, "two")))
        thread.start()
        thread.join(0.3)
        assert later == []
    thread.join(10)
    assert later == [None]


def test_the_age_of_the_lease_tells_whether_anybody_leads(postgres: Database) -> None:
    with postgres.read() as session:
        assert lease_age(session) is None
    elected(postgres, "one")
    with postgres.read() as session:
        age = lease_age(session)
        assert age is not None
        assert 0 <= age < LEASE
    let_run_out(postgres)
    with postgres.read() as session:
        age = lease_age(session)
        assert age is not None
        assert age > LEASE


def test_a_process_that_sleeps_in_its_transaction_is_cut_off_and_that_counts_as_passing_trouble(
    postgres: Database,
) -> None:
    def sleep_in_it() -> None:
        with postgres.write() as session:
            assert stand(session, "sleeper") is not None
            session.connection().execute(text("SET LOCAL idle_in_transaction_session_timeout = 100"))
            time.sleep(0.5)
            session.connection().execute(text("SELECT 1"))

    with pytest.raises(DATABASE_TROUBLE):
        sleep_in_it()
    assert elected(postgres, "other") == Term("other", 1)
