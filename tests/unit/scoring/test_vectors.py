import json
from pathlib import Path

import pytest

from bot.errors import InvalidInputError
from bot.scoring.sescd import SEGMENTS
from bot.scoring.vectors import score_cdai, score_document, score_pro, score_sescd, score_validation
from schedules.rule_set import default_rules

DOCUMENT = json.loads((Path(__file__).parents[2] / "data/cdai_vectors.json").read_text())
GROUPS = ("cdai", "pro_scores", "response", "ses_cd", "input_validation")
CASES = [case for group in GROUPS for case in DOCUMENT[group]]
RESULTS = score_document(DOCUMENT)
RULES = default_rules()
PERSON = {"sex": "male", "complications": [], "antidiarrhoeal": False, "mass": "none", "hct_percent": 41}
SUMS = {"stools": 20, "pain": 7, "wellbeing": 7}


def week(**change):
    return [{"date": f"2025-03-{day}", "stools": 4, "pain": 1, "wellbeing": 1} | change for day in range(24, 31)]


@pytest.mark.parametrize(("case", "scored"), list(zip(CASES, RESULTS, strict=True)), ids=[case["id"] for case in CASES])
def test_every_vector_gives_its_expected_result(case, scored):
    result = dict(scored["result"])
    if "error" in case["expected"]:
        assert result.pop("message")
    assert scored["id"] == case["id"]
    assert result == case["expected"]
    assert list(result) == list(case["expected"])


def test_vectors_come_in_the_order_of_groups_and_file():
    assert [scored["id"] for scored in RESULTS] == [case["id"] for case in CASES]


@pytest.mark.parametrize("document", [[], {}, {"schema": "cdai-vectors/2"}])
def test_another_schema_is_refused_by_name(document):
    with pytest.raises(InvalidInputError, match="cdai-vectors/1"):
        score_document(document)


def only_result(document):
    (scored,) = score_document({"schema": "cdai-vectors/1", **document})
    return scored["result"]


def test_a_vector_of_an_unknown_profile_gets_that_as_its_result():
    result = only_result({"profiles": {}, "cdai": [{"id": "C99", "profile": "odd", "inputs": {}}]})
    assert (result["error"], result["message"]) == ("profile_unknown", "The file has no profile odd.")


def test_a_case_that_cannot_be_read_gets_that_as_its_result():
    result = only_result({"pro_scores": [{"id": "P99", "inputs": {"visit_date": "2025-03-31"}}]})
    assert (result["error"], result["message"]) == (
        "case_unreadable",
        "The case cannot be read: diary is not given.",
    )


def test_a_profile_that_cannot_be_used_spoils_only_the_vectors_that_name_it():
    profiles = {"mine": {"hct_floor": 0}, "default": {}}
    cases = [{"id": "R1", "inputs": {"baseline": 300, "current": 200}}, {"id": "R2", "profile": "mine", "inputs": {}}]
    first, second = score_document({"schema": "cdai-vectors/1", "profiles": profiles, "response": cases})
    assert first["result"]["cdai100"] is True
    assert second["result"]["error"] == "profile_invalid"
    assert "hct_floor" in second["result"]["message"]


