"""Two programs, one answer: the product's scoring against the plain one, field by field, on the same inputs."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.scoring.vectors import profile_rules, score_cdai, score_pro, score_response, score_sescd
from schedules.rule_set import default_rules
from tests.support import plain_cdai
from tests.support.random_cdai import random_case, random_diary_case, random_endoscopies, random_totals

Json = dict[str, Any]

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "cdai_vectors.json").read_text(encoding="utf-8"))
SEED = 20250331
RANDOM_CASES = 10_000
OTHER_CASES = 3_000
RULES = default_rules()


def plain_of(group: str) -> Callable[[Json, Json], Json]:
    """The plain program's entry for a group of the vector file; two of them read no rule set."""
    return {
        "cdai": plain_cdai.score_case,
        "pro_scores": plain_cdai.pro_case,
        "response": lambda inputs, _profile: plain_cdai.response_case(inputs),
        "ses_cd": lambda inputs, _profile: plain_cdai.ses_case(inputs),
    }[group]


OURS = {"cdai": score_cdai, "pro_scores": score_pro, "response": score_response, "ses_cd": score_sescd}


def differences(ours: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields in which two results differ, absent ones included; empty when they agree."""
    nothing = object()
    pairs = {key: (ours.get(key, nothing), plain.get(key, nothing)) for key in {*ours, *plain}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1] or type(pair[0]) is not type(pair[1])}


@pytest.mark.parametrize(
    ("group", "vector"),
    [pytest.param(group, vector, id=vector["id"]) for group in OURS for vector in VECTORS[group]],
)
def test_both_programs_agree_on_every_vector(group: str, vector: Json) -> None:
    name = vector.get("profile", "default")
    profile = VECTORS["profiles"][name]
    ours = OURS[group](vector["inputs"], profile_rules(name, profile))
    assert differences(ours, plain_of(group)(vector["inputs"], profile)) == {}


def test_both_programs_agree_on_ten_thousand_random_visits_in_every_field() -> None:
    rng = Random(SEED)
    seen: Counter[str] = Counter()
    for number in range(RANDOM_CASES):
        inputs, profile = random_case(rng)
        ours = score_cdai(inputs, profile_rules("random", profile))
        found = differences(ours, plain_cdai.score_case(inputs, profile))
        assert found == {}, f"case {number} of seed {SEED}: {found}\n{inputs}\n{profile}"
        seen.update([ours["status"], *ours["flags"], f"band {ours['category']}"])
    # Agreement says little about what never came up.
    assert min(seen[kind] for kind in ("computed", "provisional", "not_computable")) > RANDOM_CASES // 50
    assert {"band remission", "band mild", "band moderate", "band severe"} <= set(seen)


def test_both_programs_agree_on_random_diaries_without_a_clinic_part() -> None:
    rng = Random(SEED)
    met: Counter[bool] = Counter()
    for _ in range(OTHER_CASES):
        inputs, profile = random_diary_case(rng)
        ours = score_pro(inputs, profile_rules("random", profile))
        assert differences(ours, plain_cdai.pro_case(inputs, profile)) == {}, (inputs, profile)
        met.update(value for key, value in ours.items() if "_le_" in key)
    assert min(met[True], met[False]) > OTHER_CASES // 20


def test_both_programs_agree_on_random_pairs_of_totals() -> None:
    rng = Random(SEED)
    for _ in range(OTHER_CASES):
        totals = random_totals(rng)
        assert differences(score_response(totals, RULES), plain_cdai.response_case(totals)) == {}, totals


def test_both_programs_agree_on_random_endoscopies() -> None:
    rng = Random(SEED)
    for _ in range(OTHER_CASES):
        pair = random_endoscopies(rng)
        assert differences(score_sescd(pair, RULES), plain_cdai.ses_case(pair)) == {}, pair


@pytest.mark.parametrize(
    ("clinician", "answers", "points"),
    [
        (False, [False, True, None], 30.0),
        (True, [False, False, False], 30.0),
        (False, [False, False, None], 0.0),
        (None, [False, False, None], None),
        (None, [False, False, False], 0.0),
    ],
)
def test_a_yes_on_a_used_day_stands_whatever_the_clinician_answers(
    clinician: bool | None, answers: list[bool | None], points: float | None
) -> None:
    days = [{"date": f"2025-03-{28 + n}", "stools": 1, "pain": 1, "wellbeing": 1} for n in range(3)]
    diary = [{**day, "antidiarrhoeal": answer} for day, answer in zip(days, answers, strict=True)]
    inputs = {"visit_date": "2025-03-31", "diary": diary, "sex": "male", "antidiarrhoeal": clinician}
    profile = {**VECTORS["profiles"]["default"], "min_valid_days": 3}
    for result in (score_cdai(inputs, profile_rules("x", profile)), plain_cdai.score_case(inputs, profile)):
        assert result["components"]["antidiarrhoeal"] == points
