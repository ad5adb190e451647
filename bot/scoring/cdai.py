"""The Crohn's Disease Activity Index: eight components, their sum, its one rounding and its band.

Best WR et al., Gastroenterology 1976;70:439-444. Weights are published and stand here as code; everything
that studies decide differently comes from the rule set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache

from bot.scoring.diary_part import DiaryPart, is_answered
from bot.scoring.inputs import (
    COMPLICATION_GROUPS,
    COMPONENTS,
    MASS_GRADES,
    ClinicInputs,
    DiaryTotals,
)
from bot.scoring.numbers import round_half_up
from bot.scoring.selection import AFTER_VISIT, CARRIED_FORWARD, Selected, select_value
from schedules.rule_set import RuleSet

STOOLS_WEIGHT = 2
PAIN_WEIGHT = 5
WELLBEING_WEIGHT = 7
COMPLICATION_WEIGHT = 20
ANTIDIARRHOEAL_WEIGHT = 30
MASS_WEIGHT = 10
HCT_WEIGHT = 6
PERCENT = 100

COMPUTED = "computed"
PROVISIONAL = "provisional"
NOT_COMPUTABLE = "not_computable"

# Body mass indices behind the formulas that stand in for Best's tables of standard weight (kg/m2).
KEYS_BMI = {"male": Fraction(221, 10), "female": Fraction(208, 10)}
COMMON_BMI = Fraction(22)


@dataclass(frozen=True, slots=True)
class VisitInputs:
    """Everything one CDAI is made from.

    Either `diary` (days) or `given_sums` (seven-day sums). `sex` is male or female, None when not recorded.
    `carried_components` are points of an earlier visit, used only if the rule set carries components forward.
    """

    sex: str | None
    standard_weight_kg: Fraction | None
    clinic: ClinicInputs
    visit_on: date | None = None
    diary: DiaryPart | None = None
    given_sums: DiaryTotals | None = None
    is_baseline: bool = False
    carried_components: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def sums(self) -> DiaryTotals | None:
        """The seven-day sums, None while they are not final or when too few days count."""
        return self.diary.sums if self.diary is not None else self.given_sums


@dataclass(frozen=True, slots=True)
class CdaiResult:
    """One CDAI: points and raw points (before a floor) by component, None where a component is not known.

    `exact_total` is the sum, `total` the same rounded once; band and every comparison are read from `total`.
    """

    points: Mapping[str, Fraction | None]
    raw: Mapping[str, Fraction | None]
    exact_total: Fraction | None
    total: Fraction | None
    band: str | None
    status: str
    flags: tuple[str, ...]
    hct: Selected | None
    weight: Selected | None
    antidiarrhoeal: bool | None
    carried: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The components that are not known, in the order of the index."""
        return tuple(key for key in COMPONENTS if self.points[key] is None)


@lru_cache(maxsize=4096)
def standard_weight(sex: str | None, height_cm: Fraction | None, method: str) -> Fraction | None:
    """Return the standard weight in kg by the study's formula, or None if sex or height is missing.

    Raises no error for `entered`: there is no formula, so the answer is None.
    """
    if height_cm is None or method == "entered":
        return None
    if method == "height_minus_105":
        return height_cm - 105
    squared_m = height_cm * height_cm / 10_000
    if method == "bmi22":
        return COMMON_BMI * squared_m
    return None if sex is None else KEYS_BMI[sex] * squared_m


def hct_raw(hct_percent: Fraction, sex: str, rules: RuleSet) -> Fraction:
    """Return the haematocrit points before a floor: above the reference they are negative."""
    return (rules.hct_standard.of(sex) - hct_percent) * HCT_WEIGHT


def weight_raw(weight_kg: Fraction, standard_weight_kg: Fraction) -> Fraction:
    """Return the weight points before a floor: percent below standard weight, negative above it."""
    return PERCENT - weight_kg * PERCENT / standard_weight_kg


def floored(raw: Fraction, floor: Fraction | None) -> Fraction:
    """Return points no lower than the floor; None is no floor."""
    return raw if floor is None or raw >= floor else floor


def antidiarrhoeal_answer(inputs: VisitInputs, rules: RuleSet) -> bool | None:
    """Say whether an antidiarrhoeal was used in the scored days; None is not known yet.

    A yes on a used day, or from the clinician, is a yes. Without either, the clinician's no stands once no
    day is open; the diary alone says no only if every used day was answered no. A use on an excluded or unused
    day is for the clinician to weigh.
    """
    clinic, diary = inputs.clinic.antidiarrhoeal, inputs.diary
    if clinic or not rules.antidiarrhoeal_from_diary or diary is None:
        return clinic
    if any(day.antidiarrhoeal for day in diary.used):
        return True
    if diary.pending:
        return None
    return False if clinic is False or is_answered(diary.used) else None


