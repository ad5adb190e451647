"""A request that hangs holds up nobody else."""

from bot.sandbox.faults import Fault, FaultKind
from tests.support.joined import asked, next_prompt, prompts, to_the_eve_of_the_next_prompt
from tests.support.live import ANN, Live, until

BEN, CHEN, DEE = ANN + 1, ANN + 2, ANN + 3
SEND = frozenset({"sendMessage"})


def test_a_request_that_hangs_holds_up_nobody_else_and_ends_unknown(four: Live) -> None:
    to_the_eve_of_the_next_prompt(four)
    four.api.faults.on(Fault(FaultKind.HANG, SEND, count=1))
    four.set_clock(next_prompt(four))
    until(lambda: sum(asked(four, user) for user in (ANN, BEN, CHEN, DEE)) == 3, "three of four prompts", within=10)
    until(lambda: any(row.state == "unknown" for row in prompts(four)), "the end of the one that hangs", within=30)
    four.settle()
    four.step()
    until(lambda: all(asked(four, user) for user in (ANN, BEN, CHEN, DEE)), "all four prompts")
