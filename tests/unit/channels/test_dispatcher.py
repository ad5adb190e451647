"""The dispatcher: what is due goes out once, at most ten at a time, and every attempt is recorded."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.actions.prepare_message import Dropped, Later, Prepared, Ready
from bot.actions.study import Study
from bot.channels.departures import DEFECT_TRIES
from bot.channels.dispatcher import IN_FLIGHT, Dispatcher
from bot.channels.outcomes import Delivered, Outcome, Refused, Retry, Unknown
from bot.channels.pace import Pace
from bot.storage.database import Database
from bot.storage.outbox import begin_sending, claim_due
from bot.storage.returning import Returning, note_returning
from bot.storage.tables import MessageRow
from schedules.clock import VirtualClock
from tests.support.carrying import Ledger, Network, seed_study, wording
from tests.support.database import T0, add_message

SECOND = timedelta(seconds=1)


class Bench:
    """A dispatcher on a virtual clock, driven round by round."""

    def __init__(self, database: Database, **parts: Any) -> None:
        self.database, self.clock = database, VirtualClock(T0)
        self.network, self.ledger = Network(), Ledger()
        self.dispatcher = Dispatcher(
            database, self.clock, seed_study, parts.pop("sender", self.network), parts.pop("prepare", wording),
            self.ledger, owner="one", rng=Random(1), **parts,
        )  # fmt: skip

    def queue(self, *keys: str, **values: Any) -> None:
        with self.database.write() as session:
            for key in keys:
                add_message(session, dedupe_key=key, **values)

    async def rounds(self, count: int = 3) -> None:
        for _ in range(count):
            await self.dispatcher.round()
            await asyncio.sleep(0)

    def states(self) -> dict[str, str]:
        return {row.dedupe_key: row.state for row in self.rows()}

    def rows(self) -> list[MessageRow]:
        with self.database.read() as session:
            return list(session.exec(select(MessageRow).order_by(col(MessageRow.id))))


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


async def test_a_due_message_is_sent_once_and_its_receipt_kept(bench: Bench) -> None:
    bench.queue("due", "future", due_at=T0)
    bench.queue("later", due_at=T0 + SECOND)
    await bench.rounds()
    assert [ready.text for ready in bench.network.sent] == ["due", "future"]
    assert bench.states() == {"due": "sent", "future": "sent", "later": "planned"}
    assert bench.ledger.seen == [("delivered", "due", 101), ("delivered", "future", 102)]
    bench.clock.advance(SECOND)
    await bench.rounds()
    assert bench.states()["later"] == "sent"


async def test_a_message_is_marked_as_on_its_way_before_it_leaves(database: Database) -> None:
    class Curious(Network):
        async def send(self, ready: Ready) -> Outcome:
            seen.append([row.state for row in bench.rows()])
            return await super().send(ready)

    seen: list[list[str]] = []
    bench = Bench(database, sender=Curious())
    bench.queue("due")
    await bench.rounds()
    assert seen == [["sending"]]


async def test_at_most_ten_are_in_flight(database: Database) -> None:
    gate = asyncio.Event()

    class Slow(Network):
        async def send(self, ready: Ready) -> Outcome:
            self.sent.append(ready)
            await gate.wait()
            return Delivered(1)

    network = Slow()
    bench = Bench(database, sender=network)
    for number in range(25):
        bench.queue(f"m{number}", address=6000 + number)
    await bench.rounds(5)
    assert len(network.sent) == IN_FLIGHT
    assert sum(state == "sending" for state in bench.states().values()) == IN_FLIGHT
    gate.set()
    await bench.rounds(8)
    assert set(bench.states().values()) == {"sent"}


class Overlaps(Network):
    """A network on which every message takes a while; notes chats that had two under way at once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[int] = []
        self.overlaps = 0
        self.at_once = 0

    async def send(self, ready: Ready) -> Outcome:
        self.overlaps += ready.address in self.open
        self.open.append(ready.address)
        self.at_once = max(self.at_once, len(self.open))
        await asyncio.sleep(0.01 if len(self.sent) % 2 else 0.03)
        self.open.remove(ready.address)
        return await super().send(ready)


