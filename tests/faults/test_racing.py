"""Several processes' worth of hands on the same participants at once: nothing that was acknowledged is overwritten.

Each hand has a database of its own, as a process would. The audit trail tells of lost updates: an event whose old
value is not what the event before had left means that somebody overwrote what they had not seen.
"""

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from bot.actions import record_delivery
from bot.actions.assess import ClinicValues, assess
from bot.actions.enrol import Enrolment, enrol
from bot.actions.enter_day import enter_day
from bot.actions.prepare_message import Ready, prepare
from bot.actions.set_hour import set_hour
from bot.actions.withdraw import withdraw
from bot.channels.dispatcher import Dispatcher
from bot.channels.intake import Intake
from bot.channels.leadership import Alone, Elected
from bot.channels.outcomes import Delivered, Outcome
from bot.chat.desk import handle
from bot.diary.items import Item
from bot.errors import DiaryError
from bot.people.actor import Origin, operator_actor
from bot.storage.chain import verify_database
from bot.storage.database import Database
from bot.storage.inbox import count_waiting, store_updates
from bot.storage.participants import participant_by_code
from bot.storage.tables import AnswerRow, AssessmentRow, AuditRow, CardRow, EntryRow, InboxRow, MessageRow
from bot.storage.trail import Trail
from bot.storage.trouble import DATABASE_TROUBLE
from schedules.clock import VirtualClock
from schedules.windows import instant
from tests.support.carrying import seed_study
from tests.support.database import study_database
from tests.support.postgres import clean_postgres, postgres_server, require_postgres
from tests.support.world import FIRST_DAY, SHANGHAI, W00, World

CODES = ("SH-001", "SH-002", "SH-003")
LEAVES = "SH-003"
TAPS = 30  # by each participant
STAFF_ACTS = 25  # by each of two members of staff
UNASKED = ("prompt", "second", "last_call", "snoozed", "outage", "thank_you")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        with study_database(tmp_path) as found:
            yield found
        return
    require_postgres()
    with postgres_server() as url, clean_postgres(url) as found:
        yield found


