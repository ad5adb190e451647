import json
from fractions import Fraction

import pytest

from bot.errors import DiaryError
from bot.scoring.draft import as_baseline, build_draft
from bot.scoring.draft_input import Baseline
from bot.scoring.draft_json import draft_to_json
from bot.scoring.inputs import COMPONENTS, ExcludedDay, LabValue
from bot.scoring.pro import Means
from bot.scoring.response import Interval
from bot.scoring.sescd import SEGMENTS, read_sescd
from tests.support.scoring import VISIT_ON, clinic, days_before, diary, diary_day, draft_input, rules

KEYS = [
    "participant",
    "visit",
    "visit_on",
    "held",
    "as_of",
    "rule_set",
    "status",
    "reason",
    "scoring_days",
    "excluded_days",
    "days_used",
    "sums",
    "components",
    "interval",
    "total",
    "category",
    "missing",
    "flags",
    "pro",
    "from_baseline",
    "endoscopic",
    "arithmetic",
    "since_stored",
    "signature",
]
DAY_KEYS = [
    "on",
    "label",
    "state",
    "used",
    "stools",
    "pain",
    "wellbeing",
    "antidiarrhoeal",
    "source",
    "corrected",
    "helped",
    "outage",
    "revision",
]


def document(**given):
    """Return the JSON document of a draft, read back as a consumer would."""
    return json.loads(json.dumps(draft_to_json(build_draft(draft_input(**given)))))


def at(total):
    return Baseline(Fraction(total), Interval(Fraction(total), Fraction(total)))


def lines(found):
    return {line["component"]: line for line in found["arithmetic"]}


def test_a_complete_visit_is_computed_with_interval_equal_to_the_total():
    found = document()
    # 28 x 2 + 7 x 5 + 7 x 7 + (47 - 41) x 6 + 100 x (1 - 63/70) = 56 + 35 + 49 + 36 + 10
    assert (found["status"], found["total"], found["category"]) == ("computed", 186.0, "mild")
    assert found["interval"] == {"min": 186.0, "max": 186.0}
    assert found["missing"] == []
    assert found["sums"] == {"stools": 28.0, "pain": 7.0, "wellbeing": 7.0}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"clinic": clinic(hct=())},
        {"stoma": True},
        {"days": diary(*["missed"] * 7)},
        {"days": diary(*["not_open"] * 7), "sex": None, "standard_weight_kg": None},
        {"is_baseline": True},
        {"baseline": at(300)},
    ],
)
def test_every_key_is_always_present(given):
    found = document(**given)
    assert list(found) == KEYS
    assert list(found["components"]) == list(COMPONENTS)
    assert all(set(one) == {"points", "raw", "known", "min", "max", "input"} for one in found["components"].values())
    assert all(list(day) == DAY_KEYS for day in found["scoring_days"])


def test_a_missing_haematocrit_leaves_its_whole_accepted_range_open():
    found = document(clinic=clinic(hct=()))
    assert (found["status"], found["total"], found["missing"]) == ("incomplete", None, ["hct"])
    assert found["components"]["hct"] == {
        "points": None,
        "raw": None,
        "known": False,
        "min": 0.0,
        "max": 222.0,
        "input": None,
    }
    assert found["interval"] == {"min": 150.0, "max": 372.0}


def test_while_a_scoring_day_can_still_be_filled_there_is_no_total():
    found = document(days=diary(*["on_time"] * 5, "open", "not_open"))
    assert found["status"] == "incomplete"
    assert (found["sums"], found["pro"], found["total"]) == (None, None, None)
    assert [found["components"][key]["known"] for key in ("stools", "pain", "wellbeing", "mass")] == [False] * 3 + [
        True
    ]
    # least: both days with nothing; greatest: both with 50 stools, pain 3, well-being 4
    assert found["components"]["stools"]["min"] == 40.0
    assert found["components"]["stools"]["max"] == 240.0
    assert found["interval"] == {"min": 40 + 25 + 35 + 46.0, "max": 240 + 55 + 91 + 46.0}
    assert found["days_used"] == [days_before(n).isoformat() for n in range(7, 2, -1)]


def test_too_few_days_after_closing_make_the_visit_not_computable():
    found = document(days=diary(*["on_time"] * 3, *["missed"] * 4))
    assert (found["status"], found["reason"], found["interval"]) == ("not_computable", "days_below_minimum", None)
    assert "diary_days_below_minimum" in found["flags"]
    assert found["components"]["stools"]["min"] is None


def test_a_minimum_that_can_still_be_reached_is_incomplete():
    found = document(days=diary(*["on_time"] * 3, *["missed"] * 3, "open"))
    assert found["status"] == "incomplete"
    assert found["interval"]["min"] < found["interval"]["max"]


def test_a_stoma_blocks_the_index_and_the_diary_scores_but_shows_the_days():
    found = document(stoma=True)
    assert (found["status"], found["reason"], found["flags"]) == ("not_computable", "stoma", ["stoma"])
    assert (found["interval"], found["pro"], found["sums"], found["total"]) == (None, None, None, None)
    assert {component["points"] for component in found["components"].values()} == {None}
    assert len(found["scoring_days"]) == 7
    assert found["arithmetic"] == []


