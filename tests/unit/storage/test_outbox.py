"""The outbox: one row per key, claimed by one sender at a time, ended by nobody but its holder."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from bot.storage.database import Database
from bot.storage.outbox import (
    LEASE,
    Claim,
    begin_sending,
    claim_due,
    claim_of,
    count_due,
    finish,
    held_row,
    lease_clock,
    next_due,
    postpone,
    put_back,
    recover,
)
from bot.storage.tables import MessageRow
from tests.support.database import T0, add_card, add_message, add_participant

SECOND = timedelta(seconds=1)


def claim(
    database: Database, *, now: datetime = T0, system_now: datetime = T0, limit: int = 10, owner: str = "one"
) -> Sequence[MessageRow]:
    with database.write() as session:
        return claim_due(session, owner=owner, study_now=now, system_now=system_now, limit=limit)


def queue(database: Database, **values: object) -> bool:
    with database.write() as session:
        return add_message(session, **values)


def rows(database: Database) -> dict[str, MessageRow]:
    with database.read() as session:
        return {row.dedupe_key: row for row in session.exec(select(MessageRow).order_by(col(MessageRow.id)))}


def test_a_key_is_queued_once(either: Database) -> None:
    assert queue(either, dedupe_key="u1/0")
    assert not queue(either, dedupe_key="u1/0", kind="prompt")
    assert [row.kind for row in rows(either).values()] == ["reply"]


def test_replies_go_first_then_the_earliest_and_nothing_before_its_time(either: Database) -> None:
    queue(either, dedupe_key="late", kind="prompt", priority=5, due_at=T0 - SECOND)
    queue(either, dedupe_key="early", kind="prompt", priority=5, due_at=T0 - 2 * SECOND)
    queue(either, dedupe_key="future", priority=0, due_at=T0 + SECOND)
    queue(either, dedupe_key="reply", priority=0, due_at=T0)
    assert [row.dedupe_key for row in claim(either)] == ["reply", "early", "late"]
    assert [row.dedupe_key for row in claim(either, now=T0 + SECOND)] == ["future"]


def test_a_claimed_row_is_nobody_elses(either: Database) -> None:
    queue(either)
    (row,) = claim(either)
    assert (row.state, row.lease_owner, row.fence) == ("claimed", "one", 1)
    assert claim(either, owner="two", system_now=T0 + 2 * LEASE) == []


@pytest.mark.postgres
def test_two_dispatchers_at_once_claim_different_rows_and_do_not_wait_for_each_other(postgres: Database) -> None:
    for number in range(4):
        queue(postgres, dedupe_key=f"m{number}")
    with postgres.write() as one, postgres.write() as other:
        first = claim_due(one, owner="one", study_now=T0, system_now=T0, limit=2)
        second = claim_due(other, owner="two", study_now=T0, system_now=T0, limit=4)
        assert {row.dedupe_key for row in first} == {"m0", "m1"}
        assert {row.dedupe_key for row in second} == {"m2", "m3"}


@pytest.mark.postgres
def test_leases_on_postgresql_run_by_the_databases_clock(postgres: Database) -> None:
    with postgres.write() as session:
        assert lease_clock(session, T0) > T0 + timedelta(days=300)


def test_only_the_holder_of_the_claim_may_end_a_row(either: Database) -> None:
    queue(either)
    (row,) = claim(either)
    mine = claim_of(row)
    with either.write() as session:
        held = held_row(session, mine)
        assert held is not None
        begin_sending(session, [held], now=T0)
    with either.write() as session:
        assert held_row(session, Claim(mine.id, "two", mine.fence)) is None
        assert held_row(session, Claim(mine.id, mine.owner, mine.fence + 1)) is None
        held = held_row(session, mine)
        assert held is not None
        finish(session, held, "sent", now=T0 + SECOND, provider_msg_id=2**40, outcome="delivered")
    with either.write() as session:
        assert held_row(session, mine) is None
    (ended,) = rows(either).values()
    assert (ended.state, ended.sent_at, ended.provider_msg_id) == ("sent", T0 + SECOND, 2**40)
    assert (ended.sending_at, ended.lease_owner) == (T0, None)


def test_a_row_put_back_rests_until_its_next_try(database: Database) -> None:
    queue(database)
    (row,) = claim(database)
    with database.write() as session:
        held = held_row(session, claim_of(row))
        assert held is not None
        put_back(session, held, next_try_at=T0 + 5 * SECOND, outcome="not_connected", counted=True)
    assert claim(database, system_now=T0 + 4 * SECOND) == []
    (again,) = claim(database, system_now=T0 + 5 * SECOND)
    assert (again.attempts, again.fence, again.outcome) == (1, 2, "not_connected")


def test_a_pause_that_was_asked_for_is_no_failed_attempt(database: Database) -> None:
    queue(database)
    (row,) = claim(database)
    with database.write() as session:
        held = held_row(session, claim_of(row))
        assert held is not None
        put_back(session, held, next_try_at=T0 + SECOND, outcome="too_many_requests")
    (waiting,) = rows(database).values()
    assert (waiting.state, waiting.attempts) == ("planned", 0)


def test_a_postponed_row_keeps_its_key_and_waits_for_the_new_time(database: Database) -> None:
    queue(database, dedupe_key="k", kind="prompt", priority=5)
    (row,) = claim(database)
    with database.write() as session:
        held = held_row(session, claim_of(row))
        assert held is not None
        postpone(session, held, due_at=T0 + timedelta(hours=1))
    assert claim(database) == []
    assert rows(database)["k"].due_at == T0 + timedelta(hours=1)


def test_a_newer_edit_of_the_same_copy_of_a_card_takes_the_place_of_unsent_ones(database: Database) -> None:
    with database.write() as session:
        participant = add_participant(session)
        mine, other = (add_card(session, participant, diary_day=T0.date() + timedelta(days=n)).id for n in (0, 1))
    queue(database, dedupe_key="first", kind="edit", card_id=mine)
    queue(database, dedupe_key="older copy", kind="edit", card_id=mine, provider_msg_id=3)
    queue(database, dedupe_key="other card", kind="edit", card_id=other)
    queue(database, dedupe_key="fresh copy", kind="reply", card_id=mine)
    queue(database, dedupe_key="second", kind="edit", card_id=mine)
    states = {key: row.state for key, row in rows(database).items()}
    assert states == {
        "first": "cancelled",
        "older copy": "planned",
        "other card": "planned",
        "fresh copy": "planned",
        "second": "planned",
    }
    assert rows(database)["first"].reason == "superseded"


def test_a_newer_edit_of_the_same_panel_takes_the_place_of_older_ones_and_of_no_other(database: Database) -> None:
    queue(database, dedupe_key="other", kind="edit", address=1, payload='{"panel": 8}')
    queue(database, dedupe_key="elsewhere", kind="edit", address=2, payload='{"panel": 7}')
    for key in ("first", "second", "third"):
        queue(database, dedupe_key=key, kind="edit", address=1, payload='{"panel": 7}')
    assert {key for key, row in rows(database).items() if row.state == "planned"} == {"other", "elsewhere", "third"}


def test_an_edit_that_is_on_its_way_is_not_superseded(database: Database) -> None:
    with database.write() as session:
        card = add_card(session, add_participant(session)).id
    queue(database, dedupe_key="first", kind="edit", card_id=card)
    with database.write() as session:
        (row,) = claim_due(session, owner="one", study_now=T0, system_now=T0, limit=1)
        begin_sending(session, [row], now=T0)
    queue(database, dedupe_key="second", kind="edit", card_id=card)
    assert rows(database)["first"].state == "sending"


def test_what_a_dead_process_held_waits_again_or_ends_unknown(either: Database) -> None:
    for key, kind in (("claimed", "prompt"), ("message", "prompt"), ("edit", "edit"), ("closing", "closing")):
        queue(either, dedupe_key=key, kind=kind, priority=5)
    with either.write() as session:
        for row in claim_due(session, owner="dead", study_now=T0, system_now=T0, limit=9):
            if row.dedupe_key != "claimed":
                begin_sending(session, [row], now=T0)
    with either.write() as session:
        unknown = recover(session, system_now=T0, now=T0 + SECOND, alone=True)
        assert [row.dedupe_key for row in unknown] == ["message"]
    assert {key: row.state for key, row in rows(either).items()} == {
        "claimed": "planned",
        "message": "unknown",
        "edit": "planned",
        "closing": "planned",
    }


def test_beside_other_processes_only_an_expired_lease_counts_as_dead(database: Database) -> None:
    queue(database)
    claim(database)
    with database.write() as session:
        assert recover(session, system_now=T0 + LEASE - SECOND, now=T0, alone=False) == []
    assert [row.state for row in rows(database).values()] == ["claimed"]
    with database.write() as session:
        recover(session, system_now=T0 + LEASE + SECOND, now=T0, alone=False)
    assert [row.state for row in rows(database).values()] == ["planned"]


def test_what_is_due_is_counted_while_it_rests_or_is_on_its_way(database: Database) -> None:
    with database.read() as session:
        assert (count_due(session, T0), next_due(session)) == (0, None)
    queue(database, due_at=T0)
    queue(database, due_at=T0)
    queue(database, due_at=T0 + SECOND)
    claim(database, limit=1)
    with database.read() as session:
        assert count_due(session, T0) == 2
        assert count_due(session, T0 + SECOND) == 3
        assert next_due(session) == T0
