"""Scoring a file of test vectors (schema `cdai-vectors/1`) by the same functions as the product."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.errors import InvalidInputError
from bot.scoring import validation
from bot.scoring.cdai import CdaiResult, VisitInputs, compute
from bot.scoring.diary_part import DiaryPart
from bot.scoring.inputs import COMPONENTS, DiaryTotals
from bot.scoring.numbers import shown
from bot.scoring.pro import cut_offs, pro_scores
from bot.scoring.response import respond
from bot.scoring.sescd import ITEMS, SEGMENTS, SesCd, compare, is_remission, read_sescd
from bot.scoring.vector_inputs import read_diary, read_visit
from schedules.rule_set import RuleSet, RuleSetError, default_rules

SCHEMA = "cdai-vectors/1"
PLACES = 4
TOTAL_EXACT_PLACES = 6

Json = dict[str, Any]


def score_document(document: object) -> list[Json]:
    """Score every vector of a file, in file order: `{"id", "result"}` with the keys that its group expects.

    A value that is refused, a case that cannot be read and a profile that cannot be used are that case's result:
    `{"error", "message"}`. Raises InvalidInputError when the file has another schema or a group that is no list.
    """
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise InvalidInputError(f'The file does not say "schema": "{SCHEMA}".', code="schema_unknown")
    profiles = document.get("profiles", {})
    if not isinstance(profiles, Mapping):
        raise InvalidInputError("The profiles must be an object: a name to its settings.", code="schema_unknown")
    rules = _Rules(profiles)
    return [
        {"id": _name(case.get("id")), "result": _score_case(case, score, rules)}
        for group, score in _GROUPS.items()
        for case in _cases(document, group)
    ]


class _Rules:
    """The rule sets of a file's profiles, each read when a case first names it."""

    def __init__(self, profiles: Mapping[str, Any]) -> None:
        self._profiles = profiles
        self._read: dict[str, RuleSet] = {}

    def of(self, name: object) -> RuleSet:
        """Return the rule set of a profile. Raises InvalidInputError: profile_unknown, profile_invalid."""
        if not isinstance(name, str) or name not in (*self._profiles, "default"):
            raise InvalidInputError(f"The file has no profile {name}.", code="profile_unknown")
        if name not in self._read:
            self._read[name] = self._rules(name)
        return self._read[name]

    def _rules(self, name: str) -> RuleSet:
        if name not in self._profiles:
            return default_rules()
        profile = self._profiles[name]
        if not isinstance(profile, Mapping):
            raise InvalidInputError(f"The profile {name} must be an object of settings.", code="profile_invalid")
        try:
            return profile_rules(name, profile)
        except RuleSetError as refusal:
            raise InvalidInputError(f"The profile {name}: {refusal.message}", code="profile_invalid") from None


def profile_rules(name: str, profile: Mapping[str, Any]) -> RuleSet:
    """Return the rule set that a profile describes. Raises RuleSetError, which names the key."""
    return RuleSet.from_mapping({"id": name, "version": "1", **profile})


def score_cdai(inputs: Mapping[str, Any], rules: RuleSet) -> Json:
    """Return the result of one case of the group `cdai`."""
    diary = read_diary(inputs, rules) if "diary" in inputs else None
    if diary is not None and any(day.antidiarrhoeal is not None for day in diary.scored):
        rules = replace(rules, antidiarrhoeal_from_diary=True)
    visit = read_visit(inputs, diary, rules)
    result = compute(visit, rules)
    shown_result = _days_result(diary) if diary is not None else {}
    if visit.sums is not None:
        shown_result["sums"] = _totals(visit.sums)
    if inputs.get("complications") is not None:
        shown_result["complication_groups"] = sorted(g for g, here in visit.clinic.complications.items() if here)
    return {**shown_result, **_clinic_result(visit, result), **_total_result(result)}


def score_pro(inputs: Mapping[str, Any], rules: RuleSet) -> Json:
    """Return the result of one case of the group `pro_scores`."""
    diary = read_diary(inputs, rules)
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
    baseline, current = (validation.check_total(inputs[key], key) for key in ("baseline", "current"))
    found = respond(baseline, current, rules)
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
    missing = _missing_component(inputs)
    if missing is not None:
        return {"component": missing, "status": "missing"}
    if "hct" in inputs:
        return {"hct_percent": shown(validation.check_hct(inputs["hct"], inputs.get("unit"), rules), PLACES)}
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


def _score_case(case: Mapping[str, Any], score: Callable[[Mapping[str, Any], RuleSet], Json], rules: _Rules) -> Json:
    try:
        return score(_inputs(case), rules.of(case.get("profile", "default")))
    except InvalidInputError as refusal:
        return {"error": refusal.code, "message": refusal.message}
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as defect:
        what = f"{defect.args[0]} is not given" if isinstance(defect, KeyError) else str(defect)
        return {"error": "case_unreadable", "message": f"The case cannot be read: {what}."}


def _name(given: object) -> str | int | None:
    return given if isinstance(given, str | int) else None


def _inputs(case: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = case.get("inputs")
    if not isinstance(inputs, Mapping):
        raise InvalidInputError("The case has no inputs: an object is needed.", code="case_unreadable")
    return inputs


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
        "antidiarrhoeal": validation.check_antidiarrhoeal,
    }
    return checks[key](value) if key in checks else _echoed(key, value)


def _echoed(key: str, value: object) -> object:
    """What is not scored is handed back, if it is a plain value."""
    if value is None or isinstance(value, str | int):
        return value
    raise InvalidInputError(f"The input {key} is not one that can be checked.", code="input_unknown")
