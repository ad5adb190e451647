"""The study table: by visit and endpoint, how many of how many, with exact confidence limits and what is missing.

Nothing is imputed silently: whoever cannot be evaluated is counted as missing with a reason, and the analysis that
takes every missing participant as a non-responder stands beside the main one under its own name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.scoring.binomial import exact_interval
from bot.scoring.endpoints import (
    BASELINE_ENDPOINTS,
    ENDPOINTS,
    HELD,
    MISSING_REASONS,
    NOT_HELD,
    Outcome,
    VisitFacts,
    visit_outcomes,
)
from bot.scoring.numbers import exact, shown
from schedules.rule_set import RuleSet

PERCENT_PLACES = 1


@dataclass(frozen=True, slots=True)
class Proportion:
    """A count of a count, with the percentage and its exact 95 % limits in percent, None when nobody counts."""

    numerator: int
    denominator: int
    percent: Fraction | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One endpoint at one visit.

    `planned` are all enrolled whose baseline visit was held. `observed` counts the evaluable ones, `imputed` all
    planned ones with every missing one as a non-responder. `provisional` says how many evaluable ones rest on a
    value that nobody has accepted.
    """

    visit: str
    endpoint: str
    planned: int
    observed: Proportion
    missing: Mapping[str, int]
    imputed: Proportion
    provisional: int

    @property
    def missing_total(self) -> int:
        """How many planned participants cannot be evaluated."""
        return self.planned - self.observed.denominator


def study_table(
    facts: Iterable[VisitFacts], visits: Sequence[str], rules: RuleSet, *, baseline_visit: str | None = None
) -> tuple[StudyRow, ...]:
    """Return the rows of the table, visit by visit in the given order.

    `facts` holds one entry per participant and visit; a planned visit without one counts as not held. The baseline
    visit is what the facts call so, and `baseline_visit` where nobody is enrolled yet.
    """
    by_key = {(one.participant, one.visit): one for one in facts}
    baseline_visits = {baseline_visit, *(one.visit for one in by_key.values() if one.is_baseline)}
    planned = sorted({one.participant for one in by_key.values() if one.is_baseline and one.state == HELD})
    return tuple(
        row
        for visit in visits
        for row in _visit_rows(
            visit,
            [by_key.get((code, visit)) for code in planned],
            BASELINE_ENDPOINTS if visit in baseline_visits else ENDPOINTS,
            rules,
        )
    )


def table_to_json(rows: Iterable[StudyRow]) -> list[dict[str, object]]:
    """Return the table as plain JSON values; percentages have one decimal."""
    return [
        {
            "visit": row.visit,
            "endpoint": row.endpoint,
            "planned": row.planned,
            "evaluable": row.observed.denominator,
            **_proportion_json(row.observed),
            "missing": dict(row.missing),
            "missing_total": row.missing_total,
            "provisional": row.provisional,
            "missing_as_non_responder": {"denominator": row.imputed.denominator, **_proportion_json(row.imputed)},
        }
        for row in rows
    ]


def proportion(numerator: int, denominator: int) -> Proportion:
    """Return a proportion with its exact 95 % confidence limits."""
    limits = exact_interval(numerator, denominator)
    if limits is None:
        return Proportion(numerator, denominator, None, None, None)
    percent = Fraction(100 * numerator, denominator)
    return Proportion(numerator, denominator, percent, 100 * limits[0], 100 * limits[1])


def _visit_rows(
    visit: str, found: Sequence[VisitFacts | None], endpoints: Sequence[str], rules: RuleSet
) -> Iterable[StudyRow]:
    outcomes = [{} if one is None else visit_outcomes(one, rules) for one in found]
    for endpoint in endpoints:
        yield _row(visit, endpoint, [one.get(endpoint, Outcome(None, NOT_HELD)) for one in outcomes])


def _row(visit: str, endpoint: str, outcomes: Sequence[Outcome]) -> StudyRow:
    evaluable = [outcome for outcome in outcomes if outcome.met is not None]
    met = sum(outcome.met is True for outcome in evaluable)
    reasons = Counter(outcome.missing for outcome in outcomes)
    return StudyRow(
        visit=visit,
        endpoint=endpoint,
        planned=len(outcomes),
        observed=proportion(met, len(evaluable)),
        missing={reason: reasons[reason] for reason in MISSING_REASONS},
        imputed=proportion(met, len(outcomes)),
        provisional=sum(outcome.provisional for outcome in evaluable),
    )


def proportion_shown(found: Proportion) -> tuple[float | None, float | None, float | None]:
    """Return percentage and limits as they are printed, with one decimal; None when nobody counts."""
    percent = None if found.percent is None else shown(found.percent, PERCENT_PLACES)
    return percent, _rounded(found.low), _rounded(found.high)


def _proportion_json(found: Proportion) -> dict[str, object]:
    percent, low, high = proportion_shown(found)
    return {"numerator": found.numerator, "percent": percent, "low": low, "high": high}


def _rounded(limit: float | None) -> float | None:
    return None if limit is None else shown(exact(limit), PERCENT_PLACES)
