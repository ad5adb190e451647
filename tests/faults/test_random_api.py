"""A Bot API that fails at random, with its limits on: all is accounted for, and the budget is kept."""

from bot.channels.pace import PER_WINDOW
from tests.faults.random_api import run


def test_faults_at_random_leave_no_message_unaccounted_for_and_the_budget_is_kept() -> None:
    figures = run(people=40, share=0.2, seed=1, hours=0.5)
    assert figures.faults == []
    assert figures.requests > 40
    assert sum(figures.struck.values()) > 0
    assert figures.timed > 40
    assert 15 <= figures.most_timed <= PER_WINDOW
