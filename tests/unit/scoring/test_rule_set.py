import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from schedules.rule_set import RuleSet, RuleSetError, default_rules, pick_scoring_days, post_endoscopy_days, walk_back
from tests.support.scoring import VISIT_ON, days_before, rules

PROFILES = json.loads((Path(__file__).parents[2] / "data/cdai_vectors.json").read_text())["profiles"]
NAMED = {"id": "mine", "version": "3"}


def backs(days):
    """Say how many days before the visit each scoring day lies."""
    return [(VISIT_ON - on).days for on in days]


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_of_the_vectors_is_read_and_written_back(name):
    read = RuleSet.from_mapping({"id": name, "version": "1", **PROFILES[name]})
    written = read.to_mapping()
    assert {key: written[key] for key in PROFILES[name]} == PROFILES[name]
    assert RuleSet.from_mapping(json.loads(json.dumps(written))) == read


def test_the_hash_is_stable_and_changes_with_every_setting():
    same = RuleSet.from_mapping(default_rules().to_mapping())
    assert same.hash == default_rules().hash
    assert same.hash.startswith("sha256:")
    assert (
        len({default_rules().hash, rules().hash, rules(min_valid_days=5).hash, rules(hct_item_floor="none").hash}) == 4
    )


def test_a_setting_left_out_takes_its_default_and_a_floor_can_be_none():
    read = RuleSet.from_mapping({**NAMED, "hct_item_floor": "none", "weight_item_floor": Decimal("-7.5")})
    assert read.hct_item_floor is None
    assert read.weight_item_floor == Fraction(-15, 2)
    assert read.min_valid_days == default_rules().min_valid_days


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"hct_floor": 0}, "hct_floor"),
        ({"prorate": 1}, "prorate"),
        ({"scoring_days": 7.5}, "scoring_days"),
        ({"scoring_days": True}, "scoring_days"),
        ({"min_valid_days": 8}, "min_valid_days"),
        ({"lookback_days": 5}, "lookback_days"),
        ({"hct_standard": {"male": 47}}, "hct_standard"),
        ({"hct_standard": {"male": 47, "female": "x"}}, "hct_standard.female"),
        ({"hct_item_floor": float("nan")}, "hct_item_floor"),
        ({"hct_item_floor": 99999}, "hct_item_floor"),
        ({"weight_item_floor": 1}, "weight_item_floor"),
        ({"hct_standard": {"male": 0.47, "female": 0.42}}, "hct_standard.male"),
        ({"bands": {"remission_lt": -1, "mild_lt": 220, "moderate_le": 450}}, "bands.remission_lt"),
        ({"response": {"endoscopic_percent_decrease": 101}}, "response.endoscopic_percent_decrease"),
        ({"response": {"clinical_decrease": -70}}, "response.clinical_decrease"),
        ({"hct_window_days": [-7]}, "hct_window_days"),
        ({"hct_window_days": [1, 3]}, "hct_window_days"),
        ({"standard_weight_method": "broca"}, "standard_weight_method"),
        ({"bands": {"remission_lt": 150, "mild_lt": 220}}, "bands.moderate"),
        ({"bands": {"remission_lt": 150, "remission_le": 150, "mild_lt": 220, "moderate_le": 450}}, "bands.remission"),
        ({"bands": {"remission_lt": 150, "mild_lt": 220, "moderate_le": 450, "severe_lt": 900}}, "bands.severe_lt"),
        ({"bands": {"remission_lt": 230, "mild_lt": 220, "moderate_le": 450}}, "bands"),
        ({"accepted": {"pulse": [40, 200]}}, "accepted.pulse"),
        ({"accepted": {"weight_kg": [250, 25]}}, "accepted.weight_kg"),
        ({"accepted": {"weight_kg": [0, 250]}}, "accepted.weight_kg"),
        ({"accepted": {"stools": [0, 50.5]}}, "accepted.stools"),
        ({"usual": {"hct_percent": [5, 50]}}, "usual.hct_percent"),
        ({"response": {"clinical": 70}}, "response.clinical"),
        ({"standard_weight_method": "height_minus_105", "accepted": {"height_cm": [100, 220]}}, "accepted.height_cm"),
        ({"bands": 150}, "bands"),
        ({"id": ""}, "id"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(change, key):
    with pytest.raises(RuleSetError) as refused:
        RuleSet.from_mapping({**NAMED, **change})
    assert refused.value.key == key
    assert str(refused.value).startswith(f"{key}: ")


@pytest.mark.parametrize("key", ["id", "version"])
def test_a_rule_set_needs_a_name_and_a_version(key):
    with pytest.raises(RuleSetError, match=key):
        RuleSet.from_mapping({name: value for name, value in NAMED.items() if name != key})


def test_inclusive_edges_move_the_edge_value_into_the_lower_band():
    inclusive = rules(bands={"remission_le": 150, "mild_le": 220, "moderate_lt": 450}).bands
    exclusive = default_rules().bands
    edges = [Fraction(150), Fraction(220), Fraction(450)]
    assert [inclusive.band(edge) for edge in edges] == ["remission", "mild", "severe"]
    assert [exclusive.band(edge) for edge in edges] == ["mild", "moderate", "moderate"]


def test_scoring_days_end_the_day_before_the_visit_oldest_first():
    assert backs(pick_scoring_days(VISIT_ON, (), default_rules())) == [7, 6, 5, 4, 3, 2, 1]
    with_visit_day = rules(include_visit_day=True)
    assert backs(pick_scoring_days(VISIT_ON, (), with_visit_day)) == [6, 5, 4, 3, 2, 1, 0]


def test_an_excluded_day_is_replaced_by_an_earlier_one_within_the_look_back():
    out = {days_before(1), days_before(2)}
    assert backs(pick_scoring_days(VISIT_ON, out, default_rules())) == [9, 8, 7, 6, 5, 4, 3]
    assert backs(pick_scoring_days(VISIT_ON, out, rules(replace_excluded_days=False))) == [7, 6, 5, 4, 3]
    long_prep = {days_before(n) for n in range(1, 11)}
    assert backs(pick_scoring_days(VISIT_ON, long_prep, default_rules())) == [14, 13, 12, 11]


def test_a_missed_day_keeps_its_place_unless_the_rules_replace_it():
    valid = {days_before(n) for n in range(1, 12)} - {days_before(3)}
    assert backs(pick_scoring_days(VISIT_ON, (), default_rules(), valid)) == [7, 6, 5, 4, 3, 2, 1]
    replacing = rules(replace_missing_days=True)
    assert backs(pick_scoring_days(VISIT_ON, (), replacing, valid)) == [8, 7, 6, 5, 4, 2, 1]
    assert backs(pick_scoring_days(VISIT_ON, (), replacing)) == [7, 6, 5, 4, 3, 2, 1]


def test_an_unreplaced_excluded_day_takes_a_place_even_where_missed_days_are_replaced():
    replacing = rules(replace_missing_days=True, replace_excluded_days=False)
    valid = {days_before(n) for n in range(1, 12)} - {days_before(3)}
    assert backs(pick_scoring_days(VISIT_ON, {days_before(1)}, replacing, valid)) == [8, 7, 6, 5, 4, 2]


def test_only_excluded_days_met_on_the_way_back_are_reported():
    out = {days_before(2), days_before(12), VISIT_ON}
    assert walk_back(VISIT_ON, out, default_rules())[1] == (days_before(2),)


def test_days_after_an_endoscopy_follow_from_the_rule_set():
    on = date(2024, 2, 28)
    assert post_endoscopy_days([on], default_rules()) == ()
    assert post_endoscopy_days([on], rules(post_endoscopy_excluded_days=2)) == tuple(
        on + timedelta(days=n) for n in (1, 2)
    )
