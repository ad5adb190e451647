"""What a CDAI draft is built from: one visit's days and values, and the baseline it is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from bot.scoring.inputs import ClinicInputs, DiaryDayInput, ExcludedDay
from bot.scoring.numbers import Number
from bot.scoring.pro import Means
from bot.scoring.response import Interval
from bot.scoring.sescd import SesCd
from schedules.rule_set import RuleSet


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the baseline visit says: its total, or the interval it must lie in, its means and its SES-CD.

    `provisional` marks a total that rests on a carried-forward value which nobody has accepted.
    """

    total: Fraction | None = None
    interval: Interval | None = None
    means: Means | None = None
    sescd: SesCd | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class DraftInput:
    """Everything the draft of one visit is made from.

    `days` must hold every scoring day with its state as of `as_of`; a further day is read only when the rule set
    replaces missed days. `excluded` are the marked preparation and endoscopy days; the days after an endoscopy
    follow from the rule set. `standard_weight_kg` is the value frozen at screening; without it the formula of the
    rule set is applied to sex and height. `baseline` is None at the baseline visit and where it never happened.
    """

    participant: str
    visit: str
    visit_on: date
    held: bool
    as_of: datetime
    rules: RuleSet
    sex: str | None
    height_cm: Number | None = None
    standard_weight_kg: Number | None = None
    stoma: bool = False
    days: tuple[DiaryDayInput, ...] = ()
    excluded: tuple[ExcludedDay, ...] = ()
    clinic: ClinicInputs = field(default_factory=ClinicInputs)
    sescd: SesCd | None = None
    is_baseline: bool = False
    baseline: Baseline | None = None
    carried_components: Mapping[str, Fraction] = field(default_factory=dict)