def compute(inputs: VisitInputs, rules: RuleSet) -> CdaiResult:
    """Compute one CDAI; a component that is not known stays None and so does the total."""
    hct, weight = _select(inputs, rules)
    antidiarrhoeal = antidiarrhoeal_answer(inputs, rules)
    raw = _raw_points(inputs, hct, weight, rules)
    raw["antidiarrhoeal"] = None if antidiarrhoeal is None else Fraction(ANTIDIARRHOEAL_WEIGHT * antidiarrhoeal)
    points = dict(raw)
    points["hct"] = _floor_known(raw["hct"], rules.hct_item_floor)
    points["weight"] = _floor_known(raw["weight"], rules.weight_item_floor)
    carried = _carried(points, inputs, rules)
    for key in carried:
        points[key] = inputs.carried_components[key]
    known = [value for value in points.values() if value is not None]
    total = floored(_sum(known), rules.total_floor) if len(known) == len(COMPONENTS) else None
    stored = None if total is None else round_half_up(total, rules.round_total_decimals)
    return CdaiResult(
        points=points,
        raw=raw,
        exact_total=total,
        total=stored,
        band=None if stored is None else rules.bands.band(stored),
        status=_status(stored, hct, weight, carried),
        flags=_flags(inputs, hct, weight, raw, points, carried, rules),
        hct=hct,
        weight=weight,
        antidiarrhoeal=antidiarrhoeal,
        carried=carried,
    )


def _select(inputs: VisitInputs, rules: RuleSet) -> tuple[Selected | None, Selected | None]:
    clinic, on, baseline = inputs.clinic, inputs.visit_on, inputs.is_baseline
    hct = select_value(clinic.hct, on, rules.hct_window_days, rules.hct_carry_forward_max_days, is_baseline=baseline)
    weight = select_value(
        clinic.weight, on, rules.weight_window_days, rules.weight_carry_forward_max_days, is_baseline=baseline
    )
    return hct, weight


def _raw_points(
    inputs: VisitInputs,
    hct: Selected | None,
    weight: Selected | None,
    rules: RuleSet,
) -> dict[str, Fraction | None]:
    sums, clinic, standard = inputs.sums, inputs.clinic, inputs.standard_weight_kg
    return {
        "stools": None if sums is None else sums.stools * STOOLS_WEIGHT,
        "pain": None if sums is None else sums.pain * PAIN_WEIGHT,
        "wellbeing": None if sums is None else sums.wellbeing * WELLBEING_WEIGHT,
        "complications": _complication_points(clinic.complications),
        "antidiarrhoeal": None,
        "mass": None if clinic.mass is None else Fraction(MASS_GRADES[clinic.mass] * MASS_WEIGHT),
        "hct": None if hct is None or inputs.sex is None else hct_raw(hct.value, inputs.sex, rules),
        "weight": None if weight is None or standard is None else weight_raw(weight.value, standard),
    }


def _complication_points(groups: Mapping[str, bool]) -> Fraction | None:
    if any(group not in groups for group in COMPLICATION_GROUPS):
        return None
    return Fraction(COMPLICATION_WEIGHT * sum(groups.values()))


def _floor_known(raw: Fraction | None, floor: Fraction | None) -> Fraction | None:
    return None if raw is None else floored(raw, floor)


def _sum(values: list[Fraction]) -> Fraction:
    return sum(values, start=Fraction(0))


def _carried(points: Mapping[str, Fraction | None], inputs: VisitInputs, rules: RuleSet) -> tuple[str, ...]:
    """Name the components taken from an earlier visit: only by rule, with enough present, and all or none."""
    absent = [key for key in COMPONENTS if points[key] is None]
    if rules.missing_component != "carry_forward" or not absent or _is_open(inputs.diary):
        return ()
    enough = len(COMPONENTS) - len(absent) >= rules.min_components
    return tuple(absent) if enough and all(key in inputs.carried_components for key in absent) else ()


def _is_open(diary: DiaryPart | None) -> bool:
    return diary is not None and bool(diary.pending)


def _status(total: Fraction | None, hct: Selected | None, weight: Selected | None, carried: tuple[str, ...]) -> str:
    if total is None:
        return NOT_COMPUTABLE
    old = [value for value in (hct, weight) if value is not None and value.is_provisional]
    return PROVISIONAL if old or carried else COMPUTED


def _flags(
    inputs: VisitInputs,
    hct: Selected | None,
    weight: Selected | None,
    raw: Mapping[str, Fraction | None],
    points: Mapping[str, Fraction | None],
    carried: tuple[str, ...],
    rules: RuleSet,
) -> tuple[str, ...]:
    flags = [] if inputs.diary is None else diary_flags(inputs.diary, rules)
    known = {key: value for key, value in (("hct", hct), ("weight", weight)) if value and raw[key] is not None}
    flags += [f"{key}_missing" for key in ("hct", "weight") if raw[key] is None]
    flags += [f"{key}_floored" for key in known if raw[key] != points[key]]
    flags += [f"{key}_carried_forward" for key, value in known.items() if value.rule == CARRIED_FORWARD]
    flags += [f"{key}_after_visit" for key, value in known.items() if value.rule == AFTER_VISIT]
    return (*flags, "components_carried_forward") if carried else tuple(flags)


def diary_flags(diary: DiaryPart, rules: RuleSet) -> list[str]:
    """Return the flags of the diary part, in their fixed order."""
    flags = ["days_excluded"] if diary.excluded else []
    if diary.extended:
        flags.append("window_extended")
    if diary.sums is not None and len(diary.used) != rules.scoring_days:
        flags.append(f"prorated_{len(diary.used)}_of_{rules.scoring_days}")
    if not diary.reachable:
        flags.append("diary_days_below_minimum")
    return flags
