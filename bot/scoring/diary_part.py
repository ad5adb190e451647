"""The diary part of a visit: which days are scored, which are used, and what they add up to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from bot.scoring.inputs import PENDING_STATES, DiaryDayInput, DiaryTotals, ExcludedDay
from schedules.rule_set import RuleSet, walk_back

# The published weights belong to sums over seven days, however many days a study looks at.
SUM_DAYS = 7


@dataclass(frozen=True, slots=True)
class DiaryPart:
    """The scoring days of a visit and what is in hand.

    `scored` are the scoring days that were described, `used` those that count, `pending` those that can still
    be filled; `sums` are seven-day sums, None while they are not final; `reachable` says whether the minimum
    can be met at all; `extended` whether the days reach back further than without exclusions.
    """

    scoring_days: tuple[date, ...]
    scored: tuple[DiaryDayInput, ...]
    used: tuple[DiaryDayInput, ...]
    pending: tuple[DiaryDayInput, ...]
    excluded: tuple[ExcludedDay, ...]
    sums: DiaryTotals | None
    reachable: bool
    extended: bool


def needed_days(rules: RuleSet) -> int:
    """Return how many used days a score needs; without proration that is every scoring day."""
    return rules.min_valid_days if rules.prorate else rules.scoring_days


def diary_part(
    visit_on: date, days: Sequence[DiaryDayInput], excluded: Collection[ExcludedDay], rules: RuleSet
) -> DiaryPart:
    """Pick the scoring days of a visit and add up the used ones; `excluded` holds post-endoscopy days too."""
    by_day = {day.on: day for day in days}
    reasons = {day.on: day for day in excluded}
    valid = _can_count(days, rules) if rules.replace_missing_days else None
    scoring_days, met = walk_back(visit_on, reasons, rules, valid)
    scored = tuple(by_day[on] for on in scoring_days if on in by_day)
    used = tuple(day for day in scored if day.is_scored(rules))
    pending = tuple(day for day in scored if day.state in PENDING_STATES)
    enough = len(used) >= needed_days(rules)
    return DiaryPart(
        scoring_days=scoring_days,
        scored=scored,
        used=used,
        pending=pending,
        excluded=tuple(reasons[on] for on in met),
        sums=seven_day_sums(used) if enough and not pending else None,
        reachable=len(used) + len(pending) >= needed_days(rules),
        extended=bool(scoring_days) and scoring_days[0] < _usual_first_day(visit_on, rules),
    )


def seven_day_sums(used: Sequence[DiaryDayInput]) -> DiaryTotals:
    """Return, for each of the three items, seven times the mean over the used days (at least one)."""
    stools, pain, wellbeing = answer_sums(used)
    count = len(used)
    return DiaryTotals(
        Fraction(SUM_DAYS * stools, count),
        Fraction(SUM_DAYS * pain, count),
        Fraction(SUM_DAYS * wellbeing, count),
    )


def answer_sums(used: Sequence[DiaryDayInput]) -> tuple[int, int, int]:
    """Return the plain sums of stools, pain and wellbeing over days that have all three answers."""
    stools = pain = wellbeing = 0
    for day in used:
        if day.answers is not None:
            stools += day.answers[0]
            pain += day.answers[1]
            wellbeing += day.answers[2]
    return stools, pain, wellbeing


def is_answered(used: Sequence[DiaryDayInput]) -> bool:
    """Say whether there are used days and each has an antidiarrhoeal answer."""
    return bool(used) and all(day.antidiarrhoeal is not None for day in used)


def _can_count(days: Sequence[DiaryDayInput], rules: RuleSet) -> set[date]:
    return {day.on for day in days if day.state in PENDING_STATES or day.is_scored(rules)}


def _usual_first_day(visit_on: date, rules: RuleSet) -> date:
    return visit_on - timedelta(days=rules.scoring_days - rules.include_visit_day)
