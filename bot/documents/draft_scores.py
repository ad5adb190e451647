"""Scores beside the CDAI in a draft's document: from the same diary days, and from the endoscopy."""

from bot.documents import words
from bot.documents.draft_header import Speaker, decimal, fixed
from bot.documents.sheet import Pairs, Section, Sentences
from bot.scoring.draft import STOMA, Draft
from bot.scoring.numbers import shown
from bot.scoring.pro import ProScores, cut_offs, stool_pain_remission, stool_pain_response
from bot.scoring.sescd import SEGMENTS, Comparison, SesCd, compare, is_remission

PLACES = 4


def pro_section(draft: Draft, say: Speaker) -> Section:
    """PRO2, PRO3, short CDAI and the stool and pain rules, or why there are none."""
    if draft.pro is None:
        return Section("pro", say(words.PRO), (Sentences((_why_none(draft, say),)),))
    return Section("pro", say(words.PRO), (Pairs((*_scores(draft.pro, draft, say), *_rules(draft.pro, draft, say))),))


def _why_none(draft: Draft, say: Speaker) -> str:
    if draft.reason == STOMA:
        return say(words.NO_PRO_STOMA)
    return say(words.NO_PRO_YET if draft.diary.pending and draft.diary.reachable else words.NO_PRO_DAYS)


def _scores(pro: ProScores, draft: Draft, say: Speaker) -> list[tuple[str, str]]:
    stools, pain, wellbeing, pro2, pro3 = (
        decimal(shown(value, PLACES), 1)
        for value in (pro.means.stools, pro.means.pain, pro.means.wellbeing, pro.pro2, pro.pro3)
    )
    decimals = draft.given.rules.round_total_decimals
    short, band = fixed(shown(pro.short_cdai, decimals), decimals), say(words.BAND[pro.short_band])
    return [
        (say(words.MEAN_STOOLS), stools),
        (say(words.MEAN_PAIN), pain),
        (say(words.MEAN_WELLBEING), wellbeing),
        (say(words.PRO2), say(words.PRO2_VALUE, stools=stools, pain=pain, score=pro2)),
        (say(words.PRO3), say(words.PRO3_VALUE, pro2=pro2, wellbeing=wellbeing, score=pro3)),
        (say(words.SHORT_CDAI), say(words.SHORT_CDAI_VALUE, pro3=pro3, score=short, band=band)),
    ]


def _rules(pro: ProScores, draft: Draft, say: Speaker) -> list[tuple[str, str]]:
    met = cut_offs(pro)
    found = [
        (words.RULE_2_8, met["sf_le_2_8_and_ap_le_1"]),
        (words.RULE_3, met["sf_le_3_and_ap_le_1"]),
        (words.RULE_PRO2, met["pro2_le_8"]),
    ]
    start = draft.given.baseline.means if draft.given.baseline else None
    if start is not None:
        found += [
            (words.RULE_REMISSION, stool_pain_remission(pro.means, start)),
            (words.RULE_RESPONSE, stool_pain_response(pro.means, start)),
        ]
    return [(say(rule), say(words.MET if holds else words.NOT_MET)) for rule, holds in found]


def endoscopy_section(draft: Draft, current: SesCd, say: Speaker) -> Section:
    """Each segment's grades and sum, the total, and the comparison over the segments seen both times."""
    items = [(say(words.SEGMENT[name]), _segment(current, name, say)) for name in SEGMENTS]
    total = say(words.SESCD_VALUE, total=current.total, count=len(current.explored))
    items.append((say(words.SESCD), total))
    start = draft.given.baseline.sescd if draft.given.baseline else None
    if start is not None:
        items += _compared(compare(start, current, draft.given.rules), draft, say)
    limit = decimal(shown(draft.given.rules.response.endoscopic_remission_max, PLACES))
    items.append((say(words.SESCD_REMISSION, limit=limit), _met(is_remission(current, draft.given.rules), say)))
    if start is not None:
        items += _other_criteria(compare(start, current, draft.given.rules), say)
    return Section("endoscopy", say(words.ENDOSCOPY), (Pairs(tuple(items)),))


def _segment(current: SesCd, name: str, say: Speaker) -> str:
    grades = current.segments[name]
    if grades is None:
        return say(words.NOT_EXPLORED)
    return say(words.SEGMENT_VALUE, grades=" + ".join(map(str, grades)), score=current.score(name))


def _compared(found: Comparison, draft: Draft, say: Speaker) -> list[tuple[str, str]]:
    before, now = found.baseline_total, found.current_total
    seen = say.list([say(words.SEGMENT[name]) for name in found.segments]) or say(words.NO_SEGMENT)
    if found.percent_decrease is None or found.response is None:
        undefined = say(words.SESCD_UNDEFINED, before=before, now=now)
        return [(say(words.SESCD_SEEN), seen), (say(words.SESCD_CHANGE), undefined)]
    percent = decimal(shown(found.percent_decrease, PLACES))
    needed = decimal(shown(draft.given.rules.response.endoscopic_percent_decrease, PLACES))
    return [
        (say(words.SESCD_SEEN), seen),
        (say(words.SESCD_CHANGE), say(words.SESCD_CHANGE_VALUE, before=before, now=now, percent=percent)),
        (say(words.SESCD_RESPONSE, percent=needed), _met(found.response, say)),
    ]


def _other_criteria(found: Comparison, say: Speaker) -> list[tuple[str, str]]:
    """How the same endoscopy reads under the criteria of other studies."""
    return [
        (say(name), say(words.NOT_DEFINED) if holds is None else _met(holds, say))
        for name, holds in ((words.OTHER_RESPONSES[key], getattr(found, key)) for key in words.OTHER_RESPONSES)
    ]


def _met(holds: bool, say: Speaker) -> str:  # noqa: FBT001  # the answer itself is what is worded
    return say(words.MET if holds else words.NOT_MET)
