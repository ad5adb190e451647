"""Choosing which haematocrit and which weight count for a visit, and saying how they were chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from bot.scoring.inputs import LabValue
from bot.scoring.numbers import exact

IN_WINDOW = "in_window"
AFTER_VISIT = "after_visit"
CARRIED_FORWARD = "carried_forward"


@dataclass(frozen=True, slots=True)
class Selected:
    """The value that counts, its date, the rule that chose it, and whether a clinician accepted it."""

    value: Fraction
    on: date | None
    rule: str
    accepted: bool

    @property
    def is_provisional(self) -> bool:
        """Say whether the value is an old one that nobody has accepted."""
        return self.rule == CARRIED_FORWARD and not self.accepted


def select_value(
    values: Sequence[LabValue],
    visit_on: date | None,
    window: tuple[int, int],
    carry_forward_days: int,
    *,
    is_baseline: bool = False,
) -> Selected | None:
    """Choose one value for a visit, or None.

    The latest one dated from the window's first day to the visit; else the earliest after the visit up to the
    window's last day, never at baseline because treatment has begun; else the latest older one within the
    carry-forward limit. Of two values of one day the later in the list counts. A value without a date, or any
    value when the visit has none, counts as measured at the visit.
    """
    before: LabValue | None = None
    after: LabValue | None = None
    older: LabValue | None = None
    for value in values:
        age = (value.on - visit_on).days if value.on and visit_on else 0
        if window[0] <= age <= 0:
            before = _later(before, value)
        elif 0 < age <= window[1] and not is_baseline:
            after = _earlier(after, value)
        elif -carry_forward_days <= age < 0:
            older = _later(older, value)
    if before:
        return _selected(before, IN_WINDOW)
    if after:
        return _selected(after, AFTER_VISIT)
    return _selected(older, CARRIED_FORWARD) if older else None


def _selected(value: LabValue, rule: str) -> Selected:
    return Selected(exact(value.value), value.on, rule, value.accepted)


def _later(best: LabValue | None, value: LabValue) -> LabValue:
    keep = best is not None and best.on is not None and value.on is not None and best.on > value.on
    return best if keep and best else value


def _earlier(best: LabValue | None, value: LabValue) -> LabValue:
    keep = best is not None and best.on is not None and value.on is not None and best.on < value.on
    return best if keep and best else value
