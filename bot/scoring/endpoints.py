"""The study's endpoints at one visit of one participant, each met, not met, or missing for a stated reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.scoring.cdai import PROVISIONAL
from bot.scoring.draft import DAYS_BELOW_MINIMUM, STOMA, Draft
from bot.scoring.response import is_remission, respond
from bot.scoring.sescd import SesCd, compare
from bot.scoring.sescd import is_remission as is_endoscopic_remission
from schedules.rule_set import RuleSet

ENDPOINTS = (
    "clinical_remission",
    "clinical_response",
    "response_70",
    "response_100",
    "endoscopic_remission",
    "endoscopic_response",
    "combined_remission",
    "combined_response",
)
# At the baseline visit there is nothing to have responded to.
BASELINE_ENDPOINTS = ("clinical_remission", "endoscopic_remission", "combined_remission")
HELD = "held"

WITHDRAWN = "withdrawn"
NOT_HELD = "not_held"
BELOW_MINIMUM_DAYS = "below_minimum_days"
DIARY_OPEN = "diary_open"
LABORATORY_MISSING = "laboratory_missing"
CLINIC_MISSING = "clinic_missing"
BASELINE_MISSING = "baseline_missing"
ENDOSCOPY_MISSING = "endoscopy_missing"
BASELINE_ZERO = "baseline_zero"
MISSING_REASONS = (
    WITHDRAWN,
    NOT_HELD,
    STOMA,
    BELOW_MINIMUM_DAYS,
    DIARY_OPEN,
    LABORATORY_MISSING,
    CLINIC_MISSING,
    BASELINE_MISSING,
    ENDOSCOPY_MISSING,
    BASELINE_ZERO,
)


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What is known of one participant's visit for the endpoints.

    `state` is the visit's state word; `gap` says why there is no total. Baseline values are those of the same
    participant's baseline visit. `provisional` and `baseline_provisional` mark totals that rest on a value nobody
    has accepted.
    """

    participant: str
    visit: str
    state: str
    is_baseline: bool = False
    withdrawn: bool = False
    total: Fraction | None = None
    gap: str | None = None
    provisional: bool = False
    baseline_total: Fraction | None = None
    baseline_provisional: bool = False
    sescd: SesCd | None = None
    baseline_sescd: SesCd | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One endpoint: met or not, or None with the reason why it cannot be told.

    `provisional` says that it rests on a value which nobody has accepted.
    """

    met: bool | None
    missing: str | None = None
    provisional: bool = False


def facts_from_draft(draft: Draft, *, state: str, withdrawn: bool = False) -> VisitFacts:
    """Return the facts of a visit from its draft, its state word and whether the participant withdrew."""
    given = draft.given
    baseline = given.baseline
    return VisitFacts(
        participant=given.participant,
        visit=given.visit,
        state=state,
        is_baseline=given.is_baseline,
        withdrawn=withdrawn,
        total=draft.total,
        gap=_gap(draft),
        provisional=draft.status == PROVISIONAL,
        baseline_total=None if baseline is None else baseline.total,
        baseline_provisional=baseline is not None and baseline.provisional,
        sescd=given.sescd,
        baseline_sescd=None if baseline is None else baseline.sescd,
    )


def visit_outcomes(facts: VisitFacts, rules: RuleSet) -> Mapping[str, Outcome]:
    """Return every endpoint of a visit; responses are left out at baseline.

    A combined endpoint needs both of its parts: one that is missing makes it missing.
    """
    found = {**_clinical(facts, rules), **_endoscopic(facts, rules)}
    found["combined_remission"] = _both(found["clinical_remission"], found["endoscopic_remission"])
    found["combined_response"] = _both(found["clinical_response"], found["endoscopic_response"])
    wanted = BASELINE_ENDPOINTS if facts.is_baseline else ENDPOINTS
    return {key: found[key] for key in wanted}


def _gap(draft: Draft) -> str | None:
    """Say why a draft has no total; the reason that cannot be mended any more comes first."""
    if draft.total is not None:
        return None
    if draft.reason is not None:
        return BELOW_MINIMUM_DAYS if draft.reason == DAYS_BELOW_MINIMUM else STOMA
    if draft.diary.pending:
        return DIARY_OPEN
    return LABORATORY_MISSING if "hct" in draft.missing else CLINIC_MISSING


def _absent(facts: VisitFacts) -> str | None:
    if facts.state == HELD:
        return None
    return WITHDRAWN if facts.withdrawn else NOT_HELD


def _clinical(facts: VisitFacts, rules: RuleSet) -> dict[str, Outcome]:
    missing = _absent(facts)
    if missing is None and facts.total is None:
        missing = facts.gap or CLINIC_MISSING
    if missing is not None or facts.total is None:
        return dict.fromkeys(ENDPOINTS[:4], Outcome(None, missing))
    remission = Outcome(is_remission(facts.total, rules), provisional=facts.provisional)
    if facts.baseline_total is None:
        return {**dict.fromkeys(ENDPOINTS[1:4], Outcome(None, BASELINE_MISSING)), "clinical_remission": remission}
    found = respond(facts.baseline_total, facts.total, rules)
    provisional = facts.provisional or facts.baseline_provisional
    return {
        "clinical_remission": remission,
        "clinical_response": Outcome(found.clinical_response, provisional=provisional),
        "response_70": Outcome(found.response_70, provisional=provisional),
        "response_100": Outcome(found.response_100, provisional=provisional),
    }


def _endoscopic(facts: VisitFacts, rules: RuleSet) -> dict[str, Outcome]:
    missing = _absent(facts)
    if missing is not None or facts.sescd is None:
        absent = Outcome(None, missing or ENDOSCOPY_MISSING)
        return {"endoscopic_remission": absent, "endoscopic_response": absent}
    return {
        "endoscopic_remission": Outcome(is_endoscopic_remission(facts.sescd, rules)),
        "endoscopic_response": _endoscopic_response(facts.sescd, facts.baseline_sescd, rules),
    }


def _endoscopic_response(current: SesCd, baseline: SesCd | None, rules: RuleSet) -> Outcome:
    if baseline is None:
        return Outcome(None, BASELINE_MISSING)
    met = compare(baseline, current, rules).response
    return Outcome(met, BASELINE_ZERO if met is None else None)


def _both(first: Outcome, second: Outcome) -> Outcome:
    if first.met is None or second.met is None:
        return Outcome(None, first.missing or second.missing)
    return Outcome(first.met and second.met, provisional=first.provisional or second.provisional)
