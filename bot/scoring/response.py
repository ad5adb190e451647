"""Remission and response of the CDAI, read from stored (rounded) totals only."""

from dataclasses import dataclass
from fractions import Fraction

from schedules.rule_set import RuleSet

RESPONSE_70 = Fraction(70)
RESPONSE_100 = Fraction(100)
# UNITI-1: a participant who starts at 220 to 248 cannot be asked to fall by 100; remission counts instead.
UNITI_LOW_BASELINE = (Fraction(220), Fraction(248))

YES, NO, OPEN = "yes", "no", "open"


@dataclass(frozen=True, slots=True)
class Response:
    """A total compared with its baseline; `decrease` is positive when the participant improved."""

    decrease: Fraction
    response_70: bool
    response_100: bool
    remission: bool
    response_100_or_remission: bool
    uniti: bool
    clinical_response: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """The least and the greatest total that can still come out, rounded like a total."""

    low: Fraction
    high: Fraction


def is_remission(total: Fraction, rules: RuleSet) -> bool:
    """Say whether a stored total lies in the remission band."""
    return rules.bands.remission.holds(total)


def respond(baseline: Fraction, current: Fraction, rules: RuleSet) -> Response:
    """Compare two stored totals; `clinical_response` uses the study's own threshold."""
    decrease = baseline - current
    remission = is_remission(current, rules)
    by_100 = decrease >= RESPONSE_100
    low, high = UNITI_LOW_BASELINE
    return Response(
        decrease=decrease,
        response_70=decrease >= RESPONSE_70,
        response_100=by_100,
        remission=remission,
        response_100_or_remission=by_100 or remission,
        uniti=remission if low <= baseline <= high else by_100,
        clinical_response=decrease >= rules.response.clinical_decrease,
    )


def decided_remission(interval: Interval | None, rules: RuleSet) -> str:
    """Say yes or no when every total of the interval agrees, else open."""
    if interval is None:
        return OPEN
    if is_remission(interval.high, rules):
        return YES
    return OPEN if is_remission(interval.low, rules) else NO


def decided_response(baseline: Interval | None, interval: Interval | None, threshold: Fraction) -> str:
    """Say yes or no when every pair of a baseline and a total agrees on the fall, else open."""
    if baseline is None or interval is None:
        return OPEN
    if baseline.low - interval.high >= threshold:
        return YES
    return OPEN if baseline.high - interval.low >= threshold else NO