async def test_a_chat_gets_one_message_at_a_time_in_order_and_other_chats_do_not_wait(database: Database) -> None:
    network = Overlaps()
    bench = Bench(database, sender=network)
    for number in range(6):
        kind, words = "edit" if number % 2 else "reply", f'{{"panel": {number}}}'
        bench.queue(f"mine{number}", kind=kind, priority=0, address=1, payload=words)
    bench.queue("theirs", priority=0, address=2)
    task = asyncio.create_task(bench.dispatcher.run())
    async with asyncio.timeout(5):
        while set(bench.states().values()) != {"sent"}:  # noqa: ASYNC110  # the fact lies in the database
            await asyncio.sleep(0.01)
    await bench.dispatcher.stop()
    await task
    mine = [ready.text for ready in network.sent if ready.address == 1]
    assert mine == [f"mine{number}" for number in range(6)]
    assert network.overlaps == 0
    assert network.at_once == 2


async def test_a_planned_message_that_names_only_its_participant_waits_for_the_same_chat(database: Database) -> None:
    def prepare(session: Session, row: MessageRow, *, study: Study, now: datetime) -> Prepared:
        return Ready("send", 1, row.dedupe_key, ())

    network = Overlaps()
    bench = Bench(database, sender=network, prepare=prepare)
    bench.queue("reply", priority=0, address=1)
    await bench.dispatcher.round()
    bench.queue("prompt", kind="prompt", priority=5, address=None)
    await bench.dispatcher.round()
    assert bench.states() == {"reply": "sending", "prompt": "planned"}
    await asyncio.sleep(0.1)
    bench.clock.advance(2 * SECOND)
    await bench.rounds()
    await asyncio.sleep(0.1)
    await bench.rounds()
    assert bench.states() == {"reply": "sent", "prompt": "sent"}
    assert network.overlaps == 0


@pytest.mark.parametrize(
    ("outcome", "state", "follows"),
    [
        (Refused("blocked"), "refused", [("refused", "due", "blocked")]),
        (Unknown("timed_out"), "unknown", [("unknown", "due", "timed_out")]),
        (Retry("not_connected"), "retry", []),
        (Retry("too_many_requests", 5.0, everyone=True), "planned", []),
    ],
)
async def test_each_outcome_ends_or_puts_back_the_row(
    bench: Bench, outcome: Outcome, state: str, follows: list[object]
) -> None:
    bench.network.outcomes.append(outcome)
    bench.queue("due")
    await bench.rounds()
    assert bench.states() == {"due": state}
    assert bench.ledger.seen == follows


async def test_an_edit_of_unknown_outcome_is_simply_made_again(bench: Bench) -> None:
    bench.network.outcomes.append(Unknown("timed_out"))
    bench.queue("edit", kind="edit")
    await bench.rounds()
    assert bench.states() == {"edit": "retry"}
    bench.clock.advance(3 * SECOND)
    await bench.rounds()
    assert bench.states() == {"edit": "sent"}


async def test_a_pause_that_telegram_asks_for_holds_for_everybody_and_then_ends(bench: Bench) -> None:
    bench.network.outcomes.append(Retry("too_many_requests", 5.0, everyone=True))
    bench.queue("first")
    await bench.rounds()
    bench.queue("second", address=7000)
    bench.clock.advance(4 * SECOND)
    await bench.rounds()
    assert len(bench.network.sent) == 1
    bench.clock.advance(2 * SECOND)
    await bench.rounds()
    assert bench.states() == {"first": "sent", "second": "sent"}
    assert [row.attempts for row in bench.rows()] == [0, 0]


@pytest.mark.parametrize(("clock_put_back", "left"), [(0, 1), (3600, 5)])
async def test_a_pause_outlives_the_process_and_a_clock_put_back_makes_it_no_longer_than_it_was(
    bench: Bench, clock_put_back: int, left: int
) -> None:
    bench.network.outcomes.append(Retry("too_many_requests", 5.0, everyone=True))
    bench.queue("first")
    await bench.rounds()
    bench.queue("second", address=7000, due_at=T0 - timedelta(days=1))
    after = Bench(bench.database)
    after.clock.set(T0 + (4 - clock_put_back) * SECOND)
    await after.rounds()
    after.clock.advance((left - 0.5) * SECOND)
    await after.rounds()
    assert after.network.sent == []
    after.clock.advance(SECOND)
    await after.rounds()
    assert [ready.text for ready in after.network.sent][:1] == ["second"]


