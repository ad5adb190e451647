"""The endoscopic score SES-CD by segment, and the common criteria for response and remission side by side.

Five segments, four items of 0-3 each, as tabulated in the guideline of the British Society of
Gastroenterology (Gut); the criteria are those of published trials and registry records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.errors import InvalidInputError
from schedules.errors import Term, Terms
from schedules.rule_set import RuleSet

SEGMENTS = ("ileum", "right_colon", "transverse_colon", "left_colon", "rectum")
ITEMS = ("ulcer_size", "ulcerated_surface", "affected_surface", "narrowing")
NARROWING = ITEMS.index("narrowing")
GRADE_MAX = 3
# An impassable stenosis ends the examination, so it can be met only once.
NARROWING_MAX = 11

Segment = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class SesCd:
    """One endoscopy: for each of the five segments its four grades, or None when it was not explored."""

    segments: Mapping[str, Segment | None]

    @property
    def explored(self) -> tuple[str, ...]:
        """The segments that were seen, from ileum to rectum."""
        return tuple(name for name in SEGMENTS if self.segments[name] is not None)

    def score(self, segment: str) -> int | None:
        """Return the points of a segment, 0-12, or None when it was not explored."""
        grades = self.segments[segment]
        return None if grades is None else sum(grades)

    def total_over(self, segments: tuple[str, ...]) -> int:
        """Return the points over the named segments; one that was not explored adds nothing."""
        return sum(score for name in segments if (score := self.score(name)) is not None)

    @property
    def total(self) -> int:
        """The points over all explored segments, 0-56."""
        return self.total_over(self.explored)

    @property
    def highest_grade(self) -> int:
        """The highest single grade, 0-3."""
        return max((max(grades) for grades in self.segments.values() if grades), default=0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two endoscopies compared over the segments seen both times; None where a criterion is undefined.

    `percent_decrease` is undefined when the baseline of those segments is 0. `response` and `remission`
    follow the study; the others are alternatives in use: a fall of at least or of more than 50 %, remission
    at a total of at most 2, U-EXCEL's rule (more than 50 %, or at least 2 points from a baseline of 4), the
    rule "50 % or a total of at most 2", and a total of at most 4 with a fall of at least 2 and no grade
    above 1.
    """

    segments: tuple[str, ...]
    baseline_total: int
    current_total: int
    percent_decrease: Fraction | None
    response: bool | None
    remission: bool
    response_ge50: bool | None
    response_gt50: bool | None
    response_u_excel: bool | None
    response_ge50_or_le2: bool
    remission_le2: bool
    remission_le4_drop2_no_sub_gt1: bool


def read_sescd(mapping: Mapping[str, object], order: tuple[str, ...] = ITEMS) -> SesCd:
    """Read `{segment: [four grades] or null}`; `order` names the items of the lists.

    Raises InvalidInputError: sescd_segment_unknown, sescd_segment_missing, sescd_item_invalid,
    sescd_narrowing_invalid, sescd_nothing_explored.
    """
    for name in mapping:
        if name not in SEGMENTS:
            raise InvalidInputError(
                "The segment %(segment)s is not one of %(known)s.",
                segment=name,
                known=Terms(SEGMENTS),
                code="sescd_segment_unknown",
            )
    for name in SEGMENTS:
        if name not in mapping:
            raise InvalidInputError(
                "The segment %(segment)s is not stated; null is not explored.",
                segment=Term(name),
                code="sescd_segment_missing",
            )
    found = SesCd({name: _segment(name, mapping[name], order) for name in SEGMENTS})
    if not found.explored:
        raise InvalidInputError("No segment was explored, so there is no SES-CD.", code="sescd_nothing_explored")
    _check_narrowing(found)
    return found


def is_remission(current: SesCd, rules: RuleSet) -> bool:
    """Say whether the total over the explored segments meets the study's endoscopic remission."""
    return current.total <= rules.response.endoscopic_remission_max


def compare(baseline: SesCd, current: SesCd, rules: RuleSet) -> Comparison:
    """Compare two endoscopies over the segments explored both times."""
    both = tuple(name for name in baseline.explored if name in current.explored)
    before, now = baseline.total_over(both), current.total_over(both)
    percent = Fraction(100 * (before - now), before) if before else None
    by_50, over_50 = _at_least(percent, Fraction(50)), None if percent is None else percent > 50
    small = current.total <= 2
    return Comparison(
        segments=both,
        baseline_total=before,
        current_total=now,
        percent_decrease=percent,
        response=_at_least(percent, rules.response.endoscopic_percent_decrease),
        remission=is_remission(current, rules),
        response_ge50=by_50,
        response_gt50=over_50,
        response_u_excel=None if over_50 is None else over_50 or (before == 4 and before - now >= 2),
        response_ge50_or_le2=bool(by_50) or small,
        remission_le2=small,
        remission_le4_drop2_no_sub_gt1=current.total <= 4 and before - now >= 2 and current.highest_grade <= 1,
    )


def _at_least(percent: Fraction | None, threshold: Fraction) -> bool | None:
    return None if percent is None else percent >= threshold


def _segment(name: str, grades: object, order: tuple[str, ...]) -> Segment | None:
    if grades is None:
        return None
    if not isinstance(grades, list | tuple) or len(grades) != len(ITEMS) or not all(map(_is_grade, grades)):
        raise InvalidInputError(
            "The segment %(segment)s needs four whole grades, 0-%(highest)s.",
            segment=Term(name),
            highest=GRADE_MAX,
            code="sescd_item_invalid",
        )
    by_item = dict(zip(order, grades, strict=True))
    return by_item[ITEMS[0]], by_item[ITEMS[1]], by_item[ITEMS[2]], by_item[ITEMS[3]]


def _is_grade(value: object) -> bool:
    return type(value) is int and 0 <= value <= GRADE_MAX


def _check_narrowing(sescd: SesCd) -> None:
    if sum(grades[NARROWING] for grades in sescd.segments.values() if grades) > NARROWING_MAX:
        raise InvalidInputError(
            "The narrowing grades exceed %(highest)s together; an impassable one can be met only once.",
            highest=NARROWING_MAX,
            code="sescd_narrowing_invalid",
        )
