"""The least and greatest points that each component, and the total, can still have.

Ends are taken over every value that the accepted ranges allow for what is unknown, and over every way the
open and coming diary days can end. Nothing here looks for a value that would reach a verdict.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.scoring.cdai import (
    ANTIDIARRHOEAL_WEIGHT,
    COMPLICATION_WEIGHT,
    MASS_WEIGHT,
    PAIN_WEIGHT,
    STOOLS_WEIGHT,
    WELLBEING_WEIGHT,
    CdaiResult,
    VisitInputs,
    floored,
    hct_raw,
    standard_weight,
    weight_raw,
)
from bot.scoring.diary_part import SUM_DAYS
from bot.scoring.endings import Ending
from bot.scoring.inputs import COMPLICATION_GROUPS, COMPONENTS, MASS_GRADES
from bot.scoring.numbers import round_half_up
from bot.scoring.response import Interval
from bot.scoring.validation import PAIN_MAX, WELLBEING_MAX
from schedules.rule_set import SEXES, Range, RuleSet


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and greatest points by component, unrounded, and the interval of the total, rounded like one."""

    components: Mapping[str, Interval]
    total: Interval


def find_bounds(
    inputs: VisitInputs,
    result: CdaiResult,
    endings: Sequence[Ending],
    height_cm: Fraction | None,
    rules: RuleSet,
) -> Bounds:
    """Return the bounds of a visit that has a total, or can still have one (then some ending exists)."""
    if result.total is not None:
        points = {key: Interval(value, value) for key, value in result.points.items() if value is not None}
        return Bounds(points, Interval(result.total, result.total))
    bodies = [_body(sex, inputs, result, height_cm, rules) for sex in _sexes(inputs)]
    diaries = [_diary(ending, inputs, rules) for ending in endings]
    clinic = {"complications": _complications(inputs.clinic.complications), "mass": _mass(inputs.clinic.mass)}
    found = _hull_by_key(diaries) | clinic | _hull_by_key(bodies)
    total = _add([_hull(map(_add_all, diaries)), _hull(map(_add_all, bodies)), *clinic.values()])
    return Bounds({key: found[key] for key in COMPONENTS}, _stored(total, rules))


def _sexes(inputs: VisitInputs) -> tuple[str, ...]:
    return SEXES if inputs.sex is None else (inputs.sex,)


def _diary(ending: Ending, inputs: VisitInputs, rules: RuleSet) -> dict[str, Interval]:
    stools, pain, wellbeing = ending.sums
    scale = Fraction(SUM_DAYS, ending.count)
    accepted = rules.accepted.stools
    return {
        "stools": _filled(ending, stools, (int(accepted.low), int(accepted.high)), scale * STOOLS_WEIGHT),
        "pain": _filled(ending, pain, (0, PAIN_MAX), scale * PAIN_WEIGHT),
        "wellbeing": _filled(ending, wellbeing, (0, WELLBEING_MAX), scale * WELLBEING_WEIGHT),
        "antidiarrhoeal": _antidiarrhoeal(ending, inputs, rules),
    }


def _filled(ending: Ending, in_hand: int, answers: tuple[int, int], scale: Fraction) -> Interval:
    least, greatest = answers
    return Interval((in_hand + ending.filled * least) * scale, (in_hand + ending.filled * greatest) * scale)


def _antidiarrhoeal(ending: Ending, inputs: VisitInputs, rules: RuleSet) -> Interval:
    """A yes stands; a no is final only where no filled day and no clinician can still say yes."""
    clinic = inputs.clinic.antidiarrhoeal
    from_diary = rules.antidiarrhoeal_from_diary
    yes = bool(clinic) or (from_diary and ending.says_antidiarrhoeal)
    settled = clinic is False or (from_diary and ending.is_answered)
    can_be_yes = yes or not settled or (from_diary and ending.filled > 0)
    return Interval(Fraction(ANTIDIARRHOEAL_WEIGHT * yes), Fraction(ANTIDIARRHOEAL_WEIGHT * can_be_yes))


def _complications(groups: Mapping[str, bool]) -> Interval:
    present = sum(groups.values())
    unknown = sum(group not in groups for group in COMPLICATION_GROUPS)
    return Interval(Fraction(COMPLICATION_WEIGHT * present), Fraction(COMPLICATION_WEIGHT * (present + unknown)))


def _mass(label: str | None) -> Interval:
    grades = MASS_GRADES.values() if label is None else [MASS_GRADES[label]]
    return Interval(Fraction(min(grades) * MASS_WEIGHT), Fraction(max(grades) * MASS_WEIGHT))


def _body(
    sex: str, inputs: VisitInputs, result: CdaiResult, height_cm: Fraction | None, rules: RuleSet
) -> dict[str, Interval]:
    """Haematocrit and weight of one sex together, because an unknown sex changes both at once."""
    return {"hct": _hct(sex, result, rules), "weight": _weight(sex, inputs, result, height_cm, rules)}


def _hct(sex: str, result: CdaiResult, rules: RuleSet) -> Interval:
    value = rules.accepted.hct_percent if result.hct is None else Range(result.hct.value, result.hct.value)
    floor = rules.hct_item_floor
    return Interval(floored(hct_raw(value.high, sex, rules), floor), floored(hct_raw(value.low, sex, rules), floor))


def _weight(sex: str, inputs: VisitInputs, result: CdaiResult, height_cm: Fraction | None, rules: RuleSet) -> Interval:
    chosen = result.weight
    value = rules.accepted.weight_kg if chosen is None else Range(chosen.value, chosen.value)
    standard = _standards(sex, inputs.standard_weight_kg, height_cm, rules)
    floor = rules.weight_item_floor
    return Interval(
        floored(weight_raw(value.high, standard.low), floor),
        floored(weight_raw(value.low, standard.high), floor),
    )


def _standards(sex: str, known: Fraction | None, height_cm: Fraction | None, rules: RuleSet) -> Range:
    """An unknown standard weight is what accepted heights give, or an accepted weight when it is entered."""
    if known is not None:
        return Range(known, known)
    heights = rules.accepted.height_cm if height_cm is None else Range(height_cm, height_cm)
    low = standard_weight(sex, heights.low, rules.standard_weight_method)
    high = standard_weight(sex, heights.high, rules.standard_weight_method)
    return rules.accepted.weight_kg if low is None or high is None else Range(low, high)


def _hull(intervals: Iterable[Interval]) -> Interval:
    found = list(intervals)
    return Interval(min(one.low for one in found), max(one.high for one in found))


def _hull_by_key(parts: Sequence[Mapping[str, Interval]]) -> dict[str, Interval]:
    return {key: _hull(part[key] for part in parts) for key in parts[0]}


def _add(intervals: Iterable[Interval]) -> Interval:
    found = list(intervals)
    return Interval(sum((one.low for one in found), Fraction(0)), sum((one.high for one in found), Fraction(0)))


def _add_all(parts: Mapping[str, Interval]) -> Interval:
    return _add(parts.values())


def _stored(total: Interval, rules: RuleSet) -> Interval:
    ends = (floored(end, rules.total_floor) for end in (total.low, total.high))
    low, high = (round_half_up(end, rules.round_total_decimals) for end in ends)
    return Interval(low, high)
