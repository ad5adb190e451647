"""The result of the printed page as data: the total or why there is none, the verdicts, and the axis."""

from collections.abc import Iterator
from fractions import Fraction

from bot.documents.draft_header import Speaker, decimal, fixed
from bot.documents.pdf import words
from bot.i18n import Message
from bot.scoring.draft import Draft, FromBaseline
from bot.scoring.numbers import shown
from bot.scoring.response import RESPONSE_70, RESPONSE_100, Interval
from bot.scoring.sescd import Comparison, SesCd, compare, is_remission
from schedules.rule_set import Edge, RuleSet

Json = dict[str, object]
PLACES = 4
AXIS_END = 550
AXIS_STEP = 50
GLYPHS = {"yes": "check", "no": "dash", "open": "half", "never": "dash"}


def result_part(draft: Draft, remarks: list[str], say: Speaker) -> Json:
    """The box at the top: the total, the verdicts and the axis; `remarks` say why and what is missing."""
    head, sub = _total(draft, say)
    return {
        "label": say(words.TOTAL),
        "total": head,
        "known": draft.total is not None,
        "sub": sub,
        "verdicts": [_verdict(*found, say) for found in _verdicts(draft, say)],
        "axis": None if draft.interval is None else _axis(draft, draft.interval, say),
        "remarks": remarks,
    }


def total_text(value: Fraction, rules: RuleSet) -> str:
    """A total with the rule set's decimals."""
    return fixed(shown(value, rules.round_total_decimals), rules.round_total_decimals)


def _total(draft: Draft, say: Speaker) -> tuple[str, list[str]]:
    rules, band = draft.given.rules, draft.result.band
    if draft.total is not None and band is not None:
        limits = say(words.BAND_LIMITS, band=say(words.BANDS[band]), limits=band_limits(rules)[band])
        return total_text(draft.total, rules), [limits, *_provisional(draft, say)]
    if draft.interval is None:
        return say(words.NOT_COMPUTABLE), []
    low, high = total_text(draft.interval.low, rules), total_text(draft.interval.high, rules)
    return say(words.NOT_YET), [say(words.RANGE, low=low, high=high)]


def _provisional(draft: Draft, say: Speaker) -> list[str]:
    return [say(words.PROVISIONAL)] if draft.status == "provisional" else []


def band_limits(rules: RuleSet) -> dict[str, str]:
    """The limits of the four bands as they are printed: <150, 150–219.9, 220–450, >450."""
    edges, step = rules.bands, Fraction(1, 10**rules.round_total_decimals)
    return {
        "remission": ("≤" if edges.remission.inclusive else "<") + _plain(edges.remission.limit),
        "mild": f"{_first(edges.remission, step)}–{_last(edges.mild, step)}",
        "moderate": f"{_first(edges.mild, step)}–{_last(edges.moderate, step)}",
        "severe": (">" if edges.moderate.inclusive else "≥") + _plain(edges.moderate.limit),
    }


def _first(edge: Edge, step: Fraction) -> str:
    """The least total above an edge."""
    return _plain(edge.limit + step if edge.inclusive else edge.limit)


def _last(edge: Edge, step: Fraction) -> str:
    """The greatest total of the band below an edge."""
    return _plain(edge.limit if edge.inclusive else edge.limit - step)


def _plain(value: Fraction) -> str:
    return decimal(shown(value, PLACES))


def edge_text(edge: Edge) -> str:
    """An edge as a condition, such as < 150."""
    return f"{'≤' if edge.inclusive else '<'} {_plain(edge.limit)}"


Verdict = tuple[str, str, str]  # how it is decided, what is asked, and what follows the answer


def _verdict(decided: str, name: str, rest: str, say: Speaker) -> Json:
    return {"mark": GLYPHS[decided], "name": name, "answer": say(words.REACHED[decided]), "rest": rest}


def _verdicts(draft: Draft, say: Speaker) -> Iterator[Verdict]:
    if draft.from_baseline is not None:
        yield from _index_verdicts(draft, draft.from_baseline, say)
    if draft.given.sescd is not None:
        yield from _endoscopic(draft, draft.given.sescd, say)


