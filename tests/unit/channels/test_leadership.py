"""Several dispatchers on one PostgreSQL: one sends, the others take over, and nobody sends for a lease that is over."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from bot.actions.prepare_message import Ready
from bot.channels.dispatcher import Dispatcher
from bot.channels.leadership import Elected
from bot.channels.outcomes import Delivered, Outcome, Retry
from bot.storage.database import Database
from bot.storage.leader import LEASE
from bot.storage.outbox import begin_sending, claim_due
from bot.storage.participants import lock_participants
from bot.storage.tables import MessageRow
from schedules.clock import SystemClock, VirtualClock
from tests.support.carrying import Ledger, Network, seed_study, wording
from tests.support.database import T0, add_message, add_participant
from tests.support.postgres import clean_postgres, postgres_server, require_postgres

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    require_postgres()
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres(server: str) -> Iterator[Database]:
    with clean_postgres(server) as database:
        yield database


class Held(Network):
    """A network on which nothing comes back until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def send(self, ready: Ready) -> Outcome:
        self.sent.append(ready)
        await self.gate.wait()
        return Delivered(200 + len(self.sent))


class Replica:
    """One dispatcher of several."""

    def __init__(self, database: Database, name: str, network: Network | None = None) -> None:
        self.clock, self.network, self.ledger = VirtualClock(T0), network or Network(), Ledger()
        self.lead = Elected(name, self.clock)
        self.dispatcher = Dispatcher(
            database, self.clock, seed_study, self.network, wording, self.ledger, owner=name, rng=Random(1),
            leadership=self.lead,
        )  # fmt: skip

    async def rounds(self, count: int = 3) -> None:
        for _ in range(count):
            await self.dispatcher._round_or_trouble()
            await asyncio.sleep(0)


def queue(database: Database, *keys: str, **values: Any) -> None:
    with database.write() as session:
        for number, key in enumerate(keys):
            add_message(session, dedupe_key=key, address=6000 + number, **values)


def rows(database: Database) -> dict[str, MessageRow]:
    with database.read() as session:
        return {row.dedupe_key: row for row in session.exec(select(MessageRow).order_by(col(MessageRow.id)))}


def states(database: Database) -> dict[str, str]:
    return {key: row.state for key, row in rows(database).items()}


def let_run_out(database: Database) -> None:
    with database.write() as session:
        session.connection().execute(text("UPDATE leader SET lease_until = clock_timestamp() - interval '1 second'"))


async def test_of_two_dispatchers_only_the_leader_sends(postgres: Database) -> None:
    one, two = Replica(postgres, "one"), Replica(postgres, "two")
    queue(postgres, "a", "b")
    await one.rounds()
    await two.rounds()
    assert [ready.text for ready in one.network.sent] == ["a", "b"]
    assert two.network.sent == []
    assert states(postgres) == {"a": "sent", "b": "sent"}


async def test_after_a_clean_stop_a_standby_sends_at_once(postgres: Database) -> None:
    one, two = Replica(postgres, "one"), Replica(postgres, "two")
    await one.rounds()
    await two.rounds()
    await one.dispatcher.stop()
    queue(postgres, "a")
    await two.rounds(1)
    two.clock.advance(timedelta(seconds=2))
    await two.rounds()
    assert states(postgres) == {"a": "sent"}
    assert [ready.text for ready in two.network.sent] == ["a"]


async def test_whoever_takes_over_obeys_the_pause_that_the_earlier_leader_was_asked_for(postgres: Database) -> None:
    one, two = Replica(postgres, "one"), Replica(postgres, "two")
    one.network.outcomes.append(Retry("too_many_requests", 30.0, everyone=True))
    queue(postgres, "refused")
    await one.rounds()
    assert states(postgres) == {"refused": "planned"}
    let_run_out(postgres)
    queue(postgres, "other")
    for _ in range(5):
        two.clock.advance(timedelta(seconds=5))
        await two.rounds()
    assert (two.lead.leading, two.network.sent) == (True, [])
    two.clock.advance(timedelta(seconds=6))
    await two.rounds()
    assert [ready.text for ready in two.network.sent] == ["refused", "other"]


