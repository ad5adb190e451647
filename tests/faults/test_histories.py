"""The short form of the histories; `python -m tests.faults.histories` plays them at any length."""

from tests.faults.histories import run


def test_doubled_replayed_and_crossing_updates_end_as_in_order_or_are_refused() -> None:
    figures = run(18, seed=7)
    assert figures.faults == []
    assert figures.histories == 18
    assert figures.crossed >= 9
    assert figures.refused > 0
    assert figures.deliveries > 2 * figures.updates
