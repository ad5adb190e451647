"""Every way the open and coming diary days of a visit can still end: each filled or missed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.scoring.diary_part import DiaryPart, answer_sums, is_answered, needed_days
from bot.scoring.inputs import PENDING_STATES, DiaryDayInput, ExcludedDay
from schedules.rule_set import RuleSet


@dataclass(frozen=True, slots=True)
class Ending:
    """One way the diary can end: the days in hand that count, and how many more are filled."""

    in_hand: tuple[DiaryDayInput, ...]
    filled: int

    @property
    def count(self) -> int:
        """How many days are used."""
        return len(self.in_hand) + self.filled

    @property
    def sums(self) -> tuple[int, int, int]:
        """The plain sums of stools, pain and wellbeing over the days in hand."""
        return answer_sums(self.in_hand)

    @property
    def says_antidiarrhoeal(self) -> bool:
        """Whether a day in hand reports an antidiarrhoeal."""
        return any(day.antidiarrhoeal for day in self.in_hand)

    @property
    def is_answered(self) -> bool:
        """Whether every day in hand has an antidiarrhoeal answer."""
        return is_answered(self.in_hand)


def diary_endings(
    visit_on: date,
    diary: DiaryPart,
    days: Sequence[DiaryDayInput],
    excluded: Sequence[ExcludedDay],
    rules: RuleSet,
) -> tuple[Ending, ...]:
    """Return every ending that reaches the minimum of used days; none means that no total can come."""
    if rules.replace_missing_days and diary.pending:
        found = _endings_with_replacement(visit_on, days, excluded, rules)
    else:
        found = (Ending(diary.used, n) for n in range(len(diary.pending) + 1))
    return tuple(ending for ending in found if ending.count >= needed_days(rules))


def _endings_with_replacement(
    visit_on: date, days: Sequence[DiaryDayInput], excluded: Sequence[ExcludedDay], rules: RuleSet
) -> Iterator[Ending]:
    """Walk back once for all numbers of filled days: a day that ends missed gives its place to an earlier one.

    `open_counts` holds the numbers of filled days that still have a place free at this point of the walk.
    """
    by_day, left_out = {day.on: day for day in days}, {day.on for day in excluded}
    in_hand: list[DiaryDayInput] = []
    lost, open_counts = 0, {0}
    for back in range(0 if rules.include_visit_day else 1, rules.lookback_days + 1):
        on = visit_on - timedelta(days=back)
        day = by_day.get(on)
        if on in left_out:
            lost += not rules.replace_excluded_days
        elif day is not None and day.is_scored(rules):
            in_hand.append(day)
        elif day is not None and day.state in PENDING_STATES:
            open_counts |= {count + 1 for count in open_counts}
        full = {n for n in open_counts if len(in_hand) + n + lost >= rules.scoring_days}
        yield from (Ending(tuple(in_hand), n) for n in full)
        open_counts -= full
    yield from (Ending(tuple(in_hand), n) for n in open_counts)