async def test_a_leader_that_slept_through_its_lease_writes_nothing_and_sends_nothing_more(postgres: Database) -> None:
    slow = Held()
    one, two = Replica(postgres, "one", slow), Replica(postgres, "two")
    queue(postgres, "in flight")
    await one.rounds(2)
    assert states(postgres) == {"in flight": "sending"}
    let_run_out(postgres)
    await two.rounds(1)
    assert states(postgres) == {"in flight": "unknown"}
    assert two.ledger.seen == [("unknown", "in flight", "holder_gone")]
    queue(postgres, "later")
    slow.gate.set()
    await one.rounds(4)
    assert [ready.text for ready in slow.sent] == ["in flight"]
    assert one.ledger.seen == []
    assert states(postgres) == {"in flight": "unknown", "later": "planned"}
    two.clock.advance(timedelta(seconds=2))
    await two.rounds()
    assert states(postgres)["later"] == "sent"


async def test_what_was_marked_in_time_and_is_too_late_to_send_goes_out_later(postgres: Database) -> None:
    """The process was stopped between the commit and the request, and nobody took over."""
    one = Replica(postgres, "one")
    await one.rounds(1)
    queue(postgres, "marked")
    await one.dispatcher.round()
    assert states(postgres) == {"marked": "sending"}
    one.clock.advance(timedelta(seconds=LEASE))
    await asyncio.sleep(0)
    assert one.network.sent == []
    await one.rounds()
    assert states(postgres) == {"marked": "sent"}
    assert rows(postgres)["marked"].attempts == 0


async def test_what_a_lost_commit_marked_is_sent_after_all(postgres: Database) -> None:
    """The answer to a commit was lost: the row says `sending`, and nobody sends it."""
    one = Replica(postgres, "one")
    await one.rounds(1)
    queue(postgres, "marked")
    with postgres.write() as session:
        (row,) = claim_due(session, owner="one", study_now=T0, system_now=T0, limit=1)
        begin_sending(session, [row], now=T0)
    one.dispatcher._in_doubt = True
    await one.rounds()
    assert states(postgres) == {"marked": "sent"}


async def test_the_lease_is_kept_while_there_is_nothing_to_do(postgres: Database) -> None:
    one = Replica(postgres, "one")
    await one.rounds(1)
    one.dispatcher.pace.pause(600, one.clock.monotonic())
    before = one.lead.good_until
    for _ in range(4):
        one.clock.advance(timedelta(seconds=LEASE / 2))
        await one.rounds(1)
    assert one.lead.good_until >= before + 2 * LEASE


async def test_messages_of_somebody_who_is_just_being_changed_wait_without_holding_up_the_others(
    postgres: Database,
) -> None:
    with postgres.write() as session:
        busy, free = add_participant(session).id or 0, add_participant(session).id or 0
    queue(postgres, "busy", participant_id=busy)
    queue(postgres, "free", participant_id=free)
    one = Replica(postgres, "one")
    with postgres.write() as session:
        lock_participants(session, [busy])
        await one.rounds()
        assert states(postgres) == {"busy": "planned", "free": "sent"}
    with postgres.write() as session:
        session.connection().execute(text("UPDATE message SET next_try_at = NULL"))
    await one.rounds()
    assert states(postgres)["busy"] == "sent"


async def test_a_standby_takes_over_within_the_lease_by_itself(postgres: Database) -> None:
    clock = SystemClock()
    lead = Elected("dead", clock)
    with postgres.write() as session:
        lead.stand(session)
        session.connection().execute(text("UPDATE leader SET lease_until = clock_timestamp() + interval '1 second'"))
    network = Network()
    two = Dispatcher(
        postgres, clock, seed_study, network, wording, Ledger(), owner="two", rng=Random(1),
        leadership=Elected("two", clock),
    )  # fmt: skip
    task = asyncio.create_task(two.run())
    queue(postgres, "a")
    async with asyncio.timeout(10):
        while states(postgres) != {"a": "sent"}:  # noqa: ASYNC110  # the fact lies in the database
            await asyncio.sleep(0.05)
    await two.stop()
    await task
