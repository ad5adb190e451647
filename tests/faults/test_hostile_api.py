"""The short form of a failing Bot API: one failure of each way that a message can end."""

from bot.sandbox.faults import FaultKind
from tests.faults.hostile_api import EVENINGS, play
from tests.support.live import Live

# To be tried again after a pause; unknown and not there; unknown and there twice.
SHORT = {(FaultKind.TOO_MANY, False), (FaultKind.BAD_GATEWAY, False), (FaultKind.RESET, True)}


def test_failures_of_the_bot_api_end_as_documented_and_the_diary_goes_on(joined: Live) -> None:
    evenings = [evening for evening in EVENINGS if (evening.kind, evening.delivered) in SHORT]
    assert len(evenings) == len(SHORT)
    play(joined, evenings)
