"""Reading the inputs of one test vector, with the checks of the product; a file has no clock."""

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from bot.errors import InvalidInputError
from bot.scoring import validation
from bot.scoring.cdai import VisitInputs, standard_weight
from bot.scoring.diary_part import DiaryPart, diary_part
from bot.scoring.inputs import (
    COMPLICATION_GROUPS,
    ClinicInputs,
    DiaryDayInput,
    DiaryTotals,
    ExcludedDay,
    LabValue,
    with_post_endoscopy,
)
from schedules.rule_set import RuleSet


def read_diary(inputs: Mapping[str, Any], rules: RuleSet) -> DiaryPart:
    """Return the diary part of a case that has days, a visit date and perhaps events."""
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
        antidiarrhoeal=_answer(entry.get("antidiarrhoeal")),
        after_closing=status == "late",
    )


def read_visit(inputs: Mapping[str, Any], diary: DiaryPart | None, rules: RuleSet) -> VisitInputs:
    """Return what one CDAI is made from, every value checked."""
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
    return DiaryTotals(*(validation.check_sum(sums[item], item) for item in ("stools", "pain", "wellbeing")))


def _answer(given: object) -> bool | None:
    return None if given is None else validation.check_antidiarrhoeal(given)


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
        antidiarrhoeal=_answer(inputs.get("antidiarrhoeal")),
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