class Phones:
    """What every chat shows, as the network brought it; a person taps any button that is there."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.newest: dict[int, Ready] = {}
        self._ids, self._updates = itertools.count(10_000), itertools.count(500_000)

    async def send(self, ready: Ready) -> Outcome:
        await asyncio.sleep(self.rng.random() / 100)
        self.newest[ready.address] = ready
        return Delivered(ready.provider_msg_id or next(self._ids))

    def tap(self, address: int) -> dict[str, Any] | None:
        buttons = [data for row in self.newest[address].rows for _label, data in row] if address in self.newest else []
        if not buttons:
            return None
        person = {"id": address, "is_bot": False, "first_name": "x", "language_code": "en"}
        card = {"message_id": 3, "date": 1, "chat": {"id": address, "type": "private"}, "text": "card"}
        number = next(self._updates)
        tap = {"id": f"c{number}", "from": person, "chat_instance": "1", "message": card}
        return {"update_id": number, "callback_query": tap | {"data": self.rng.choice(buttons)}}


class Race:
    """Two services and two members of staff on one database."""

    def __init__(self, database: Database, study: Any, now: Any) -> None:
        self.database, self.study, self.clock = database, study, VirtualClock(now)
        self.phones = Phones(Random(5))
        self.databases = [database, self.another(), self.another(), self.another()]
        self.done: Counter[str] = Counter()
        self.failed: list[str] = []

    def another(self) -> Database:
        return Database(self.database.url, synchronous="OFF")

    def close(self) -> None:
        for database in self.databases[1:]:
            database.close()

    async def run(self) -> None:
        """Everybody at once; ends when everybody has done their part and nothing waits."""
        staff = [threading.Thread(target=self._staff, args=(self.databases[2 + n], Random(n))) for n in range(2)]
        services = [self._service(self.databases[n], n) for n in range(1 if self.database.is_sqlite else 2)]
        tasks = [asyncio.create_task(part.run()) for service in services for part in service]
        for thread in staff:
            thread.start()
        await asyncio.gather(*(self._participant(5001 + n, services) for n in range(len(CODES))))
        for thread in staff:
            await asyncio.to_thread(thread.join, 60)
        async with asyncio.timeout(60):
            while self._left():
                self.clock.advance(timedelta(milliseconds=200))
                await asyncio.sleep(0.05)
        for intake, dispatcher in services:
            await intake.stop()
            await dispatcher.stop()
        await asyncio.gather(*tasks)

    def _service(self, database: Database, number: int) -> tuple[Intake, Dispatcher]:
        lead = Alone() if database.is_sqlite else Elected(f"s{number}", self.clock)
        dispatcher = Dispatcher(
            database, self.clock, lambda: self.study, self.phones, prepare, record_delivery, owner=f"s{number}",
            rng=Random(number), leadership=lead,
        )  # fmt: skip

        async def answer(_answer: object) -> None:
            self.done["tap"] += 1

        intake = Intake(
            database, self.clock, lambda: self.study, handle=handle, answer=answer, queued=dispatcher.wake,
            trouble=lambda _hint: None,
        )  # fmt: skip
        return intake, dispatcher

    async def _participant(self, address: int, services: list[tuple[Intake, Dispatcher]]) -> None:
        for number in range(TAPS):
            update = self.phones.tap(address)
            database = self.databases[number % len(services)]
            if update is not None:
                await database.writing(lambda update=update, database=database: self._bring(database, update))
                for intake, _dispatcher in services:
                    intake.wake()
            self.clock.advance(timedelta(milliseconds=200))
            await asyncio.sleep(self.phones.rng.random() / 20)

    def _bring(self, database: Database, update: Any) -> None:
        with database.write() as session:
            store_updates(session, [update], now=self.clock.now())

    def _left(self) -> bool:
        with self.database.read() as session:
            due = select(func.count()).where(
                col(MessageRow.state).in_(("planned", "claimed", "sending", "retry")),
                col(MessageRow.due_at) <= self.clock.now(),
            )
            return bool(count_waiting(session) or session.exec(due).one())

    def _staff(self, database: Database, rng: Random) -> None:
        for number in range(STAFF_ACTS):
            code = LEAVES if number == STAFF_ACTS // 2 else rng.choice(CODES)
            name, deed = ("withdraw", self._withdraw) if number == STAFF_ACTS // 2 else rng.choice(self._deeds())
            try:
                with database.write() as session:
                    actor = operator_actor("tests")
                    trail = Trail(session, self.clock.now(), actor, Origin.COMMAND)
                    participant = participant_by_code(session, code)
                    trail.participant = code
                    deed(trail, participant, rng)
                self.done[name] += 1
            except DiaryError:
                self.done[f"{name} refused"] += 1
            except DATABASE_TROUBLE as error:
                self.done[f"{name}: {type(error.orig).__name__}"] += 1  # type: ignore[union-attr]
            except Exception as error:  # noqa: BLE001  # shown by the test
                self.failed.append(f"{name}: {error!r}")

    def _deeds(self) -> list[tuple[str, Callable[[Trail, Any, Random], object]]]:
        return [("hour", self._hour), ("weight", self._weight), ("enter", self._enter)]

    def _hour(self, trail: Trail, participant: Any, rng: Random) -> None:
        set_hour(trail, participant, rng.choice((time(19), time(20, 30), time(21))), study=self.study)

    def _weight(self, trail: Trail, participant: Any, rng: Random) -> None:
        values = ClinicValues(weight_kg=Decimal(rng.randint(400, 900)) / 10, weight_on=FIRST_DAY, confirmed=True)
        assess(trail, participant, "W00", values, study=self.study, reason="measured again")

    def _enter(self, trail: Trail, participant: Any, rng: Random) -> None:
        values = {Item.STOOLS: rng.randint(0, 9), Item.PAIN: rng.randint(0, 3), Item.WELLBEING: rng.randint(0, 4)}
        enter_day(trail, participant, FIRST_DAY, values, reason="told on the phone", study=self.study)

    def _withdraw(self, trail: Trail, participant: Any, _rng: Random) -> None:
        withdraw(trail, participant, reason="asked for it", study=self.study)


def join(world: World, code: str, address: int) -> None:
    """Enrol as the command does, and go through joining."""
    given = Enrolment(
        code=code, site="seh", sex="female", height_cm=Decimal(165), language="en", timezone=SHANGHAI, baseline_on=W00
    )
    with world.db.write() as session:
        trail = Trail(session, world.now, operator_actor("tests"), Origin.COMMAND)
        token = enrol(trail, given, study=world.study).token
    phone = world.phone(address)
    phone.start(token)
    for label in ("English", "Agree", "20:00", "OK"):
        phone.tap(label)


@pytest.fixture
def race(database: Database) -> Iterator[Race]:
    study = seed_study()
    world = World(database, study, instant(FIRST_DAY - timedelta(days=1), time(10), SHANGHAI))
    world.tick()
    for number, code in enumerate(CODES):
        join(world, code, 5001 + number)
    world.wait_for(FIRST_DAY, "20:01")
    found = Race(database, study, world.now)
    for number in range(len(CODES)):
        bubble = world.phone(5001 + number).last
        found.phones.newest[5001 + number] = Ready("send", 5001 + number, bubble.text, bubble.rows, bubble.id)
    try:
        yield found
    finally:
        found.close()


def broken_events(database: Database) -> list[str]:
    """Events of changed fields that do not begin where the event before ended."""
    left: dict[tuple[str, str, str], str | None] = {}
    found = []
    with database.read() as session:
        for event in session.exec(select(AuditRow).order_by(col(AuditRow.seq))):
            if event.field is None or event.entity in ("site_message", "site_task", "outage"):
                continue
            entity = event.entity_id.rsplit("/", 1)[0] if event.entity == "entry" else event.entity_id
            key = (event.entity, entity, event.field)
            if key in left and event.old is not None and event.old != left[key]:
                found.append(f"{event.seq}: {key} {event.old} -> {event.new}, but it was {left[key]}")
            left[key] = event.new
    return found


async def test_everybody_at_once_loses_nothing(race: Race) -> None:
    await race.run()
    database = race.database
    assert race.failed == []
    assert broken_events(database) == []
    assert verify_database(database).findings == ()
    with database.read() as session:
        assert {row.state for row in session.exec(select(InboxRow))} == {"done"}
        weights = Counter(session.exec(select(AssessmentRow.participant_id)).all())
        revisions = session.exec(select(AssessmentRow.participant_id, func.max(AssessmentRow.revision))
                                 .group_by(col(AssessmentRow.participant_id))).all()  # fmt: skip
        assert dict(revisions) == dict(weights)
        for table, number in ((EntryRow, EntryRow.revision), (AnswerRow, AnswerRow.ordinal)):
            assert session.exec(select(func.count()).select_from(table)).one() > 0
            assert session.exec(select(func.min(number))).one() >= 0
        references = Counter(row.reference for row in session.exec(select(AnswerRow)) if row.reference)
        assert [one for one, count in references.items() if count > 1 and one[1:].isdigit()] == []
        assert all(card.revision >= 0 for card in session.exec(select(CardRow)))
        leaver = participant_by_code(session, LEAVES)
        assert leaver.withdrawn_at is not None
        rows = session.exec(select(MessageRow).where(MessageRow.participant_id == leaver.id)).all()
    late = [row for row in rows if row.kind in UNASKED and row.sending_at and row.sending_at > leaver.withdrawn_at]
    assert late == []
    waiting = {row.kind for row in rows if row.state in ("planned", "retry")}
    assert not waiting & set(UNASKED)
    assert race.done["withdraw"] == 1
    assert race.done["withdraw refused"] == 1
    assert race.done["tap"] >= 5
    assert race.done["weight"] + race.done["hour"] >= 5
    assert not any(":" in what for what in race.done), race.done  # nobody had to give way to a deadlock
