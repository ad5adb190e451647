"""The arithmetic of a draft line by line, as data: every number with the days and rules it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.scoring.cdai import (
    ANTIDIARRHOEAL_WEIGHT,
    COMPLICATION_WEIGHT,
    HCT_WEIGHT,
    MASS_WEIGHT,
    PAIN_WEIGHT,
    STOOLS_WEIGHT,
    WELLBEING_WEIGHT,
)
from bot.scoring.diary_part import SUM_DAYS
from bot.scoring.draft import STOMA, Draft
from bot.scoring.inputs import COMPONENTS
from bot.scoring.numbers import shown
from bot.scoring.response import Interval
from bot.scoring.sources import PLACES, Facts, component_input

EXACT_PLACES = 6
FORMS = {
    "stools": "sum_times_weight",
    "pain": "sum_times_weight",
    "wellbeing": "sum_times_weight",
    "complications": "count_times_weight",
    "antidiarrhoeal": "answer_times_weight",
    "mass": "grade_times_weight",
    "hct": "reference_minus_value",
    "weight": "percent_below_standard",
}
DIARY_WEIGHTS = {"stools": STOOLS_WEIGHT, "pain": PAIN_WEIGHT, "wellbeing": WELLBEING_WEIGHT}


@dataclass(frozen=True, slots=True)
class ArithmeticLine:
    """One line of the sum: a component, how its points arise, and the facts to print, as JSON values.

    `form` is sum_times_weight, count_times_weight, answer_times_weight, grade_times_weight,
    reference_minus_value, percent_below_standard, component_carried_forward, unknown or sum.
    """

    component: str
    form: str
    points: float | None
    facts: Mapping[str, object]


def arithmetic_lines(draft: Draft) -> tuple[ArithmeticLine, ...]:
    """Return a line for each of the eight components and one for the total; none for a stoma or pouch."""
    if draft.reason == STOMA:
        return ()
    return (*(_component_line(key, draft) for key in COMPONENTS), _total_line(draft))


def _component_line(key: str, draft: Draft) -> ArithmeticLine:
    points, raw = draft.result.points[key], draft.result.raw[key]
    if points is None:
        bounds = None if draft.bounds is None else draft.bounds.components[key]
        return ArithmeticLine(key, "unknown", None, _range_facts(bounds, PLACES))
    if raw is None:
        return ArithmeticLine(key, "component_carried_forward", shown(points, PLACES), {})
    facts: Facts = {**(component_input(key, draft) or {}), **_working(key, draft, raw)}
    return ArithmeticLine(key, FORMS[key], shown(points, PLACES), facts)


def _total_line(draft: Draft) -> ArithmeticLine:
    decimals, unrounded = draft.given.rules.round_total_decimals, draft.result.exact_total
    if draft.total is None or unrounded is None:
        return ArithmeticLine("total", "unknown", None, _range_facts(draft.interval, decimals))
    facts = {"exact": shown(unrounded, EXACT_PLACES), "decimals": decimals}
    return ArithmeticLine("total", "sum", shown(draft.total, decimals), facts)


def _range_facts(bounds: Interval | None, places: int) -> Facts:
    if bounds is None:
        return {"min": None, "max": None}
    return {"min": shown(bounds.low, places), "max": shown(bounds.high, places)}


def _working(key: str, draft: Draft, raw: Fraction) -> Facts:
    """Return the numbers between a component's input and its points."""
    rules = draft.given.rules
    if key in DIARY_WEIGHTS:
        weight = DIARY_WEIGHTS[key]
        return {"sum_days": SUM_DAYS, "scaled": shown(raw / weight, PLACES), "weight": weight}
    if key == "complications":
        return {"count": int(raw / COMPLICATION_WEIGHT), "weight": COMPLICATION_WEIGHT}
    if key == "antidiarrhoeal":
        return {"count": int(raw / ANTIDIARRHOEAL_WEIGHT), "weight": ANTIDIARRHOEAL_WEIGHT}
    if key == "mass":
        return {"grade": int(raw / MASS_WEIGHT), "weight": MASS_WEIGHT}
    if key == "hct":
        return _hct_working(draft, raw) | _floor_facts(raw, rules.hct_item_floor)
    return {"method": _method(draft)} | _floor_facts(raw, rules.weight_item_floor)


def _hct_working(draft: Draft, raw: Fraction) -> Facts:
    sex, standard = draft.given.sex, draft.given.rules.hct_standard
    return {
        "sex": sex,
        "reference": None if sex is None else shown(standard.of(sex), PLACES),
        "difference": shown(raw / HCT_WEIGHT, PLACES),
        "weight": HCT_WEIGHT,
    }


def _method(draft: Draft) -> str:
    """Name where the standard weight comes from: a value frozen at screening, or the rule set's formula."""
    frozen = draft.given.standard_weight_kg is not None
    return "frozen" if frozen else draft.given.rules.standard_weight_method


def _floor_facts(raw: Fraction, floor: Fraction | None) -> Facts:
    return {"raw": shown(raw, PLACES), "floor": None if floor is None else shown(floor, PLACES)}
