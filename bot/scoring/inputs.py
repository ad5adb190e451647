"""What a score is made from: diary days, laboratory and clinic values, as frozen types."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from bot.scoring.numbers import Number
from schedules.rule_set import RuleSet, post_endoscopy_days

COMPONENTS = ("stools", "pain", "wellbeing", "complications", "antidiarrhoeal", "mass", "hct", "weight")
DIARY_COMPONENTS = COMPONENTS[:3]

# States of a diary day that count, and states that can still become one of them.
SCORED_STATES = frozenset({"on_time", "late"})
PENDING_STATES = frozenset({"open", "not_open"})
EXCLUDING_EVENTS = frozenset({"bowel_prep", "endoscopy", "post_endoscopy"})

# The six groups of the complications item and the findings that make each present, counted once per group
# (Best et al., Gastroenterology 1976;70:439-444; grouping as in CDISC terminology CDAI0109-CDAI0114).
COMPLICATION_FINDINGS: Mapping[str, tuple[str, ...]] = {
    "arthritis_arthralgia": ("arthritis", "arthralgia"),
    "iritis_uveitis": ("iritis", "uveitis"),
    "skin_mouth": ("erythema_nodosum", "pyoderma_gangrenosum", "aphthous_stomatitis"),
    "anal_fissure_fistula_abscess": ("anal_fissure", "anal_fistula", "perianal_abscess"),
    "other_fistula": ("other_fistula",),
    "fever_over_37_8": ("fever_over_37_8",),
}
COMPLICATION_GROUPS = tuple(COMPLICATION_FINDINGS)
GROUP_OF_FINDING: Mapping[str, str] = {
    **{finding: group for group, findings in COMPLICATION_FINDINGS.items() for finding in findings},
    **{group: group for group in COMPLICATION_FINDINGS},
}
MASS_GRADES: Mapping[str, int] = {"none": 0, "questionable": 2, "definite": 5}


@dataclass(frozen=True, slots=True)
class DiaryDayInput:
    """One diary day: its state, its answers (stools 0-50, pain 0-3, wellbeing 0-4) and its marks.

    `after_closing` marks a whole day that was entered after its closing time; whatever its state, it is
    scored only if the rule set says so.
    """

    on: date
    state: str
    stools: int | None = None
    pain: int | None = None
    wellbeing: int | None = None
    antidiarrhoeal: bool | None = None
    source: str | None = None
    corrected: bool = False
    helped: bool = False
    outage: bool = False
    revision: int | None = None
    after_closing: bool = False

    @property
    def answers(self) -> tuple[int, int, int] | None:
        """The three scored answers, or None when one of them is blank: a blank is never read as zero."""
        if self.stools is None or self.pain is None or self.wellbeing is None:
            return None
        return self.stools, self.pain, self.wellbeing

    def is_scored(self, rules: RuleSet) -> bool:
        """Say whether this day counts: complete, and in time unless the rules score entries after closing."""
        if self.answers is None:
            return False
        return rules.score_after_closing if self.after_closing else self.state in SCORED_STATES


@dataclass(frozen=True, slots=True)
class ExcludedDay:
    """A date that never counts, and why: bowel_prep, endoscopy or post_endoscopy."""

    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class LabValue:
    """A measured value with its date: haematocrit in %, weight in kg.

    `accepted` says that a clinician accepted this value for the visit although it had to be carried forward.
    A value without a date is taken as measured at the visit.
    """

    value: Number
    on: date | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class ClinicInputs:
    """The clinic's part: dated laboratory and weight values, mass, complication groups, antidiarrhoeal.

    `complications` maps a group to present (True) or absent (False); a group not named is unknown.
    """

    hct: tuple[LabValue, ...] = ()
    weight: tuple[LabValue, ...] = ()
    mass: str | None = None
    complications: Mapping[str, bool] = field(default_factory=dict)
    antidiarrhoeal: bool | None = None


@dataclass(frozen=True, slots=True)
class DiaryTotals:
    """Seven-day sums that were computed elsewhere, for a formula without diary days."""

    stools: Fraction
    pain: Fraction
    wellbeing: Fraction


def with_post_endoscopy(marked: Collection[ExcludedDay], rules: RuleSet) -> tuple[ExcludedDay, ...]:
    """Return the marked days and the days after each endoscopy that the rule set leaves out, oldest first."""
    known = {day.on: day for day in marked if day.reason in EXCLUDING_EVENTS}
    scopes = [day.on for day in marked if day.reason == "endoscopy"]
    for on in post_endoscopy_days(scopes, rules):
        known.setdefault(on, ExcludedDay(on, "post_endoscopy"))
    return tuple(known[on] for on in sorted(known))
