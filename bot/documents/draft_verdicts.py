"""What is decided already and how the visit compares with week 0; never which value would reach a verdict."""

from fractions import Fraction

from bot.documents import words
from bot.documents.draft_header import Speaker, decimal, fixed
from bot.documents.sheet import Pairs, Section
from bot.scoring.cdai import PROVISIONAL
from bot.scoring.draft import Draft, FromBaseline
from bot.scoring.numbers import shown
from bot.scoring.response import RESPONSE_70, RESPONSE_100, Interval

PLACES = 4


def verdicts_section(draft: Draft, found: FromBaseline, say: Speaker) -> Section:
    """Remission and the responses: yes, no, or open whatever is missing."""
    edge = draft.given.rules.bands.remission
    limit = say(words.AT_MOST if edge.inclusive else words.BELOW, limit=_points(edge.limit))
    items = [(say(words.REMISSION, edge=limit), _verdict(draft, found.decided["remission"], say))]
    for key, points in (("response_70", RESPONSE_70), ("response_100", RESPONSE_100)):
        items.append((say(words.RESPONSE, points=_points(points)), _response(draft, found.decided[key], say)))
    own = draft.given.rules.response.clinical_decrease
    if own not in (RESPONSE_70, RESPONSE_100):
        verdict = _response(draft, found.decided["clinical_response"], say)
        items.append((say(words.STUDY_RESPONSE, points=_points(own)), verdict))
    return Section("verdicts", say(words.VERDICTS), (Pairs(tuple(items)),))


def _verdict(draft: Draft, decided: str, say: Speaker) -> str:
    return say(words.CANNOT_DECIDE if draft.interval is None else words.DECIDED[decided])


def _response(draft: Draft, decided: str, say: Speaker) -> str:
    """A week 0 that can have no total leaves a response open for ever, which is not the same as undecided."""
    if _week_zero(draft) is None and draft.interval is not None:
        return say(words.NO_BASELINE)
    return _verdict(draft, decided, say)


def change_section(draft: Draft, found: FromBaseline, say: Speaker) -> Section:
    """The total of week 0, this visit's, and the decrease once both are known."""
    items = [
        (say(words.BASELINE), _baseline(draft, found, say)),
        (say(words.NOW_TOTAL), _now(draft, say)),
        (say(words.DECREASE), _decrease(draft, found, say)),
    ]
    return Section("change", say(words.CHANGE), (Pairs(tuple(items)),))


def _baseline(draft: Draft, found: FromBaseline, say: Speaker) -> str:
    if found.baseline is not None:
        return _marked(_total(draft, found.baseline), say, provisional=found.baseline_provisional)
    interval = _week_zero(draft)
    if interval is None:
        return say(words.BASELINE_NONE)
    return say(words.BASELINE_BETWEEN, low=_total(draft, interval.low), high=_total(draft, interval.high))


def _decrease(draft: Draft, found: FromBaseline, say: Speaker) -> str:
    if found.response is None or found.baseline is None or draft.total is None:
        return say(words.NO_TOTAL if draft.interval is None or _week_zero(draft) is None else words.NOT_YET)
    baseline, total = _total(draft, found.baseline), _total(draft, draft.total)
    return say(words.DECREASE_VALUE, baseline=baseline, total=total, decrease=_total(draft, found.response.decrease))


def _now(draft: Draft, say: Speaker) -> str:
    if draft.total is None:
        return say(words.NO_TOTAL if draft.interval is None else words.NOT_YET)
    return _marked(_total(draft, draft.total), say, provisional=draft.status == PROVISIONAL)


def _week_zero(draft: Draft) -> Interval | None:
    return draft.given.baseline.interval if draft.given.baseline else None


def _marked(total: str, say: Speaker, *, provisional: bool) -> str:
    return say(words.PROVISIONAL_TOTAL, total=total) if provisional else total


def _total(draft: Draft, value: Fraction) -> str:
    decimals = draft.given.rules.round_total_decimals
    return fixed(shown(value, decimals), decimals)


def _points(value: Fraction) -> str:
    return decimal(shown(value, PLACES))
