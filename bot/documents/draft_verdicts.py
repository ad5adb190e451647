"""What is decided already and how the visit compares with week 0; never which value would reach a verdict."""

from fractions import Fraction

from bot.documents import words
from bot.documents.draft_header import Speaker, decimal, fixed
from bot.documents.sheet import Pairs, Section
from bot.scoring.draft import Draft, FromBaseline
from bot.scoring.numbers import shown
from bot.scoring.response import RESPONSE_70, RESPONSE_100

PLACES = 4


def verdicts_section(draft: Draft, found: FromBaseline, say: Speaker) -> Section:
    """Remission and the responses: yes, no, or open whatever is missing."""
    edge = draft.given.rules.bands.remission
    limit = say(words.AT_MOST if edge.inclusive else words.BELOW, limit=_points(edge.limit))
    items = [(say(words.REMISSION, edge=limit), _verdict(draft, found.decided["remission"], say))]
    for key, points in (("response_70", RESPONSE_70), ("response_100", RESPONSE_100)):
        items.append((say(words.RESPONSE, points=_points(points)), _verdict(draft, found.decided[key], say)))
    own = draft.given.rules.response.clinical_decrease
    if own not in (RESPONSE_70, RESPONSE_100):
        verdict = _verdict(draft, found.decided["clinical_response"], say)
        items.append((say(words.STUDY_RESPONSE, points=_points(own)), verdict))
    return Section("verdicts", say(words.VERDICTS), (Pairs(tuple(items)),))


def _verdict(draft: Draft, decided: str, say: Speaker) -> str:
    return say(words.CANNOT_DECIDE if draft.interval is None else words.DECIDED[decided])


def change_section(draft: Draft, found: FromBaseline, say: Speaker) -> Section:
    """The total of week 0, this visit's, and the decrease once both are known."""
    items = [
        (say(words.BASELINE), _baseline(draft, found, say)),
        (say(words.NOW_TOTAL), say(words.NOT_YET) if draft.total is None else _total(draft, draft.total)),
        (say(words.DECREASE), _decrease(draft, found, say)),
    ]
    return Section("change", say(words.CHANGE), (Pairs(tuple(items)),))


def _baseline(draft: Draft, found: FromBaseline, say: Speaker) -> str:
    if found.baseline is not None:
        return _total(draft, found.baseline)
    interval = draft.given.baseline.interval if draft.given.baseline else None
    if interval is None:
        return say(words.BASELINE_NONE)
    return say(words.BASELINE_BETWEEN, low=_total(draft, interval.low), high=_total(draft, interval.high))


def _decrease(draft: Draft, found: FromBaseline, say: Speaker) -> str:
    if found.response is None or found.baseline is None or draft.total is None:
        return say(words.NOT_YET)
    baseline, total = _total(draft, found.baseline), _total(draft, draft.total)
    return say(words.DECREASE_VALUE, baseline=baseline, total=total, decrease=_total(draft, found.response.decrease))


def _total(draft: Draft, value: Fraction) -> str:
    decimals = draft.given.rules.round_total_decimals
    return fixed(shown(value, decimals), decimals)


def _points(value: Fraction) -> str:
    return decimal(shown(value, PLACES))
