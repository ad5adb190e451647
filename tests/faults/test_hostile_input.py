"""The short form; `python -m tests.faults.hostile_input` bends as many updates as wished."""

import tempfile
from pathlib import Path

from bot.storage.tables import InboxRow
from tests.faults.histories import side, text_of
from tests.faults.hostile_input import attack
from tests.support.world import FIRST_DAY


def test_bent_updates_and_bent_button_data_write_nothing_for_anybody_else() -> None:
    figures = attack(600, seed=5)
    assert figures.faults == []
    assert figures.ends["aside"] >= 20
    assert figures.ends["done"] >= 250
    assert figures.answers >= 3


def test_of_a_thousand_updates_the_one_that_cannot_be_read_stands_aside_alone() -> None:
    with tempfile.TemporaryDirectory() as folder, side(Path(folder) / "a", 1) as there:
        there.world.wait_for(FIRST_DAY, "20:01")
        chats = [5001, *range(9000, 9100)]  # one participant among strangers
        for number in range(1, 1001):
            update = text_of(number, chats[number % len(chats)], "hello", there.world.now)
            if number == 500:
                update["message"]["chat"] = "no chat"
            there.bring_raw(update)
        rows = there.world.rows(InboxRow)
    assert [row.update_id for row in rows if row.state == "aside"] == [500]
    assert sum(row.state == "done" for row in rows if row.update_id <= 1000) == 999