async def test_a_pause_that_is_over_keeps_nobody_waiting_after_a_start(bench: Bench) -> None:
    bench.network.outcomes.append(Retry("too_many_requests", 5.0, everyone=True))
    bench.queue("first")
    await bench.rounds()
    after = Bench(bench.database)
    after.clock.set(T0 + 6 * SECOND)
    await after.rounds()
    assert [ready.text for ready in after.network.sent] == ["first"]


async def test_until_everybody_is_seen_to_after_a_silence_only_answers_go(bench: Bench) -> None:
    with bench.database.write() as session:
        note_returning(session, Returning(T0 - timedelta(hours=1), T0), now=T0)
    bench.queue("prompt", kind="prompt", priority=5, address=1)
    bench.queue("answer", kind="reply", priority=0, address=2)
    await bench.rounds()
    assert bench.states() == {"prompt": "planned", "answer": "sent"}
    with bench.database.write() as session:
        note_returning(session, None, now=T0)
    await bench.rounds()
    assert bench.states() == {"prompt": "sent", "answer": "sent"}


async def test_failed_attempts_wait_longer_each_time(bench: Bench) -> None:
    bench.network.outcomes += [Retry("not_connected")] * 3
    bench.queue("due")
    waits = []
    for _ in range(3):
        await bench.rounds()
        (row,) = bench.rows()
        assert row.next_try_at is not None
        waits.append((row.next_try_at - bench.clock.system_now()).total_seconds())
        bench.clock.set(row.next_try_at)
    assert waits == sorted(waits)
    assert waits[0] >= 1.0
    await bench.rounds()
    assert bench.states() == {"due": "sent"}


async def test_planned_messages_to_one_chat_keep_a_second_apart_and_other_chats_do_not_wait(bench: Bench) -> None:
    bench.queue("a", "b", kind="prompt", priority=5, address=1)
    bench.queue("c", kind="prompt", priority=5, address=2)
    await bench.rounds()
    assert bench.states() == {"a": "sent", "b": "planned", "c": "sent"}
    bench.clock.advance(2 * SECOND)
    await bench.rounds()
    assert bench.states()["b"] == "sent"


async def test_no_more_than_the_budget_goes_out_in_a_second(database: Database) -> None:
    bench = Bench(database, pace=Pace(per_window=3))
    for number in range(7):
        bench.queue(f"m{number}", address=6000 + number)
    await bench.rounds(6)
    assert len(bench.network.sent) == 3
    bench.clock.advance(2 * SECOND)
    await bench.rounds(6)
    assert len(bench.network.sent) == 6


async def test_reminders_wait_for_room_for_a_few_and_an_answer_takes_what_there_is(database: Database) -> None:
    bench = Bench(database, pace=Pace(per_window=2))
    for seconds in (0.0, 0.5):
        bench.clock.set(T0 + seconds * SECOND)
        bench.queue(f"after {seconds}", kind="prompt", priority=5, address=int(6000 + 2 * seconds), due_at=T0)
        await bench.rounds()
    assert len(bench.network.sent) == 2
    bench.queue("third", "fourth", kind="prompt", priority=5, address=8000, due_at=T0)
    bench.clock.set(T0 + 1.05 * SECOND)  # room for one
    await bench.rounds()
    assert len(bench.network.sent) == 2
    bench.queue("answer", kind="reply", priority=0, address=7000)
    await bench.rounds()
    assert [ready.text for ready in bench.network.sent[2:]] == ["answer"]
    bench.clock.advance(SECOND)
    await bench.rounds()
    assert [ready.text for ready in bench.network.sent[3:]] == ["third"]


def deciding(decision: Callable[[str], Prepared]) -> Any:
    def prepare(session: Session, row: MessageRow, *, study: Study, now: datetime) -> Prepared:
        return decision(row.dedupe_key)

    return prepare