def test_an_old_haematocrit_is_provisional_until_accepted():
    old = document(clinic=clinic(hct=(LabValue(41, days_before(28)),)))
    accepted = document(clinic=clinic(hct=(LabValue(41, days_before(28), accepted=True),)))
    assert (old["status"], old["total"], old["flags"]) == ("provisional", 186.0, ["hct_carried_forward"])
    assert (accepted["status"], accepted["flags"]) == ("computed", ["hct_carried_forward"])


def test_unknown_complication_groups_widen_the_interval_by_twenty_each():
    found = document(clinic=clinic(complications={"skin_mouth": True, "other_fistula": False}))
    component = found["components"]["complications"]
    assert (component["known"], component["min"], component["max"]) == (False, 20.0, 100.0)
    assert component["input"]["present"] == ["skin_mouth"]
    assert len(component["input"]["unknown"]) == 4


def test_without_sex_haematocrit_and_weight_are_missing_not_zero():
    found = document(sex=None, standard_weight_kg=None, height_cm=175)
    assert found["missing"] == ["hct", "weight"]
    assert found["components"]["hct"]["min"] == 6.0
    assert found["components"]["hct"]["max"] == 36.0
    # Both depend on the sex at once: 47 and 22.1 for men, 42 and 20.8 for women.
    man, woman = (
        document(standard_weight_kg=None, height_cm=175),
        document(sex="female", standard_weight_kg=None, height_cm=175),
    )
    assert found["interval"] == {"min": woman["total"], "max": man["total"]}


def test_excluded_days_are_named_with_their_reason_and_replaced():
    days = diary(*["on_time"] * 7, "excluded", "excluded")
    marked = (ExcludedDay(days_before(2), "bowel_prep"), ExcludedDay(days_before(1), "endoscopy"))
    found = document(days=days, excluded=marked)
    assert found["excluded_days"] == [
        {"on": "2025-03-29", "reason": "bowel_prep"},
        {"on": "2025-03-30", "reason": "endoscopy"},
    ]
    assert [day["label"] for day in found["scoring_days"]] == [f"D-{n}" for n in range(9, 2, -1)]
    assert found["flags"] == ["days_excluded", "window_extended"]
    assert found["total"] == 186.0


def test_the_day_after_an_endoscopy_is_left_out_when_the_rules_say_so():
    days = diary(*["on_time"] * 7, "excluded", "excluded", "on_time")
    found = document(
        days=days,
        excluded=(ExcludedDay(days_before(3), "bowel_prep"), ExcludedDay(days_before(2), "endoscopy")),
        rules=rules(post_endoscopy_excluded_days=1),
    )
    assert found["excluded_days"][-1] == {"on": "2025-03-30", "reason": "post_endoscopy"}


def test_a_day_entered_after_closing_is_shown_and_scored_only_by_rule():
    days = (*diary(*["on_time"] * 6, "x")[:6], diary_day(1, "missed", (9, 3, 4), after_closing=True))
    kept, scored = document(days=days), document(days=days, rules=rules(score_after_closing=True))
    assert kept["scoring_days"][-1]["stools"] == 9
    assert not kept["scoring_days"][-1]["used"]
    assert kept["flags"] == ["prorated_6_of_7"]
    assert scored["sums"]["stools"] == 33.0


def test_a_scoring_day_without_a_state_is_refused_by_its_date():
    with pytest.raises(DiaryError, match="2025-03-24"):
        build_draft(draft_input(days=diary(*["on_time"] * 6)))


def test_the_baseline_visit_is_not_compared_with_itself():
    assert document(is_baseline=True, visit="W00")["from_baseline"] is None


def test_change_from_baseline_is_read_from_stored_totals():
    found = document(baseline=at("256.0"))["from_baseline"]
    assert (found["baseline"], found["decrease"]) == (256.0, 70.0)
    assert (found["response_70"], found["response_100"], found["remission"]) == (True, False, False)
    assert found["decided"] == {
        "remission": "no",
        "response_70": "yes",
        "response_100": "no",
        "clinical_response": "yes",
    }


def test_verdicts_can_be_decided_before_the_total_is_known():
    found = document(clinic=clinic(hct=()), baseline=at(600))["from_baseline"]
    assert (found["decrease"], found["remission"]) == (None, None)
    assert found["decided"]["response_100"] == "yes"
    assert found["decided"]["remission"] == "no"


def test_a_baseline_that_is_itself_an_interval_still_decides():
    start = as_baseline(build_draft(draft_input(is_baseline=True, clinic=clinic(hct=()), days=diary(*["late"] * 7))))
    assert start.total is None
    found = document(baseline=start, clinic=clinic(hct=(LabValue(10, VISIT_ON),)))["from_baseline"]
    assert (found["baseline"], found["decided"]["response_70"]) == (None, "no")


