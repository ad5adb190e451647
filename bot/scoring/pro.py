"""Scores from the diary alone: PRO2, PRO3, short CDAI, and the stool and pain rules, compared as exact means.

Khanna et al., Aliment Pharmacol Ther 2015;41:77-86 (PRO2, PRO3, single-item cut-offs); Thia et al., Inflamm
Bowel Dis 2011 (short CDAI); stool/pain criteria as registered for U-EXCEL, VIVID-1 and ADVANCE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.scoring.diary_part import SUM_DAYS, DiaryPart
from bot.scoring.inputs import DiaryTotals
from bot.scoring.numbers import round_half_up
from schedules.rule_set import RuleSet

STOOLS_WEIGHT = 2
PAIN_WEIGHT = 5
WELLBEING_WEIGHT = 7
SHORT_CDAI_CONSTANT = 44
STOOLS_MOST_2_8 = Fraction(28, 10)
STOOLS_MOST_3 = Fraction(3)
STOOLS_MOST_1_5 = Fraction(3, 2)
PAIN_MOST = Fraction(1)
PRO2_MOST = Fraction(8)
RESPONSE_KEPT = Fraction(7, 10)  # a fall of at least 30 %


@dataclass(frozen=True, slots=True)
class Means:
    """Mean stools, pain grade and well-being grade a day over the used days."""

    stools: Fraction
    pain: Fraction
    wellbeing: Fraction


@dataclass(frozen=True, slots=True)
class ProScores:
    """The scores of one visit's diary days; `short_cdai` is rounded like a total, its band read from that."""

    days: int
    means: Means
    pro2: Fraction
    pro3: Fraction
    short_cdai: Fraction
    short_band: str


def pro_scores(diary: DiaryPart, rules: RuleSet) -> ProScores | None:
    """Return the scores from the used days, or None while days are open or when too few count."""
    return None if diary.sums is None else scores_from_sums(diary.sums, len(diary.used), rules)


def scores_from_sums(sums: DiaryTotals, days: int, rules: RuleSet) -> ProScores:
    """Return the scores from seven-day sums over so many used days."""
    means = Means(sums.stools / SUM_DAYS, sums.pain / SUM_DAYS, sums.wellbeing / SUM_DAYS)
    pro2 = means.stools * STOOLS_WEIGHT + means.pain * PAIN_WEIGHT
    pro3 = pro2 + means.wellbeing * WELLBEING_WEIGHT
    short = round_half_up(pro3 * SUM_DAYS + SHORT_CDAI_CONSTANT, rules.round_total_decimals)
    return ProScores(days, means, pro2, pro3, short, rules.bands.band(short))


def cut_offs(scores: ProScores) -> Mapping[str, bool]:
    """Say which published cut-offs the means meet, compared as fractions: 20/7 stools fail 2.8."""
    stools, calm = scores.means.stools, scores.means.pain <= PAIN_MOST
    return {
        "sf_le_2_8_and_ap_le_1": stools <= STOOLS_MOST_2_8 and calm,
        "sf_le_3_and_ap_le_1": stools <= STOOLS_MOST_3 and calm,
        "sf_le_1_5_and_ap_le_1": stools <= STOOLS_MOST_1_5 and calm,
        "pro2_le_8": scores.pro2 <= PRO2_MOST,
    }


def stool_pain_remission(means: Means, baseline: Means) -> bool:
    """Say whether stools are at most 2.8 and pain at most 1 a day, neither above baseline (U-EXCEL)."""
    calm = means.stools <= STOOLS_MOST_2_8 and means.pain <= PAIN_MOST
    return calm and not_worse(means, baseline)


def stool_pain_response(means: Means, baseline: Means) -> bool:
    """Say whether stools or pain fell by at least 30 %, neither above baseline (ADVANCE, MOTIVATE)."""
    fell = _fell(means.stools, baseline.stools) or _fell(means.pain, baseline.pain)
    return fell and not_worse(means, baseline)


def not_worse(means: Means, baseline: Means) -> bool:
    """Say whether neither stools nor pain are above baseline."""
    return means.stools <= baseline.stools and means.pain <= baseline.pain


def _fell(mean: Fraction, baseline: Fraction) -> bool:
    """A baseline of zero leaves nothing to fall from, so there is no response in that item."""
    return baseline > 0 and mean <= baseline * RESPONSE_KEPT
