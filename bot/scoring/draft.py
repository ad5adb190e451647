"""The CDAI draft of one visit: what is known, what is missing, and where the total must lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.errors import DiaryError
from bot.scoring.bounds import Bounds, find_bounds
from bot.scoring.cdai import NOT_COMPUTABLE, PROVISIONAL, CdaiResult, VisitInputs, compute, standard_weight
from bot.scoring.diary_part import DiaryPart, diary_part
from bot.scoring.draft_input import Baseline, DraftInput
from bot.scoring.endings import diary_endings
from bot.scoring.inputs import with_post_endoscopy
from bot.scoring.numbers import exact
from bot.scoring.pro import ProScores, pro_scores
from bot.scoring.response import (
    RESPONSE_70,
    RESPONSE_100,
    Interval,
    Response,
    decided_remission,
    decided_response,
    is_remission,
    respond,
)

INCOMPLETE = "incomplete"
STOMA = "stoma"
DAYS_BELOW_MINIMUM = "days_below_minimum"


@dataclass(frozen=True, slots=True)
class FromBaseline:
    """The visit compared with baseline; verdicts are None until both totals are known.

    `baseline_provisional` marks a baseline that rests on a carried-forward value which nobody has accepted.
    `decided` says yes, no or open for each verdict, whatever is still missing.
    """

    baseline: Fraction | None
    baseline_provisional: bool
    response: Response | None
    remission: bool | None
    decided: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft: its input, the result so far, the bounds and the verdicts that are already decided.

    `status` is computed, provisional, incomplete or not_computable; `reason` says why the last. `bounds` is None
    when no total can come. `missing` names the components not known, none of them for a stoma.
    """

    given: DraftInput
    visit: VisitInputs
    diary: DiaryPart
    result: CdaiResult
    status: str
    reason: str | None
    bounds: Bounds | None
    missing: tuple[str, ...]
    flags: tuple[str, ...]
    pro: ProScores | None
    from_baseline: FromBaseline | None

    @property
    def total(self) -> Fraction | None:
        """The stored total, None until it is known and for ever with a stoma or pouch."""
        return None if self.reason == STOMA else self.result.total

    @property
    def interval(self) -> Interval | None:
        """Where the total must lie, None when none can come."""
        return None if self.bounds is None else self.bounds.total


def build_draft(given: DraftInput) -> Draft:
    """Build the draft of a visit.

    Raises DiaryError when the state of a scoring day is not given: a gap is never filled by a guess.
    """
    rules = given.rules
    excluded = with_post_endoscopy(given.excluded, rules)
    diary = diary_part(given.visit_on, given.days, excluded, rules)
    _check_days_given(given, diary)
    visit = _visit_inputs(given, diary)
    result = compute(visit, rules)
    reason = _reason(given, diary, result)
    bounds = None
    if reason is None:
        endings = diary_endings(given.visit_on, diary, given.days, excluded, rules)
        bounds = find_bounds(visit, result, endings, _known_height(given), rules)
    stoma = reason == STOMA
    return Draft(
        given=given,
        visit=visit,
        diary=diary,
        result=result,
        status=_status(result, reason),
        reason=reason,
        bounds=bounds,
        missing=() if stoma else result.missing,
        flags=(STOMA,) if stoma else result.flags,
        pro=None if stoma else pro_scores(diary, rules),
        from_baseline=None if given.is_baseline else _from_baseline(given, result, bounds),
    )


def as_baseline(draft: Draft) -> Baseline:
    """Return what later visits compare with."""
    means = None if draft.pro is None else draft.pro.means
    return Baseline(draft.total, draft.interval, means, draft.given.sescd, draft.status == PROVISIONAL)


def standard_weight_of(given: DraftInput) -> Fraction | None:
    """Return the frozen standard weight in kg, or what the rule set's formula gives, or None."""
    if given.standard_weight_kg is not None:
        return exact(given.standard_weight_kg)
    return standard_weight(given.sex, _known_height(given), given.rules.standard_weight_method)


def _known_height(given: DraftInput) -> Fraction | None:
    return None if given.height_cm is None else exact(given.height_cm)


def _check_days_given(given: DraftInput, diary: DiaryPart) -> None:
    stated = {day.on for day in diary.scored}
    for on in diary.scoring_days:
        if on not in stated:
            raise DiaryError(
                "The draft of %(who)s %(visit)s needs the state of %(day)s, a scoring day; give it.",
                who=given.participant,
                visit=given.visit,
                day=on,
            )


def _visit_inputs(given: DraftInput, diary: DiaryPart) -> VisitInputs:
    return VisitInputs(
        sex=given.sex,
        standard_weight_kg=standard_weight_of(given),
        clinic=given.clinic,
        visit_on=given.visit_on,
        diary=diary,
        is_baseline=given.is_baseline,
        carried_components=given.carried_components,
    )


def _reason(given: DraftInput, diary: DiaryPart, result: CdaiResult) -> str | None:
    """Say why no total can come: never for a missing clinic value, which can still be entered."""
    if given.stoma:
        return STOMA
    return DAYS_BELOW_MINIMUM if not diary.reachable and result.total is None else None


def _status(result: CdaiResult, reason: str | None) -> str:
    if reason is not None:
        return NOT_COMPUTABLE
    return INCOMPLETE if result.total is None else result.status


def _from_baseline(given: DraftInput, result: CdaiResult, bounds: Bounds | None) -> FromBaseline:
    rules, baseline = given.rules, given.baseline or Baseline()
    total = result.total if bounds is not None else None
    interval = None if bounds is None else bounds.total
    thresholds = {
        "response_70": RESPONSE_70,
        "response_100": RESPONSE_100,
        "clinical_response": rules.response.clinical_decrease,
    }
    decided = {key: decided_response(baseline.interval, interval, points) for key, points in thresholds.items()}
    response = None
    if baseline.total is not None and total is not None:
        response = respond(baseline.total, total, rules)
    return FromBaseline(
        baseline=baseline.total,
        baseline_provisional=baseline.provisional,
        response=response,
        remission=None if total is None else is_remission(total, rules),
        decided={"remission": decided_remission(interval, rules), **decided},
    )
