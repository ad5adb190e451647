"""Scoring a file of test vectors (schema `cdai-vectors/1`) by the same functions as the product."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from bot.errors import InvalidInputError
from bot.scoring import validation
from bot.scoring.cdai import CdaiResult, VisitInputs, compute, standard_weight
from bot.scoring.diary_part import DiaryPart, diary_part
from bot.scoring.inputs import (
    COMPLICATION_GROUPS,
    COMPONENTS,
    ClinicInputs,
    DiaryDayInput,
    DiaryTotals,
    ExcludedDay,
    LabValue,
    with_post_endoscopy,
)
from bot.scoring.numbers import exact, shown
from bot.scoring.pro import cut_offs, pro_scores
from bot.scoring.response import respond
from bot.scoring.sescd import ITEMS, SEGMENTS, SesCd, compare, is_remission, read_sescd
from schedules.rule_set import RuleSet, default_rules

SCHEMA = "cdai-vectors/1"
PLACES = 4
TOTAL_EXACT_PLACES = 6

Json = dict[str, Any]


def score_document(document: object) -> list[Json]:
    """Score every vector of a file, in file order: `{"id", "result"}` with the keys that its group expects.

    Raises InvalidInputError when the file has another schema, an unknown profile or a case that cannot be
    read; a refused value inside a case is that case's result instead.
    """
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise InvalidInputError(f'The file does not say "schema": "{SCHEMA}".', code="schema_unknown")
    rules = {name: profile_rules(name, profile) for name, profile in document.get("profiles", {}).items()}
    return [
        {"id": case.get("id"), "result": _score_case(case, score, rules)}
        for group, score in _GROUPS.items()
        for case in _cases(document, group)
    ]


def profile_rules(name: str, profile: Mapping[str, Any]) -> RuleSet:
    """Return the rule set that a profile describes. Raises RuleSetError, which names the key."""
    return RuleSet.from_mapping({"id": name, "version": "1", **profile})


def score_cdai(inputs: Mapping[str, Any], rules: RuleSet) -> Json:
    """Return the result of one case of the group `cdai`."""
    diary = _diary(inputs, rules) if "diary" in inputs else None
    if diary is not None and any(day.antidiarrhoeal is not None for day in diary.scored):
        rules = replace(rules, antidiarrhoeal_from_diary=True)
    visit = _visit_inputs(inputs, diary, rules)
    result = compute(visit, rules)
    shown_result = _days_result(diary) if diary is not None else {}
    if visit.sums is not None:
        shown_result["sums"] = _totals(visit.sums)
    if inputs.get("complications") is not None:
        shown_result["complication_groups"] = sorted(g for g, here in visit.clinic.complications.items() if here)
    return {**shown_result, **_clinic_result(visit, result), **_total_result(result)}


def score_pro(inputs: Mapping[str, Any], rules: RuleSet) -> Json:
    """Return the result of one case of the group `pro_scores`."""
    diary = _diary(inputs, rules)
    scores = pro_scores(diary, rules)
    if scores is None:
        return {"n_valid_days": len(diary.used), "pro2": None, "pro3": None, "scdai": None}
    return {
        "n_valid_days": scores.days,
        "mean_stools": shown(scores.means.stools, PLACES),
        "mean_pain": shown(scores.means.pain, PLACES),
        "mean_wellbeing": shown(scores.means.wellbeing, PLACES),
        "pro2": shown(scores.pro2, PLACES),
        "pro3": shown(scores.pro3, PLACES),
        "scdai": shown(scores.short_cdai, PLACES),
        "scdai_band": scores.short_band,
        **cut_offs(scores),
    }


def score_response(inputs: Mapping[str, Any], rules: RuleSet) -> Json:
    """Return the result of one case of the group `response`; both totals are stored ones."""
    found = respond(exact(inputs["baseline"]), exact(inputs["current"]), rules)
    return {
        "decrease": shown(found.decrease, PLACES),
        "cdai70": found.response_70,
        "cdai100": found.response_100,
        "remission": found.remission,
        "cdai100_or_remission": found.response_100_or_remission,
        "uniti_rule": found.uniti,
    }


def score_sescd(inputs: Mapping[str, Any], rules: RuleSet) -> Json:
    """Return the result of one case of the group `ses_cd`; without a baseline there is nothing to compare."""
    order = tuple(inputs.get("order") or ITEMS)
    current = read_sescd(inputs["current"], order)
    result: Json = {"current": _endoscopy(current)}
    if inputs.get("baseline") is None:
        return {**result, "endoscopic_remission_le2": is_remission(current, rules)}
    baseline = read_sescd(inputs["baseline"], order)
    found = compare(baseline, current, rules)
    percent = found.percent_decrease
    result["baseline"] = _endoscopy(baseline)
    result["percent_decrease"] = None if percent is None else shown(percent, PLACES)
    result["endoscopic_response_ge50"] = found.response_ge50
    if percent is not None:
        result["endoscopic_response_gt50"] = found.response_gt50
    result["endoscopic_remission_le2"] = found.remission_le2
    result["alt_remission_le4_drop2_no_sub_gt1"] = found.remission_le4_drop2_no_sub_gt1
    return result


def score_validation(inputs: Mapping[str, Any], rules: RuleSet) -> Json:
    """Return the checked values of one case of the group `input_validation`, or the component missing."""
    if "hct" in inputs:
        return {"hct_percent": shown(validation.check_hct(inputs["hct"], inputs.get("unit"), rules), PLACES)}
    missing = _missing_component(inputs)
    if missing is not None:
        return {"component": missing, "status": "missing"}
    return {key: _checked(key, value, rules) for key, value in inputs.items()}


_GROUPS: Mapping[str, Callable[[Mapping[str, Any], RuleSet], Json]] = {
    "cdai": score_cdai,
    "pro_scores": score_pro,
    "response": score_response,
    "ses_cd": score_sescd,
    "input_validation": score_validation,
}


def _cases(document: Mapping[str, Any], group: str) -> Sequence[Mapping[str, Any]]:
    cases = document.get(group, [])
    if not isinstance(cases, list) or not all(isinstance(case, Mapping) for case in cases):
        raise InvalidInputError(f"The group {group} must be a list of cases.", code="schema_unknown")
    return cases


def _score_case(
    case: Mapping[str, Any], score: Callable[[Mapping[str, Any], RuleSet], Json], rules: Mapping[str, RuleSet]
) -> Json:
    name = case.get("profile", "default")
    profile = rules.get(name) or (default_rules() if name == "default" else None)
    if profile is None:
        raise InvalidInputError(
            f"The vector {case.get('id')} names the profile {name}, which the file does not have.",
            code="profile_unknown",
        )
    try:
        return score(case["inputs"], profile)
    except InvalidInputError as refusal:
        return {"error": refusal.code, "message": refusal.message}
    except (KeyError, TypeError, ValueError, AttributeError) as defect:
        raise InvalidInputError(
            f"The vector {case.get('id')} cannot be read: {type(defect).__name__} {defect}.",
            code="case_unreadable",
        ) from defect


def _diary(inputs: Mapping[str, Any], rules: RuleSet) -> DiaryPart:
    days = [_day(entry, rules) for entry in inputs["diary"]]
    events = inputs.get("events") or ()
    marked = [ExcludedDay(date.fromisoformat(e["date"]), e["type"]) for e in events]
    excluded = with_post_endoscopy(marked, rules) if marked else ()
    return diary_part(date.fromisoformat(inputs["visit_date"]), days, excluded, rules)


def _day(entry: Mapping[str, Any], rules: RuleSet) -> DiaryDayInput:
    """A file has no clock: a day without a status was entered in time, `late` means after closing."""
    status = entry.get("status", "on_time")
    stools, pain, wellbeing = entry.get("stools"), entry.get("pain"), entry.get("wellbeing")
    return DiaryDayInput(
        on=date.fromisoformat(entry["date"]),
        state="on_time" if status in ("on_time", "complete") else "missed" if status == "late" else "partial",
        stools=None if stools is None else validation.check_stools(stools, rules),
        pain=None if pain is None else validation.check_pain(pain),
        wellbeing=None if wellbeing is None else validation.check_wellbeing(wellbeing),
        antidiarrhoeal=entry.get("antidiarrhoeal"),
        after_closing=status == "late",
    )


def _visit_inputs(inputs: Mapping[str, Any], diary: DiaryPart | None, rules: RuleSet) -> VisitInputs:
    sex = inputs.get("sex")
    if sex not in (None, "male", "female"):
        raise InvalidInputError(f"The sex {sex} must be male or female.", code="sex_invalid")
    visit_on = inputs.get("visit_date")
    sums = inputs.get("diary_sums")
    return VisitInputs(
        sex=sex,
        standard_weight_kg=_standard(inputs, sex, rules),
        clinic=_clinic(inputs, rules),
        visit_on=None if visit_on is None else date.fromisoformat(visit_on),
        diary=diary,
        given_sums=None if sums is None else _given_sums(sums),
        is_baseline=bool(inputs.get("baseline") or inputs.get("is_baseline")),
    )


def _given_sums(sums: Mapping[str, Any]) -> DiaryTotals:
    return DiaryTotals(exact(sums["stools"]), exact(sums["pain"]), exact(sums["wellbeing"]))


def _standard(inputs: Mapping[str, Any], sex: str | None, rules: RuleSet) -> Fraction | None:
    given, height = inputs.get("standard_weight_kg"), inputs.get("height_cm")
    if given is not None:
        return validation.check_standard_weight(given)
    if height is None:
        return None
    return standard_weight(sex, validation.check_height(height, rules), rules.standard_weight_method)


def _clinic(inputs: Mapping[str, Any], rules: RuleSet) -> ClinicInputs:
    mass, found = inputs.get("mass"), inputs.get("complications")
    return ClinicInputs(
        hct=_values(inputs.get("hct_percent"), lambda value: validation.check_hct(value, "%", rules)),
        weight=_values(inputs.get("weight_kg"), lambda value: validation.check_weight(value, rules)),
        mass=None if mass is None else validation.check_mass(mass),
        complications={} if found is None else _all_groups(validation.check_complications(found)),
        antidiarrhoeal=inputs.get("antidiarrhoeal"),
    )


def _values(given: Any, check: Callable[[object], Fraction]) -> tuple[LabValue, ...]:
    """A value is a number, or a list of dated numbers."""
    if given is None:
        return ()
    if isinstance(given, list):
        return tuple(LabValue(check(one["value"]), date.fromisoformat(one["date"])) for one in given)
    return (LabValue(check(given)),)


@lru_cache(maxsize=128)
def _all_groups(present: tuple[str, ...]) -> Mapping[str, bool]:
    """A list of findings answers all six groups: those not listed are absent."""
    return {group: group in present for group in COMPLICATION_GROUPS}


def _days_result(diary: DiaryPart) -> Json:
    return {
        "scoring_days": [on.isoformat() for on in diary.scoring_days],
        "days_used": [day.on.isoformat() for day in diary.used],
        "n_valid_days": len(diary.used),
    }


def _totals(sums: DiaryTotals) -> Json:
    return {
        "stools": shown(sums.stools, PLACES),
        "pain": shown(sums.pain, PLACES),
        "wellbeing": shown(sums.wellbeing, PLACES),
    }


def _clinic_result(visit: VisitInputs, result: CdaiResult) -> Json:
    found: Json = {}
    hct, weight, standard = result.raw["hct"], result.raw["weight"], visit.standard_weight_kg
    if hct is not None:
        found["hct_item_raw"] = shown(hct, PLACES)
    if standard is not None:
        found["standard_weight_kg"] = shown(standard, PLACES)
    if weight is not None:
        found["weight_item_raw"] = shown(weight, PLACES)
    return found


def _total_result(result: CdaiResult) -> Json:
    points, total = result.points, result.exact_total
    return {
        "components": {key: None if (p := points[key]) is None else shown(p, PLACES) for key in COMPONENTS},
        "total_exact": None if total is None else shown(total, TOTAL_EXACT_PLACES),
        "total": None if result.total is None else shown(result.total, TOTAL_EXACT_PLACES),
        "category": result.band,
        "status": result.status,
        "flags": list(result.flags),
    }


def _endoscopy(sescd: SesCd) -> Json:
    return {
        "segments_explored": len(sescd.explored),
        "segment_scores": {name: sescd.score(name) for name in SEGMENTS},
        "total": sescd.total,
    }


def _missing_component(inputs: Mapping[str, Any]) -> str | None:
    """Name the component that an absent sex, height or value leaves without points."""
    if "sex" in inputs and inputs["sex"] is None:
        return "hct"
    for key, component in _COMPONENT_OF_INPUT.items():
        if key in inputs and inputs[key] is None:
            return component
    return None


_COMPONENT_OF_INPUT = {
    "height_cm": "weight",
    "standard_weight_kg": "weight",
    "weight_kg": "weight",
    "hct_percent": "hct",
    "stools": "stools",
    "pain": "pain",
    "wellbeing": "wellbeing",
    "mass": "mass",
    "antidiarrhoeal": "antidiarrhoeal",
    "complications": "complications",
}


def _checked(key: str, value: Any, rules: RuleSet) -> Any:
    checks: Mapping[str, Callable[[Any], Any]] = {
        "stools": lambda v: validation.check_stools(v, rules),
        "pain": validation.check_pain,
        "wellbeing": validation.check_wellbeing,
        "mass": validation.check_mass,
        "standard_weight_kg": lambda v: shown(validation.check_standard_weight(v), PLACES),
        "weight_kg": lambda v: shown(validation.check_weight(v, rules), PLACES),
        "height_cm": lambda v: shown(validation.check_height(v, rules), PLACES),
        "hct_percent": lambda v: shown(validation.check_hct(v, "%", rules), PLACES),
        "complications": lambda v: list(validation.check_complications(v)),
    }
    return checks[key](value) if key in checks else value
