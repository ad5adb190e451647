"""The plain reference agrees with every published vector, and its random cases stay worth comparing."""

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support import plain_cdai

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "cdai_vectors.json").read_text(encoding="utf-8"))
PROFILES = VECTORS["profiles"]
RANDOM_CASES = 500

DEFAULT_FLAGS = set(plain_cdai.FLAG_ORDER) - {"prorated"} | {f"prorated_{n}_of_7" for n in (3, 4, 5, 6)}


def named(group: str) -> list[Any]:
    return [pytest.param(vector, id=vector["id"]) for vector in VECTORS[group]]


def steady_inputs(**changes: Any) -> dict[str, Any]:
    """Seven equal days of two stools, pain 1 and well-being 1 and 46 points from the clinic."""
    diary = [{"date": f"2025-03-{day}", "stools": 2, "pain": 1, "wellbeing": 1} for day in range(24, 31)]
    clinic = {"sex": "male", "complications": [], "antidiarrhoeal": False, "mass": "none", "hct_percent": 41}
    weights = {"weight_kg": 63, "standard_weight_kg": 70}
    return {**clinic, **weights, "visit_date": "2025-03-31", "diary": diary, **changes}


def steady_total(**changes: Any) -> float | None:
    total = plain_cdai.score_case(steady_inputs(**changes), PROFILES["default"])["total"]
    assert total is None or isinstance(total, float)
    return total


@pytest.mark.parametrize("vector", named("cdai"))
def test_every_cdai_vector_is_reproduced_in_full(vector: dict[str, Any]) -> None:
    assert plain_cdai.score_case(vector["inputs"], PROFILES[vector["profile"]]) == vector["expected"]


@pytest.mark.parametrize("vector", named("pro_scores"))
def test_every_diary_only_vector_is_reproduced_in_full(vector: dict[str, Any]) -> None:
    assert plain_cdai.pro_case(vector["inputs"], PROFILES[vector["profile"]]) == vector["expected"]


@pytest.mark.parametrize("vector", named("response"))
def test_every_response_vector_is_reproduced_in_full(vector: dict[str, Any]) -> None:
    assert plain_cdai.response_case(vector["inputs"]) == vector["expected"]


@pytest.mark.parametrize("vector", named("ses_cd"))
def test_every_endoscopy_vector_is_reproduced_in_full(vector: dict[str, Any]) -> None:
    assert plain_cdai.ses_case(vector["inputs"]) == vector["expected"]


def test_the_names_of_groups_and_mass_are_those_of_the_vector_file() -> None:
    assert VECTORS["complication_groups"] == plain_cdai.GROUPS
    assert VECTORS["mass_codes"] == plain_cdai.MASS_CODES


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [
        ("191.25", 1, "191.3"),
        ("149.96", 1, "150"),
        ("-14.25", 1, "-14.3"),
        ("0.5", 0, "1"),
        ("2.00004", 4, "2"),
    ],
)
def test_a_tie_is_rounded_away_from_zero(value: str, decimals: int, rounded: str) -> None:
    assert plain_cdai.half_up(Fraction(value), decimals) == Fraction(rounded)


def test_a_blank_answer_is_a_missing_day_and_not_a_zero() -> None:
    inputs = steady_inputs()
    inputs["diary"][3]["stools"] = None
    result = plain_cdai.score_case(inputs, PROFILES["default"])
    assert (result["total"], result["flags"]) == (158.0, ["prorated_6_of_7"])


def test_without_a_clinician_the_scored_diary_days_answer_for_the_antidiarrhoeal() -> None:
    def with_answers(*answers: bool | None) -> list[dict[str, Any]]:
        days: list[dict[str, Any]] = steady_inputs()["diary"]
        return [{**day, "antidiarrhoeal": answer} for day, answer in zip(days, answers, strict=True)]

    six_times_no = [False] * 6
    assert steady_total(antidiarrhoeal=None, diary=with_answers(*six_times_no, False)) == 158.0
    assert steady_total(antidiarrhoeal=None, diary=with_answers(*six_times_no, True)) == 188.0
    assert steady_total(antidiarrhoeal=None, diary=with_answers(*six_times_no, None)) is None


@pytest.mark.parametrize(
    ("dates", "flag", "status"),
    [
        (["2025-03-24", "2025-04-01"], None, "computed"),
        (["2025-04-03", "2025-03-23"], "hct_after_visit", "computed"),
        (["2025-02-24", "2025-04-04"], "hct_carried_forward", "provisional"),
        (["2025-02-23", "2025-04-04"], "hct_missing", "not_computable"),
    ],
)
def test_a_laboratory_value_is_taken_inside_then_after_then_carried(
    dates: list[str], flag: str | None, status: str
) -> None:
    values = [{"date": day, "value": 41} for day in dates]
    result = plain_cdai.score_case(steady_inputs(hct_percent=values), PROFILES["default"])
    assert (result["flags"], result["status"]) == ([flag] if flag else [], status)


def test_random_cases_reach_every_status_band_and_flag() -> None:
    rng = Random(20250331)
    results = [plain_cdai.score_case(*plain_cdai.random_case(rng)) for _ in range(RANDOM_CASES)]
    statuses = Counter(result["status"] for result in results)
    bands = Counter(result["category"] for result in results)
    flags = Counter(flag for result in results for flag in result["flags"])
    assert set(statuses) == {"computed", "provisional", "not_computable"}
    assert min(statuses.values()) >= RANDOM_CASES // 50
    assert set(bands) == {"remission", "mild", "moderate", "severe", None}
    assert set(flags) >= DEFAULT_FLAGS


def test_random_cases_are_plain_json_and_repeat_with_their_seed() -> None:
    first, second = Random(7), Random(7)
    for _ in range(50):
        case = plain_cdai.random_case(first)
        assert json.loads(json.dumps(case)) == list(case)
        assert case == plain_cdai.random_case(second)


def test_every_profile_of_the_random_cases_has_the_keys_of_the_published_ones() -> None:
    assert set(plain_cdai.random_case(Random(1))[1]) == set(PROFILES["default"])