async def test_the_last_check_may_drop_or_postpone(database: Database) -> None:
    decisions = {"dropped": Dropped("expired", "its time had passed"), "postponed": Later(T0 + SECOND)}
    bench = Bench(database, prepare=deciding(decisions.__getitem__))
    bench.queue("dropped")
    await bench.rounds()
    (row,) = bench.rows()
    assert (row.state, row.reason, bench.network.sent) == ("expired", "its time had passed", [])
    bench.queue("postponed")
    await bench.rounds()
    assert bench.states()["postponed"] == "planned"
    assert bench.rows()[1].due_at == T0 + SECOND


async def test_a_thousand_expired_messages_do_not_wait_for_each_other(database: Database) -> None:
    bench = Bench(database, prepare=deciding(lambda _key: Dropped("expired", "late")))
    bench.queue(*(f"m{number}" for number in range(50)))
    assert [await bench.dispatcher.round() for _ in range(6)] == [True] * 5 + [False]
    assert set(bench.states().values()) == {"expired"}


async def test_a_message_that_cannot_be_worded_stops_no_other_and_ends_refused(database: Database) -> None:
    def prepare(session: Session, row: MessageRow, *, study: Study, now: datetime) -> Prepared:
        if row.dedupe_key == "defect":
            raise KeyError("planted defect")
        return wording(session, row, study=study, now=now)

    bench = Bench(database, prepare=prepare)
    bench.queue("defect", "fine")
    await bench.rounds()
    assert bench.states() == {"defect": "retry", "fine": "sent"}
    for _ in range(DEFECT_TRIES):
        bench.clock.advance(timedelta(minutes=10))
        await bench.rounds()
    assert bench.states()["defect"] == "refused"


async def test_a_defect_in_what_follows_does_not_lose_the_receipt(bench: Bench) -> None:
    bench.ledger.failing = True
    bench.queue("due")
    await bench.rounds()
    (row,) = bench.rows()
    assert (row.state, row.provider_msg_id) == ("sent", 101)


async def test_what_a_killed_process_was_sending_is_unknown_and_not_sent_again_by_itself(bench: Bench) -> None:
    bench.queue("sending", "claimed")
    with bench.database.write() as session:
        rows = claim_due(session, owner="dead", study_now=T0, system_now=T0, limit=2)
        begin_sending(session, rows[:1], now=T0)
    await bench.rounds()
    assert bench.states() == {"sending": "unknown", "claimed": "sent"}
    assert ("unknown", "sending", "holder_gone") in bench.ledger.seen
    assert [ready.text for ready in bench.network.sent] == ["claimed"]


async def test_stopping_waits_for_what_is_on_its_way_and_records_it(database: Database) -> None:
    class Slow(Network):
        async def send(self, _ready: Ready) -> Outcome:
            await asyncio.sleep(0.1)
            return Delivered(7)

    bench = Bench(database, sender=Slow())
    bench.queue("due", address=1)
    bench.queue("due too", address=2)
    task = asyncio.create_task(bench.dispatcher.run())
    while "sending" not in bench.states().values():  # noqa: ASYNC110  # the fact lies in the database
        await asyncio.sleep(0.01)
    await bench.dispatcher.stop()
    await task
    assert bench.states() == {"due": "sent", "due too": "sent"}


async def test_a_wake_up_is_enough_to_send_at_once(bench: Bench) -> None:
    task = asyncio.create_task(bench.dispatcher.run())
    await asyncio.sleep(0.05)
    bench.queue("due")
    bench.dispatcher.wake()
    async with asyncio.timeout(0.9):
        while bench.states() != {"due": "sent"}:  # noqa: ASYNC110  # the fact lies in the database
            await asyncio.sleep(0.01)
    await bench.dispatcher.stop()
    await task


class Stumbling:
    """Groups that fail, as a defect in one message makes them do."""

    def prepare(self, _session: Session, _rows: Any, **_given: Any) -> list[Prepared]:
        raise ValueError("a defect")

    def delivered(self, _session: Session, _receipts: Any, **_given: Any) -> None:
        raise ValueError("a defect")


async def test_what_fails_in_a_group_is_done_one_by_one(database: Database) -> None:
    bench = Bench(database, groups=Stumbling())
    bench.queue("one", address=1)
    bench.queue("two", address=2)
    await bench.rounds()
    assert bench.states() == {"one": "sent", "two": "sent"}
    assert sorted(key for _end, key, _number in bench.ledger.seen) == ["one", "two"]