def test_without_a_baseline_responses_stay_open():
    found = document(baseline=None)["from_baseline"]
    assert (found["baseline"], found["decided"]["response_70"], found["remission"]) == (None, "open", False)


def test_diary_scores_and_stool_pain_rules_come_from_the_same_days():
    start = Baseline(means=Means(Fraction(6), Fraction(2), Fraction(2)))
    found = document(baseline=start)["pro"]
    assert (found["pro2"], found["pro3"], found["short_cdai"]) == (13.0, 20.0, 184.0)
    assert not found["stool_pain_remission"]
    assert found["stool_pain_response"]
    assert document()["pro"]["stool_pain_remission"] is None


def test_the_endoscopic_part_names_what_was_compared():
    def scope(grades):
        return read_sescd({name: grades if name == "ileum" else [0, 0, 0, 0] for name in SEGMENTS} | {"rectum": None})

    found = document(sescd=scope([1, 1, 0, 0]), baseline=Baseline(sescd=scope([3, 3, 3, 0])))["endoscopic"]
    assert (found["total"], found["segments_explored"], found["percent_decrease"]) == (2, 4, 77.7778)
    assert found["response"]
    assert found["remission"]
    assert found["segments_compared"] == list(SEGMENTS[:4])
    assert document(sescd=scope([1, 1, 0, 0]))["endoscopic"]["response"] is None


def test_the_arithmetic_can_be_checked_by_hand():
    found = document(days=diary(*["on_time"] * 6, "missed"), clinic=clinic(hct=(LabValue(50, days_before(2)),)))
    stools, hct, total = (lines(found)[key] for key in ("stools", "hct", "total"))
    assert (stools["sum"], stools["days_used"], stools["scaled"], stools["weight"], stools["points"]) == (
        24,
        6,
        28.0,
        2,
        56.0,
    )
    assert stools["days"] == [days_before(n).isoformat() for n in range(7, 1, -1)]
    assert (hct["reference"], hct["value"], hct["difference"], hct["raw"], hct["floor"], hct["points"]) == (
        47.0,
        50.0,
        -3.0,
        -18.0,
        0.0,
        0.0,
    )
    assert (hct["on"], hct["rule"]) == ("2025-03-29", "in_window")
    assert total["points"] == sum(line["points"] for key, line in lines(found).items() if key != "total") == 150.0


def test_arithmetic_of_what_is_unknown_gives_its_range():
    found = lines(document(clinic=clinic(mass=None)))
    assert found["mass"] == {"component": "mass", "form": "unknown", "points": None, "min": 0.0, "max": 50.0}
    assert found["total"] == {"component": "total", "form": "unknown", "points": None, "min": 186.0, "max": 236.0}


def test_the_rule_set_and_the_instant_are_named():
    found = document()
    assert found["rule_set"]["hash"].startswith("sha256:")
    assert found["as_of"] == "2025-03-31T01:10:00Z"


def test_an_open_day_can_still_overturn_the_clinicians_no_when_the_diary_asks():
    asked = rules(antidiarrhoeal_from_diary=True)
    days = (*(diary_day(n, antidiarrhoeal=False) for n in range(7, 1, -1)), diary_day(1, "open"))
    assert document(days=days, rules=asked)["components"]["antidiarrhoeal"]["max"] == 30.0
    assert document(days=days)["components"]["antidiarrhoeal"]["max"] == 0.0


def test_a_missing_component_is_carried_forward_only_by_rule_and_never_all_quietly():
    carry = rules(missing_component="carry_forward")
    previous = {"hct": Fraction(60)}
    found = document(rules=carry, clinic=clinic(hct=()), carried_components=previous)
    assert (found["status"], found["total"]) == ("provisional", 210.0)
    assert "components_carried_forward" in found["flags"]
    assert lines(found)["hct"]["form"] == "component_carried_forward"
    assert document(clinic=clinic(hct=()), carried_components=previous)["total"] is None
    assert document(rules=carry, clinic=clinic(hct=(), mass=None), carried_components=previous)["total"] is None


def test_carrying_forward_needs_enough_components_present():
    strict = rules(missing_component="carry_forward", min_components=8)
    assert document(rules=strict, clinic=clinic(hct=()), carried_components={"hct": Fraction(60)})["total"] is None


def test_without_proration_every_scoring_day_is_needed():
    whole = rules(prorate=False)
    assert document(rules=whole)["total"] == 186.0
    assert document(rules=whole, days=diary(*["on_time"] * 6, "missed"))["status"] == "not_computable"
    assert document(rules=whole, days=diary(*["on_time"] * 6, "open"))["status"] == "incomplete"


def test_a_floor_of_the_total_holds_for_interval_and_total():
    free = clinic(hct=(LabValue(50, VISIT_ON),), weight=(LabValue(90, VISIT_ON),), mass=None)
    quiet = diary(*["on_time"] * 7, answers=(0, 0, 0))
    assert document(clinic=free, days=quiet)["interval"]["min"] == -10.0
    assert document(clinic=free, days=quiet, rules=rules(total_floor=0))["interval"]["min"] == 0.0
