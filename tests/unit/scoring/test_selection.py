from fractions import Fraction

import pytest

from bot.scoring.inputs import LabValue
from bot.scoring.selection import select_value
from tests.support.scoring import VISIT_ON, days_before


def choose(*backs, is_baseline=False):
    values = tuple(LabValue(40 + n, days_before(back)) for n, back in enumerate(backs))
    return select_value(values, VISIT_ON, (-7, 3), 35, is_baseline=is_baseline)


@pytest.mark.parametrize(
    ("backs", "chosen", "rule"),
    [
        ((7, 2, 5), 2, "in_window"),
        ((0, 3), 0, "in_window"),
        ((7,), 7, "in_window"),
        ((8, -3, -1), -1, "after_visit"),
        ((-3,), -3, "after_visit"),
        ((35, 8), 8, "carried_forward"),
        ((35,), 35, "carried_forward"),
    ],
)
def test_the_window_comes_first_then_after_the_visit_then_an_older_value(backs, chosen, rule):
    found = choose(*backs)
    assert (found.on, found.rule) == (days_before(chosen), rule)


@pytest.mark.parametrize("backs", [(), (36,), (-4,)])
def test_nothing_near_enough_is_nothing(backs):
    assert choose(*backs) is None


def test_at_baseline_a_value_after_the_visit_never_counts():
    assert choose(-1, 20, is_baseline=True).rule == "carried_forward"
    assert choose(-1, is_baseline=True) is None


def test_of_two_values_of_one_day_the_later_entered_counts():
    assert choose(2, 2).value == Fraction(41)


def test_only_an_unaccepted_old_value_is_provisional():
    old = LabValue(40, days_before(20))
    accepted = LabValue(40, days_before(20), accepted=True)
    assert select_value((old,), VISIT_ON, (-7, 3), 35).is_provisional
    assert not select_value((accepted,), VISIT_ON, (-7, 3), 35).is_provisional
    assert not choose(2).is_provisional


def test_a_value_without_a_date_is_taken_as_measured_at_the_visit():
    assert select_value((LabValue(41),), None, (-7, 3), 35).rule == "in_window"