@pytest.mark.parametrize(
    ("group", "inputs", "code"),
    [
        ("response", {"baseline": "300", "current": 200}, "total_invalid"),
        ("response", {"baseline": True, "current": 200}, "total_invalid"),
        ("response", {"baseline": float("nan"), "current": 200}, "total_invalid"),
        ("cdai", {"diary_sums": {"stools": -1, "pain": 0, "wellbeing": 0}}, "sum_invalid"),
        ("cdai", {"diary_sums": SUMS, "antidiarrhoeal": 2}, "antidiarrhoeal_invalid"),
        ("cdai", {"diary_sums": SUMS, "antidiarrhoeal": "yes"}, "antidiarrhoeal_invalid"),
        ("cdai", {"diary_sums": SUMS, "complications": "iritis"}, "complication_unknown"),
        ("cdai", {"visit_date": "0001-01-03", "diary": []}, "case_unreadable"),
        ("cdai", {"visit_date": "soon", "diary": []}, "case_unreadable"),
        ("cdai", [1, 2], "case_unreadable"),
        ("response", {"baseline": 10**400, "current": 200}, "case_unreadable"),
        ("input_validation", {"colour": [1.5]}, "input_unknown"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_code_and_a_sentence(group, inputs, code):
    result = only_result({group: [{"id": 1, "inputs": inputs}]})
    assert result["error"] == code
    assert result["message"].endswith(".")


def test_a_refused_value_is_the_result_of_its_case():
    document = {
        "schema": "cdai-vectors/1",
        "cdai": [{"id": "C90", "inputs": PERSON | {"hct_percent": 80, "diary_sums": SUMS}}],
    }
    result = score_document(document)[0]["result"]
    assert result["error"] == "hct_out_of_range"
    assert "80 %" in result["message"]
    assert "10-70 %" in result["message"]


def test_a_score_without_a_clock_is_never_incomplete():
    result = score_cdai(PERSON | {"diary_sums": SUMS}, RULES)
    assert result["status"] == "not_computable"
    assert result["flags"] == ["weight_missing"]


def test_a_yes_in_the_diary_counts_on_a_used_day_only():
    inputs = PERSON | {"weight_kg": 63, "standard_weight_kg": 70, "visit_date": "2025-03-31"}
    days = week(antidiarrhoeal=False)
    days[2]["antidiarrhoeal"] = True
    assert score_cdai(inputs | {"diary": days}, RULES)["components"]["antidiarrhoeal"] == 30.0
    events = [{"date": days[2]["date"], "type": "bowel_prep"}]
    assert score_cdai(inputs | {"diary": days, "events": events}, RULES)["components"]["antidiarrhoeal"] == 0.0


def test_diary_answers_alone_say_no_only_when_every_used_day_was_answered():
    inputs = {key: value for key, value in PERSON.items() if key != "antidiarrhoeal"}
    inputs |= {"weight_kg": 63, "standard_weight_kg": 70, "visit_date": "2025-03-31"}
    days = week(antidiarrhoeal=False)
    assert score_cdai(inputs | {"diary": days}, RULES)["components"]["antidiarrhoeal"] == 0.0
    days[4]["antidiarrhoeal"] = None
    assert score_cdai(inputs | {"diary": days}, RULES)["components"]["antidiarrhoeal"] is None


@pytest.mark.parametrize("status", ["partial", "late"])
def test_partial_days_and_days_entered_after_closing_are_not_scored(status):
    days = week()
    days[0]["status"] = status
    assert score_pro({"visit_date": "2025-03-31", "diary": days}, RULES)["n_valid_days"] == 6


def test_a_blank_answer_is_never_read_as_zero():
    days = week()
    days[0]["stools"] = None
    result = score_pro({"visit_date": "2025-03-31", "diary": days}, RULES)
    assert (result["n_valid_days"], result["mean_stools"]) == (6, 4.0)


def test_a_value_after_the_visit_does_not_count_at_baseline():
    inputs = PERSON | {"diary_sums": SUMS, "visit_date": "2025-03-31"}
    inputs |= {"hct_percent": [{"date": "2025-04-01", "value": 41}]}
    assert "hct_after_visit" in score_cdai(inputs, RULES)["flags"]
    assert "hct_missing" in score_cdai(inputs | {"baseline": True}, RULES)["flags"]


@pytest.mark.parametrize(
    ("inputs", "component"),
    [
        ({"sex": None}, "hct"),
        ({"sex": None, "hct": 41, "unit": "%"}, "hct"),
        ({"height_cm": None}, "weight"),
        ({"hct_percent": None}, "hct"),
    ],
)
def test_what_is_absent_makes_its_component_missing(inputs, component):
    assert score_validation(inputs, RULES) == {"component": component, "status": "missing"}


def test_accepted_values_come_back_as_they_are_scored():
    inputs = {"stools": 4, "pain": 3, "wellbeing": 4, "mass": "definite", "weight_kg": 61.5, "height_cm": 172}
    assert score_validation(inputs, RULES) == inputs
    assert score_validation({"complications": ["iritis", "uveitis"]}, RULES) == {"complications": ["iritis_uveitis"]}


def test_a_segment_that_was_not_explored_is_null_and_left_out_of_the_comparison():
    baseline = {name: [1, 1, 1, 0] for name in SEGMENTS}
    result = score_sescd({"baseline": baseline, "current": baseline | {"ileum": None}}, RULES)
    assert result["current"]["segment_scores"]["ileum"] is None
    assert (result["current"]["segments_explored"], result["percent_decrease"]) == (4, 0.0)