def _index_verdicts(draft: Draft, found: FromBaseline, say: Speaker) -> Iterator[Verdict]:
    rules = draft.given.rules
    remission = say(words.REMISSION, edge=edge_text(rules.bands.remission))
    yield _decided(draft, found.decided["remission"]), remission, _why(draft, found.decided["remission"], say)
    own = rules.response.clinical_decrease
    asked: list[tuple[str, Message, Fraction]] = [("response_70", words.RESPONSE, RESPONSE_70)]
    asked.append(("response_100", words.RESPONSE, RESPONSE_100))
    if own not in (RESPONSE_70, RESPONSE_100):
        asked.append(("clinical_response", words.STUDY_RESPONSE, own))
    for key, message, points in asked:
        decided = found.decided[key]
        rest = _why(draft, decided, say) or _change(found, rules, say)
        yield _decided(draft, decided), say(message, points=_plain(points)), rest


def _decided(draft: Draft, decided: str) -> str:
    return "never" if draft.interval is None else decided


def _why(draft: Draft, decided: str, say: Speaker) -> str:
    """What stands behind an answer while there is no total."""
    if draft.interval is None:
        return say(words.NO_TOTAL)
    if decided == "open":
        return say(words.DEPENDS)
    return "" if draft.total is not None else say(words.WHATEVER)


def _change(found: FromBaseline, rules: RuleSet, say: Speaker) -> str:
    if found.response is None:
        return ""
    fall = found.response.decrease
    return say(words.DOWN if fall >= 0 else words.UP, points=total_text(abs(fall), rules))


def _endoscopic(draft: Draft, current: SesCd, say: Speaker) -> Iterator[Verdict]:
    rules = draft.given.rules
    start = draft.given.baseline.sescd if draft.given.baseline else None
    if start is not None:
        found = compare(start, current, rules)
        percent = _plain(rules.response.endoscopic_percent_decrease)
        decided = "never" if found.response is None else "yes" if found.response else "no"
        yield decided, say(words.ENDOSCOPIC_RESPONSE, percent=percent), _sescd_change(found, say)
    limit = _plain(rules.response.endoscopic_remission_max)
    decided = "yes" if is_remission(current, rules) else "no"
    yield decided, say(words.ENDOSCOPIC_REMISSION, limit=limit), say(words.SESCD_NOW, total=current.total)


def _sescd_change(found: Comparison, say: Speaker) -> str:
    before, now, percent = found.baseline_total, found.current_total, found.percent_decrease
    if percent is None:
        return say(words.SESCD_ZERO, before=before, now=now)
    message = words.SESCD_DOWN if percent >= 0 else words.SESCD_UP
    return say(message, before=before, now=now, percent=decimal(shown(abs(percent), 1)))


def _axis(draft: Draft, interval: Interval, say: Speaker) -> Json:
    """The bar: band edges, the interval or the dot, week 0 and the response line, in points."""
    rules, limits = draft.given.rules, band_limits(draft.given.rules)
    baseline = None if draft.from_baseline is None else draft.from_baseline.baseline
    fall = rules.response.clinical_decrease
    line = None if baseline is None else baseline - fall
    points = [interval.low, interval.high, *([] if baseline is None else [baseline])]
    low, high = _ends(points)
    edges = (Fraction(low), rules.bands.remission.limit, rules.bands.mild.limit, rules.bands.moderate.limit)
    return {
        "low": low,
        "high": high,
        "bands": [
            {"from": float(edge), "name": say(words.BANDS[name]), "limits": limits[name]}
            for edge, name in zip(edges, limits, strict=True)
        ],
        "interval": [float(interval.low), float(interval.high)],
        "texts": [total_text(interval.low, rules), total_text(interval.high, rules)],
        "baseline": None if baseline is None else float(baseline),
        "line": None if line is None else float(line),
        "legend": _legend(baseline, line, rules, say),
    }


def _ends(points: list[Fraction]) -> tuple[int, int]:
    """The axis is 0 to 550, extended in whole fifties where a value lies beyond."""
    low, high = min([*points, Fraction(0)]), max([*points, Fraction(AXIS_END)])
    return int(low // AXIS_STEP) * AXIS_STEP, -int(-high // AXIS_STEP) * AXIS_STEP


def _legend(baseline: Fraction | None, line: Fraction | None, rules: RuleSet, say: Speaker) -> list[Json]:
    edge = edge_text(rules.bands.remission)
    found: list[Json] = [{"sign": "solid", "text": say(words.REMISSION_LINE, edge=edge)}]
    if baseline is None or line is None:
        return found
    start, fall = total_text(baseline, rules), _plain(rules.response.clinical_decrease)
    text = say(words.RESPONSE_LINE, line=total_text(line, rules), baseline=start, points=fall)
    found.append({"sign": "dashed", "text": text})
    found.append({"sign": "diamond", "text": say(words.BASELINE_MARK, total=start)})
    return found
