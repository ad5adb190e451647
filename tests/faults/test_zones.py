"""One zone in so many; `python -m tests.faults.zones` checks all of them."""

from tests.faults.zones import sweep


def test_around_a_change_of_offset_nothing_is_skipped_doubled_or_invented() -> None:
    figures = sweep(every=3)
    assert figures.examples == []
    assert figures.transitions >= 80
    assert figures.cases["gap"] > 20
    assert figures.cases["fold"] > 20
    assert figures.cases["prompt"] > 500
