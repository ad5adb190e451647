"""A Bot API that asks for a pause is obeyed to the second, for all chats."""

import time

from bot.sandbox.faults import Fault, FaultKind
from bot.storage.pause import PAUSE as PAUSED_UNTIL
from bot.storage.tables import InstanceRow
from tests.support.joined import next_prompt, prompts, sends, to_the_eve_of_the_next_prompt
from tests.support.live import ANN, Live, until

BEN, CHEN, DEE = ANN + 1, ANN + 2, ANN + 3
SEND = frozenset({"sendMessage"})
PAUSE = 3  # seconds
LONG_PAUSE = 8  # seconds; long enough for a new process
SETTLES = 0.3  # seconds in which what was on its way already may still come in


def test_a_pause_holds_for_every_chat_to_the_second_and_taps_are_answered_meanwhile(four: Live) -> None:
    to_the_eve_of_the_next_prompt(four)
    four.api.faults.on(Fault(FaultKind.TOO_MANY, SEND, count=1, retry_after=PAUSE))
    four.set_clock(next_prompt(four))
    refused = until(lambda: next((one for one in sends(four) if one.status == 429), None), "the 429")
    again = until(lambda: next((one for one in sends(four) if one.came_at > refused.came_at + SETTLES), None), "more")
    assert PAUSE <= again.came_at - refused.came_at <= PAUSE + 2.0
    four.settle()
    newest = max(row.diary_day for row in prompts(four) if row.state == "sent" and row.diary_day)
    assert [row.state for row in prompts(four) if row.diary_day == newest] == ["sent"] * 4
    four.api.faults.on(Fault(FaultKind.TOO_MANY, frozenset({"editMessageText"}), count=1, retry_after=PAUSE))
    four.tap(ANN, "Start")
    until(lambda: any(one.status == 429 and one.method == "editMessageText" for one in four.line.requests), "the 429")
    callback, began = four.tap(BEN, "Start"), time.monotonic()
    until(lambda: four.api.state.callbacks[callback].answered, "the end of a spinner")
    assert time.monotonic() - began < PAUSE - 1
    until(lambda: "4" in four.labels(BEN), "the first question")


def test_a_pause_outlives_a_killed_process(four: Live) -> None:
    to_the_eve_of_the_next_prompt(four)
    four.api.faults.on(Fault(FaultKind.TOO_MANY, SEND, count=1, retry_after=LONG_PAUSE))
    four.set_clock(next_prompt(four))
    refused = until(lambda: next((one for one in sends(four) if one.status == 429), None), "the 429")
    until(lambda: four.rows(InstanceRow, InstanceRow.key == PAUSED_UNTIL), "the pause in the database")
    four.kill()
    killed_at = time.monotonic()
    four.run()
    four.ready()
    assert time.monotonic() < refused.came_at + LONG_PAUSE - 1, "the new process came too late to show anything"
    again = until(lambda: next((one for one in sends(four) if one.came_at > killed_at), None), "a message")
    assert again.came_at - refused.came_at >= LONG_PAUSE
    four.settle()
    newest = max(row.diary_day for row in prompts(four) if row.state == "sent" and row.diary_day)
    assert len([row for row in prompts(four) if row.diary_day == newest and row.state in {"sent", "unknown"}]) == 4
