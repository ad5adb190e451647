"""Beside the index on the printed page, as data: scores from the same days, SES-CD by segment, and the trend."""

from bot.documents.draft_header import Speaker, decimal
from bot.documents.pdf import words
from bot.documents.pdf.parts import Background, TrendPoint
from bot.documents.pdf.result import edge_text, total_text
from bot.documents.words import (
    MET,
    NO_PRO_DAYS,
    NO_PRO_STOMA,
    NO_PRO_YET,
    NOT_EXPLORED,
    NOT_MET,
    PRO2,
    PRO3,
    RULE_2_8,
    RULE_3,
    RULE_PRO2,
    RULE_REMISSION,
    RULE_RESPONSE,
    SEGMENT,
    SHORT_CDAI,
)
from bot.scoring.draft import STOMA, Draft
from bot.scoring.numbers import shown
from bot.scoring.pro import ProScores, cut_offs, stool_pain_remission, stool_pain_response
from bot.scoring.response import Interval
from bot.scoring.sescd import SEGMENTS

Json = dict[str, object]
PLACES = 2


def scores_part(draft: Draft, say: Speaker) -> Json:
    """PRO2, PRO3, short CDAI and the means, or why there are none; the stool and pain rules as sentences."""
    rows = [] if draft.pro is None else _rows(draft.pro, draft, say)
    notes = [_why_none(draft, say)] if draft.pro is None else _rules(draft.pro, draft, say)
    return {"title": say(words.OTHER), "heads": [say(words.SCORE), say(words.VALUE)], "rows": rows, "notes": notes}


def _why_none(draft: Draft, say: Speaker) -> str:
    if draft.reason == STOMA:
        return say(NO_PRO_STOMA)
    return say(NO_PRO_YET if draft.diary.pending and draft.diary.reachable else NO_PRO_DAYS)


def _rows(pro: ProScores, draft: Draft, say: Speaker) -> list[list[str]]:
    found = (
        (words.MEAN_STOOLS, pro.means.stools),
        (words.MEAN_PAIN, pro.means.pain),
        (words.MEAN_WELLBEING, pro.means.wellbeing),
        (PRO2, pro.pro2),
        (PRO3, pro.pro3),
    )
    rows = [[say(name), decimal(shown(value, PLACES), 1, PLACES)] for name, value in found]
    return [*rows, [say(SHORT_CDAI), total_text(pro.short_cdai, draft.given.rules)]]


def _rules(pro: ProScores, draft: Draft, say: Speaker) -> list[str]:
    met = cut_offs(pro)
    found = [
        (RULE_2_8, met["sf_le_2_8_and_ap_le_1"]),
        (RULE_3, met["sf_le_3_and_ap_le_1"]),
        (RULE_PRO2, met["pro2_le_8"]),
    ]
    start = draft.given.baseline.means if draft.given.baseline else None
    if start is not None:
        found.insert(1, (RULE_REMISSION, stool_pain_remission(pro.means, start)))
        found.append((RULE_RESPONSE, stool_pain_response(pro.means, start)))
    return [say(words.RULES_LINE, rule=say(rule), verdict=say(MET if holds else NOT_MET)) for rule, holds in found]


def segments_note(draft: Draft, say: Speaker) -> list[str]:
    """The points of each segment of the bowel, for a visit with an endoscopy."""
    seen = draft.given.sescd
    if seen is None:
        return []
    named = [
        say(
            words.SEGMENT,
            name=say(SEGMENT[name]),
            score=say(NOT_EXPLORED) if (score := seen.score(name)) is None else score,
        )
        for name in SEGMENTS
    ]
    return [say(words.SEGMENTS, segments=say.list(named))]


def trend_part(draft: Draft, background: Background, say: Speaker) -> Json | None:
    """The totals up to this visit; None at the baseline visit and where no earlier total is known."""
    earlier = background.trend or _baseline_only(draft)
    if draft.from_baseline is None or not any(_known(point) for point in earlier):
        return None
    rules, baseline = draft.given.rules, draft.from_baseline.baseline
    here = TrendPoint(draft.given.visit, draft.total, draft.interval)
    line = None if baseline is None else baseline - rules.response.clinical_decrease
    return {
        "title": say(words.TREND),
        "points": [_point(point, draft) for point in (*earlier, here)],
        "remission": float(rules.bands.remission.limit),
        "remission_text": edge_text(rules.bands.remission),
        "line": None if line is None else float(line),
        "line_text": "" if line is None else total_text(line, rules),
    }


def _known(point: TrendPoint) -> bool:
    return point.total is not None or point.interval is not None


def _baseline_only(draft: Draft) -> tuple[TrendPoint, ...]:
    baseline = draft.given.baseline
    return () if baseline is None else (TrendPoint("W00", baseline.total, baseline.interval),)


def _point(point: TrendPoint, draft: Draft) -> Json:
    ends = point.interval if point.total is None else Interval(point.total, point.total)
    text = "" if point.total is None else total_text(point.total, draft.given.rules)
    return {
        "visit": point.visit,
        "low": None if ends is None else float(ends.low),
        "high": None if ends is None else float(ends.high),
        "text": text,
    }
