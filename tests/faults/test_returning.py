"""After a silence open cards are redrawn in groups: a crash between two of them loses nobody and doubles nothing."""

import asyncio
from functools import partial
from pathlib import Path

from bot.actions.beat import beat
from bot.actions.come_back import GROUP, come_back
from bot.actions.queue import queue_card_edit
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.storage.database import Database
from bot.storage.returning import returning
from bot.storage.tables import CardRow, MessageRow
from tests.support.lab import Lab, evening, quietly

PEOPLE = 2 * GROUP + 3
SILENCE = 600.0  # seconds


async def in_the_middle_when_it_goes_away(loop: VirtualLoop, folder: Path) -> Lab:
    """Everybody has begun the card of the day when the service goes away for ten minutes."""
    lab = Lab(folder, loop, start=evening(wall="19:59:50"))
    for _number in range(PEOPLE):
        lab.enrol()
    await lab.boot()
    for _second in range(30):
        await lab.live(1)
        for keeper in lab.keepers:
            keeper.busy = len(keeper.deeds) < 2  # Start, and the first answer
    assert await lab.settle()
    begun = [row for row in lab.rows(CardRow) if row.touched_at is not None and row.provider_msg_id is not None]
    assert len(begun) == PEOPLE
    await lab.down()
    await asyncio.sleep(SILENCE)
    return lab


def some(database: Database, lab: Lab) -> bool:
    with database.write() as session:
        return come_back(session, study=lab.study, now=lab.clock.now())


def redraws(lab: Lab) -> list[MessageRow]:
    return [row for row in lab.rows(MessageRow) if "/back/" in row.dedupe_key or row.dedupe_key.startswith("back/")]


async def interrupted(loop: VirtualLoop, folder: Path) -> None:
    lab = await in_the_middle_when_it_goes_away(loop, folder)
    with lab.beside() as database:
        with database.write() as session:
            now = lab.clock.now()
            beat(session, study=lab.study, system_now=lab.clock.system_now(), now=now, shifted=False)
        assert redraws(lab) == []
        assert some(database, lab) is True
        assert len(redraws(lab)) == GROUP
        # a crash here; the next life goes on where this one was
    sent_before = {user: len(lab.shown(user)) for user in (keeper.user for keeper in lab.keepers)}
    await lab.boot()
    await lab.live(30)
    with lab.beside() as database, database.read() as session:
        assert returning(session) is None
    assert len({row.card_id for row in redraws(lab)}) == len(redraws(lab)) == PEOPLE
    words = [row for row in lab.rows(MessageRow) if row.kind == "outage"]
    assert sorted({row.participant_id for row in words}) == sorted(row.participant_id for row in words)
    assert all(len(lab.shown(user)) <= before + 1 for user, before in sent_before.items())
    await lab.down()
    lab.close()


async def overtaken(loop: VirtualLoop, folder: Path) -> None:
    lab = await in_the_middle_when_it_goes_away(loop, folder)
    with lab.beside() as database:
        with database.write() as session:
            now = lab.clock.now()
            beat(session, study=lab.study, system_now=lab.clock.system_now(), now=now, shifted=False)
            last = max(lab.rows(CardRow), key=lambda row: row.participant_id)
            moved = session.get(CardRow, last.id)
            assert moved is not None
            moved.touched_at = now  # an answer that Telegram still held
            queue_card_edit(session, moved, address=lab.keepers[-1].user, reference="u1", now=now)
        while some(database, lab):
            pass
    assert last.id not in {row.card_id for row in redraws(lab)}
    assert len(redraws(lab)) == PEOPLE - 1
    lab.close()


def test_a_return_that_a_crash_interrupts_is_finished_by_the_next_life_and_doubles_nothing(tmp_path: Path) -> None:
    quietly(partial(interrupted, folder=tmp_path))


def test_whoever_has_answered_since_is_not_told_that_we_were_away(tmp_path: Path) -> None:
    quietly(partial(overtaken, folder=tmp_path))
