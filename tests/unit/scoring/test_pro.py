from fractions import Fraction

from bot.scoring.diary_part import diary_part
from bot.scoring.pro import Means, cut_offs, pro_scores, stool_pain_remission, stool_pain_response
from schedules.rule_set import default_rules
from tests.support.scoring import VISIT_ON, diary, diary_day


def scores(*days):
    return pro_scores(diary_part(VISIT_ON, days, (), default_rules()), default_rules())


def means(stools, pain):
    return Means(Fraction(stools), Fraction(pain), Fraction(0))


def test_means_are_compared_exactly_not_as_printed():
    fourteen_of_five = scores(*(diary_day(n, answers=(3 if n > 1 else 2, 1, 0)) for n in range(5, 0, -1)))
    twenty_of_seven = scores(*(diary_day(n, answers=(3 if n > 1 else 2, 1, 0)) for n in range(7, 0, -1)))
    assert cut_offs(fourteen_of_five)["sf_le_2_8_and_ap_le_1"]
    assert not cut_offs(twenty_of_seven)["sf_le_2_8_and_ap_le_1"]
    assert cut_offs(twenty_of_seven)["sf_le_3_and_ap_le_1"]


def test_the_short_index_is_44_plus_seven_times_pro3():
    found = scores(*diary(*["on_time"] * 7))
    assert found.pro2 == 13
    assert found.pro3 == 20
    assert found.short_cdai == 44 + 7 * 20
    assert found.short_band == "mild"


def test_no_score_while_a_day_is_open_or_when_too_few_count():
    assert scores(*diary(*["on_time"] * 6, "open")) is None
    assert scores(*diary("on_time", "on_time", "on_time", *["missed"] * 4)) is None


def test_stool_and_pain_remission_needs_both_low_and_neither_above_baseline():
    assert stool_pain_remission(means("2.8", 1), means(5, 2))
    assert not stool_pain_remission(means("2.8", 1), means(2, 2))
    assert not stool_pain_remission(means("2.9", 1), means(5, 2))


def test_stool_and_pain_response_needs_a_fall_of_thirty_percent_and_no_worsening():
    assert stool_pain_response(means("3.5", 2), means(5, 2))
    assert not stool_pain_response(means("3.51", 2), means(5, 2))
    assert not stool_pain_response(means("3.5", "2.1"), means(5, 2))
    assert stool_pain_response(means(5, 1), means(5, 2))


def test_nothing_can_fall_from_zero():
    assert not stool_pain_response(means(0, 0), means(0, 0))
