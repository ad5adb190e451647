from fractions import Fraction

import pytest

from bot.errors import InvalidInputError
from bot.scoring.sescd import ITEMS, SEGMENTS, compare, is_remission, read_sescd
from schedules.rule_set import default_rules
from tests.support.scoring import rules

RULES = default_rules()


def endoscopy(**segments):
    return read_sescd({name: segments.get(name, [0, 0, 0, 0]) for name in SEGMENTS})


def test_totals_add_up_over_explored_segments_only():
    found = endoscopy(ileum=[3, 3, 3, 3], rectum=None)
    assert found.total == 12
    assert found.explored == SEGMENTS[:4]
    assert found.score("rectum") is None


def test_two_endoscopies_are_compared_over_segments_seen_both_times():
    before = endoscopy(ileum=[2, 2, 2, 0], left_colon=[1, 1, 2, 0])
    after = endoscopy(ileum=None, left_colon=[1, 1, 0, 0])
    found = compare(before, after, RULES)
    assert found.segments == SEGMENTS[1:]
    assert (found.baseline_total, found.current_total) == (4, 2)
    assert found.percent_decrease == 50


def test_the_criteria_in_use_stand_side_by_side():
    found = compare(endoscopy(ileum=[1, 1, 2, 0]), endoscopy(ileum=[1, 1, 0, 0]), RULES)
    assert found.response_ge50
    assert not found.response_gt50
    assert found.response_u_excel
    assert found.remission_le2
    assert found.remission_le4_drop2_no_sub_gt1


def test_a_grade_above_one_blocks_the_alternative_remission():
    found = compare(endoscopy(ileum=[3, 2, 2, 0]), endoscopy(ileum=[2, 1, 0, 0]), RULES)
    assert not found.remission_le4_drop2_no_sub_gt1
    assert found.response_ge50_or_le2


def test_a_baseline_of_zero_leaves_percent_and_response_undefined():
    found = compare(endoscopy(), endoscopy(), RULES)
    assert found.percent_decrease is None
    assert found.response is None
    assert found.remission


def test_the_study_sets_its_thresholds():
    before, after = endoscopy(ileum=[2, 2, 2, 0]), endoscopy(ileum=[1, 1, 1, 0])
    strict = rules(response={"endoscopic_percent_decrease": 75, "endoscopic_remission_max": 3})
    assert compare(before, after, RULES).response
    assert not compare(before, after, strict).response
    assert not is_remission(after, RULES)
    assert is_remission(after, strict)


def test_the_order_of_the_items_can_be_stated():
    order = tuple(reversed(ITEMS))
    found = read_sescd({name: [3, 0, 0, 1] if name == "ileum" else [0, 0, 0, 0] for name in SEGMENTS}, order)
    assert found.segments["ileum"] == (1, 0, 0, 3)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ileum": [0, 0, 0]}, "sescd_item_invalid"),
        ({"ileum": [0, 0, 0, 4]}, "sescd_item_invalid"),
        ({"ileum": [0, 0, 0, 0.5]}, "sescd_item_invalid"),
        ({"jejunum": None}, "sescd_segment_unknown"),
        (
            {"ileum": [0, 0, 0, 3], "rectum": [0, 0, 0, 3], "left_colon": [0, 0, 0, 3], "right_colon": [0, 0, 0, 3]},
            "sescd_narrowing_invalid",
        ),
        (dict.fromkeys(SEGMENTS), "sescd_nothing_explored"),
    ],
)
def test_an_impossible_endoscopy_is_refused(change, code):
    with pytest.raises(InvalidInputError) as refused:
        read_sescd({**{name: [0, 0, 0, 0] for name in SEGMENTS}, **change})
    assert refused.value.code == code


def test_a_segment_left_out_is_refused_because_null_says_not_explored():
    with pytest.raises(InvalidInputError, match="rectum"):
        read_sescd(dict.fromkeys(SEGMENTS[:4]))


def test_the_highest_possible_total_is_56():
    full = {name: [3, 3, 3, 2] for name in SEGMENTS} | {"ileum": [3, 3, 3, 3]}
    assert read_sescd(full).total == 56
    assert compare(read_sescd(full), endoscopy(), RULES).percent_decrease == Fraction(100)
