"""The short form of the sweep; `python -m tests.faults.crash_points` ends the process at every single point."""

from tests.faults.crash_points import Figures, sweep


def test_an_end_at_any_point_of_an_evening_is_legal_and_recovered_from() -> None:
    check(sweep(every=137, first=23), points=700, tried=5)


def test_an_end_around_a_message_leaves_at_most_one_extra_copy_after_an_unknown_row() -> None:
    figures = sweep(among="after sendMessage")
    check(figures, points=2, tried=2)
    assert figures.unknown >= figures.copies >= 1


def test_a_cancelled_wait_anywhere_is_recovered_from() -> None:
    check(sweep(every=71, first=7, among="suspension", cancels=True), points=120, tried=1)


def check(figures: Figures, *, points: int, tried: int) -> None:
    """Nothing was left undone, and the sweep was as broad as it should be."""
    assert figures.faults == []
    assert figures.points >= points
    assert figures.tried >= tried
