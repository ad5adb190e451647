from fractions import Fraction

import pytest

from bot.scoring.response import Interval, decided_remission, decided_response, respond
from schedules.rule_set import default_rules
from tests.support.scoring import rules

RULES = default_rules()


def interval(low, high):
    return Interval(Fraction(low), Fraction(high))


@pytest.mark.parametrize(
    ("low", "high", "decided"),
    [(90, 149, "yes"), (90, 150, "open"), (150, 300, "no"), (149, 150, "open"), (10, 10, "yes")],
)
def test_remission_is_decided_only_when_both_ends_agree(low, high, decided):
    assert decided_remission(interval(low, high), RULES) == decided


@pytest.mark.parametrize(
    ("baseline", "now", "decided"),
    [
        ((300, 300), (100, 230), "yes"),
        ((300, 300), (100, 231), "open"),
        ((300, 300), (231, 400), "no"),
        ((300, 310), (230, 230), "yes"),
        ((290, 310), (230, 230), "open"),
        ((290, 299), (230, 400), "no"),
    ],
)
def test_response_is_decided_over_both_intervals(baseline, now, decided):
    assert decided_response(interval(*baseline), interval(*now), Fraction(70)) == decided


def test_without_an_interval_nothing_is_decided():
    assert decided_remission(None, RULES) == "open"
    assert decided_response(None, interval(1, 2), Fraction(70)) == "open"
    assert decided_response(interval(1, 2), None, Fraction(70)) == "open"


def test_a_low_baseline_may_respond_by_remission_in_the_uniti_rule():
    low, above = respond(Fraction(248), Fraction(149), RULES), respond(Fraction("248.1"), Fraction("148.5"), RULES)
    assert low.uniti
    assert not low.response_100
    assert not above.uniti


def test_the_study_chooses_its_own_threshold():
    assert respond(Fraction(300), Fraction(215), RULES).clinical_response
    assert not respond(Fraction(300), Fraction(215), rules(response={"clinical_decrease": 100})).clinical_response
