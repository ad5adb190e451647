"""The JSON document of a draft: every key always present, unknown is null, never zero and never absent."""

from datetime import UTC
from fractions import Fraction

from bot.scoring.arithmetic import arithmetic_lines
from bot.scoring.changes import SinceStored, since_stored_json
from bot.scoring.draft import STOMA, Draft
from bot.scoring.inputs import COMPONENTS, DiaryDayInput
from bot.scoring.numbers import shown
from bot.scoring.pro import ProScores, cut_offs, stool_pain_remission, stool_pain_response
from bot.scoring.response import Interval
from bot.scoring.sescd import SEGMENTS, Comparison, SesCd, compare, is_remission
from bot.scoring.sources import component_input

PLACES = 4

Json = dict[str, object]


def draft_to_json(draft: Draft, since: SinceStored | None = None, signature: Json | None = None) -> Json:
    """Return the document of a draft; `since` is what has changed since the last stored one, if there is one.

    `signature` is the visit's last signature as whoever keeps signatures words it; null when there is none.
    """
    given, rules = draft.given, draft.given.rules
    return {
        "participant": given.participant,
        "visit": given.visit,
        "visit_on": given.visit_on.isoformat(),
        "held": given.held,
        "as_of": given.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "rule_set": {"id": rules.id, "version": rules.version, "hash": rules.hash},
        "status": draft.status,
        "reason": draft.reason,
        "scoring_days": [_day(day, draft) for day in draft.diary.scored],
        "excluded_days": [{"on": day.on.isoformat(), "reason": day.reason} for day in draft.diary.excluded],
        "days_used": [day.on.isoformat() for day in draft.diary.used],
        "sums": _sums(draft),
        "components": {key: _component(key, draft) for key in COMPONENTS},
        "interval": _interval(draft.interval, rules.round_total_decimals),
        "total": _number(draft.total, rules.round_total_decimals),
        "category": None if draft.total is None else draft.result.band,
        "missing": list(draft.missing),
        "flags": list(draft.flags),
        "pro": None if draft.pro is None else _pro(draft.pro, draft),
        "from_baseline": _from_baseline(draft),
        "endoscopic": None if given.sescd is None else _endoscopic(given.sescd, draft),
        "arithmetic": [
            {"component": line.component, "form": line.form, "points": line.points, **line.facts}
            for line in arithmetic_lines(draft)
        ],
        "since_stored": since_stored_json(since),
        "signature": signature,
    }


def _number(value: Fraction | None, places: int = PLACES) -> float | None:
    return None if value is None else shown(value, places)


def _interval(interval: Interval | None, places: int) -> Json | None:
    if interval is None:
        return None
    return {"min": shown(interval.low, places), "max": shown(interval.high, places)}


def _day(day: DiaryDayInput, draft: Draft) -> Json:
    return {
        "on": day.on.isoformat(),
        "label": f"D-{(draft.given.visit_on - day.on).days}",
        "state": str(day.state),
        "used": day in draft.diary.used,
        "stools": day.stools,
        "pain": day.pain,
        "wellbeing": day.wellbeing,
        "antidiarrhoeal": day.antidiarrhoeal,
        "source": day.source,
        "corrected": day.corrected,
        "helped": day.helped,
        "outage": day.outage,
        "revision": day.revision,
    }


def _sums(draft: Draft) -> Json | None:
    sums = draft.diary.sums
    if sums is None or draft.reason == STOMA:
        return None
    return {key: shown(getattr(sums, key), PLACES) for key in ("stools", "pain", "wellbeing")}


def _component(key: str, draft: Draft) -> Json:
    """A stoma or pouch blocks the index, so no component of it shows points that could be added up."""
    blocked = draft.reason == STOMA
    points = None if blocked else draft.result.points[key]
    raw = None if blocked else draft.result.raw[key]
    low, high = _ends(key, draft, points)
    return {
        "points": _number(points),
        "raw": _number(raw),
        "known": points is not None,
        "min": _number(low),
        "max": _number(high),
        "input": component_input(key, draft),
    }


def _ends(key: str, draft: Draft, points: Fraction | None) -> tuple[Fraction | None, Fraction | None]:
    if draft.bounds is not None:
        bounds = draft.bounds.components[key]
        return bounds.low, bounds.high
    return points, points


def _pro(pro: ProScores, draft: Draft) -> Json:
    baseline = draft.given.baseline
    start = None if baseline is None else baseline.means
    return {
        "pro2": shown(pro.pro2, PLACES),
        "pro3": shown(pro.pro3, PLACES),
        "short_cdai": shown(pro.short_cdai, PLACES),
        "short_cdai_band": pro.short_band,
        "mean_stools": shown(pro.means.stools, PLACES),
        "mean_pain": shown(pro.means.pain, PLACES),
        "mean_wellbeing": shown(pro.means.wellbeing, PLACES),
        **cut_offs(pro),
        "stool_pain_remission": None if start is None else stool_pain_remission(pro.means, start),
        "stool_pain_response": None if start is None else stool_pain_response(pro.means, start),
    }


def _from_baseline(draft: Draft) -> Json | None:
    found = draft.from_baseline
    if found is None:
        return None
    places, response = draft.given.rules.round_total_decimals, found.response
    return {
        "baseline": _number(found.baseline, places),
        "baseline_provisional": None if found.baseline is None else found.baseline_provisional,
        "decrease": None if response is None else shown(response.decrease, places),
        "response_70": None if response is None else response.response_70,
        "response_100": None if response is None else response.response_100,
        "clinical_response": None if response is None else response.clinical_response,
        "remission": found.remission,
        "decided": dict(found.decided),
    }


def _endoscopic(current: SesCd, draft: Draft) -> Json:
    rules, baseline = draft.given.rules, draft.given.baseline
    start = None if baseline is None else baseline.sescd
    found = None if start is None else compare(start, current, rules)
    return {
        "total": current.total,
        "segments_explored": len(current.explored),
        "percent_decrease": None if found is None else _number(found.percent_decrease),
        "response": None if found is None else found.response,
        "remission": is_remission(current, rules),
        "segment_scores": {name: current.score(name) for name in SEGMENTS},
        "segments_compared": None if found is None else list(found.segments),
        "compared_totals": None if found is None else [found.baseline_total, found.current_total],
        "criteria": None if found is None else _criteria(found),
    }


def _criteria(found: Comparison) -> Json:
    return {
        "response_ge50": found.response_ge50,
        "response_gt50": found.response_gt50,
        "response_u_excel": found.response_u_excel,
        "response_ge50_or_le2": found.response_ge50_or_le2,
        "remission_le2": found.remission_le2,
        "remission_le4_drop2_no_sub_gt1": found.remission_le4_drop2_no_sub_gt1,
    }
