"""Refusing impossible values: every refusal has a stable code and names value, range and unit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from bot.errors import InvalidInputError
from bot.scoring.inputs import GROUP_OF_FINDING, MASS_GRADES
from bot.scoring.numbers import Number, exact
from schedules.errors import Term, Terms
from schedules.rule_set import Range, RuleSet

PAIN_MAX = 3
WELLBEING_MAX = 4


def check_hct(value: object, unit: object, rules: RuleSet) -> Fraction:
    """Return a haematocrit in percent from a value in % or L/L; the unit is never guessed.

    Raises InvalidInputError: hct_unit_required, hct_out_of_range.
    """
    if unit not in ("%", "L/L"):
        raise InvalidInputError(
            "The haematocrit %(value)s has no usable unit; state %% or L/L.", value=value, code="hct_unit_required"
        )
    number = _number(value, "haematocrit", "hct_out_of_range")
    percent = number * 100 if unit == "L/L" else number
    if not rules.accepted.hct_percent.holds(percent):
        limits = _span(rules.accepted.hct_percent)
        raise InvalidInputError(
            "The haematocrit %(value)s %(unit)s is outside %(limits)s %%; check value and unit.",
            value=value,
            unit=unit,
            limits=limits,
            code="hct_out_of_range",
        )
    return percent


def check_weight(value: object, rules: RuleSet) -> Fraction:
    """Return a body weight in kg. Raises InvalidInputError: weight_out_of_range."""
    return _measured(value, "weight", "kg", rules.accepted.weight_kg, "weight_out_of_range")


def check_height(value: object, rules: RuleSet) -> Fraction:
    """Return a height in cm. Raises InvalidInputError: height_out_of_range."""
    return _measured(value, "height", "cm", rules.accepted.height_cm, "height_out_of_range")


def check_standard_weight(value: object) -> Fraction:
    """Return a standard weight in kg, above zero. Raises InvalidInputError: standard_weight_invalid."""
    code = "standard_weight_invalid"
    number = _number(value, "standard weight", code)
    if number <= 0:
        raise InvalidInputError("The standard weight %(value)s kg must be above 0 kg.", value=value, code=code)
    return number


def check_stools(value: object, rules: RuleSet) -> int:
    """Return a day's count of stools.

    Raises InvalidInputError: stools_not_integer, stools_out_of_range.
    """
    accepted = rules.accepted.stools
    if type(value) is not int:
        raise InvalidInputError(
            "The number of stools %(value)s must be a whole number a day, %(limits)s.",
            value=value,
            limits=_span(accepted),
            code="stools_not_integer",
        )
    if not accepted.low <= value <= accepted.high:
        raise InvalidInputError(
            "The number of stools %(value)s is outside %(limits)s a day.",
            value=value,
            limits=_span(accepted),
            code="stools_out_of_range",
        )
    return value


def check_pain(value: object) -> int:
    """Return a day's pain grade, 0-3. Raises InvalidInputError: pain_out_of_range."""
    return _grade(value, PAIN_MAX, "pain grade", "pain_out_of_range")


def check_wellbeing(value: object) -> int:
    """Return a day's well-being grade, 0-4. Raises InvalidInputError: wellbeing_out_of_range."""
    return _grade(value, WELLBEING_MAX, "well-being grade", "wellbeing_out_of_range")


def check_mass(value: object) -> str:
    """Return the label of the abdominal mass; codes are refused, because sites number them differently.

    Raises InvalidInputError: mass_code_invalid.
    """
    if not isinstance(value, str) or value not in MASS_GRADES:
        raise InvalidInputError(
            "The abdominal mass %(value)s must be one of %(known)s.",
            value=value,
            known=Terms(MASS_GRADES),
            code="mass_code_invalid",
        )
    return value


def check_antidiarrhoeal(value: object) -> bool:
    """Return whether an antidiarrhoeal was used; only yes or no. Raises InvalidInputError: antidiarrhoeal_invalid."""
    if not isinstance(value, bool):
        raise InvalidInputError(
            "The antidiarrhoeal %(value)s must be true or false.", value=value, code="antidiarrhoeal_invalid"
        )
    return value


def check_sum(value: object, item: str) -> Fraction:
    """Return a seven-day sum, 0 or more. Raises InvalidInputError: sum_invalid."""
    number = _number(value, Term("seven-day sum of %(item)s", item=Term(item)), "sum_invalid")
    if number < 0:
        raise InvalidInputError(
            "The seven-day sum of %(item)s %(value)s must be 0 or more.",
            item=Term(item),
            value=value,
            code="sum_invalid",
        )
    return number


def check_total(value: object, name: str) -> Fraction:
    """Return a stored total, which may be negative. Raises InvalidInputError: total_invalid."""
    return _number(value, Term("%(name)s total", name=name), "total_invalid")


def check_complications(findings: Iterable[object]) -> tuple[str, ...]:
    """Return the groups present, sorted; several findings of one group count once.

    Raises InvalidInputError: complication_unknown.
    """
    groups = set()
    if isinstance(findings, str | Mapping) or not isinstance(findings, Iterable):
        raise InvalidInputError("The complications must be a list of findings.", code="complication_unknown")
    for finding in findings:
        if not isinstance(finding, str) or finding not in GROUP_OF_FINDING:
            raise InvalidInputError(
                "The complication %(finding)s is not known; known are %(known)s.",
                finding=finding,
                known=Terms(GROUP_OF_FINDING),
                code="complication_unknown",
            )
        groups.add(GROUP_OF_FINDING[finding])
    return tuple(sorted(groups))


def is_unusual(name: str, value: Number, rules: RuleSet) -> bool:
    """Say whether an accepted value needs confirmation.

    `name` is hct_percent, weight_kg, height_cm or stools; the value has that unit.
    """
    usual: Range = getattr(rules.usual, name)
    return not usual.holds(exact(value))


def _grade(value: object, highest: int, name: str, code: str) -> int:
    if type(value) is not int or not 0 <= value <= highest:
        raise InvalidInputError(
            "The %(name)s %(value)s must be a whole number, 0-%(highest)s.",
            name=Term.of(name),
            value=value,
            highest=highest,
            code=code,
        )
    return value


def _measured(value: object, name: str, unit: str, accepted: Range, code: str) -> Fraction:
    number = _number(value, name, code)
    if not accepted.holds(number):
        raise InvalidInputError(
            "The %(name)s %(value)s %(unit)s is outside %(limits)s %(unit)s.",
            name=Term.of(name),
            value=value,
            unit=unit,
            limits=_span(accepted),
            code=code,
        )
    return number


def _number(value: object, name: str, code: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        raise InvalidInputError("The %(name)s %(value)s is not a number.", name=Term.of(name), value=value, code=code)
    try:
        return exact(value)
    except ValueError:
        raise InvalidInputError(
            "The %(name)s %(value)s is not a finite number.", name=Term.of(name), value=value, code=code
        ) from None


def _span(accepted: Range) -> str:
    return f"{float(accepted.low):g}-{float(accepted.high):g}"
