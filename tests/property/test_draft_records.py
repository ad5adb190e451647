"""A record and its changes: equal drafts have equal records, and whatever differs is named."""

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.scoring.changes import changes_between
from bot.scoring.draft import Draft, build_draft
from bot.scoring.draft_input import Baseline, DraftInput
from bot.scoring.inputs import COMPLICATION_GROUPS, ExcludedDay, LabValue
from bot.scoring.record import DraftRecord, is_intact, make_record
from bot.scoring.response import Interval
from tests.support.scoring import VISIT_ON, clinic, days_before, diary_day, draft_input, rules

STATES = ["on_time", "late", "missed", "open"]


@st.composite
def visits(draw: st.DrawFn) -> DraftInput:
    """A visit whose every part is drawn from few values, so that two of them often share some."""
    week = [diary_day(back, draw(st.sampled_from(STATES))) for back in range(9, 0, -1)]
    total = Fraction(draw(st.sampled_from([300, 250])))
    found = clinic(
        hct=draw(st.sampled_from([(), (LabValue(41, VISIT_ON),), (LabValue(Fraction(385, 10), VISIT_ON),)])),
        mass=draw(st.sampled_from([None, "none", "definite"])),
        complications={group: draw(st.booleans()) for group in COMPLICATION_GROUPS[:2]},
        antidiarrhoeal=draw(st.sampled_from([None, True, False])),
    )
    return draft_input(
        days=tuple(week),
        clinic=found,
        held=draw(st.booleans()),
        sex=draw(st.sampled_from(["male", "female", None])),
        excluded=tuple(ExcludedDay(days_before(back), "endoscopy") for back in draw(st.sets(st.integers(1, 2)))),
        baseline=draw(st.sampled_from([None, Baseline(total, Interval(total, total))])),
        rules=rules(hct_item_floor=draw(st.sampled_from([0, "none"]))),
    )


def record(visit: DraftInput) -> DraftRecord:
    return make_record(build_draft(visit), "sha256:protocol")


def changes(old: DraftRecord, new: DraftRecord) -> list[tuple[object, ...]]:
    found = changes_between(*(json.loads(text) for text in (old.inputs, new.inputs, old.result, new.result)))
    return [(one.part, one.key, one.item, one.old, one.new) for one in found]


@settings(max_examples=150, deadline=None)
@given(visits(), visits())
def test_two_records_differ_exactly_when_a_change_is_named(one: DraftInput, other: DraftInput) -> None:
    old, new = record(one), record(other)
    assert (old.hash == new.hash) == (changes(old, new) == [])
    backwards = [(part, key, item, before, after) for part, key, item, after, before in changes(new, old)]
    assert sorted(map(str, changes(old, new))) == sorted(map(str, backwards))


@settings(max_examples=50, deadline=None)
@given(visits(), st.integers(0, 10**6))
def test_looking_later_makes_no_other_draft(visit: DraftInput, seconds: int) -> None:
    later = replace(visit, as_of=visit.as_of + timedelta(seconds=seconds))
    assert record(later) == record(visit)


@settings(max_examples=50, deadline=None)
@given(visits(), st.sampled_from(["inputs", "result", "rules", "protocol"]))
def test_a_record_is_intact_until_any_part_of_it_is_touched(visit: DraftInput, part: str) -> None:
    found = record(visit)
    assert is_intact(found)
    assert not is_intact(replace(found, **{part: getattr(found, part) + " "}))


def test_a_spelling_of_another_version_is_not_judged_by_this_one() -> None:
    with pytest.raises(ValueError, match="spelling 2"):
        is_intact(replace(record(draft_input()), canon_version=2))


def test_an_exact_number_is_recorded_without_loss() -> None:
    def inputs(value: Fraction) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads(record(with_weight(value)).inputs)
        return found

    assert inputs(Fraction("61.23456789"))["weight"]["value"] == "61.23456789"
    assert inputs(Fraction(200, 3))["weight"]["value"] == "200/3"


def with_weight(value: Fraction) -> DraftInput:
    return draft_input(clinic=clinic(weight=(LabValue(value, VISIT_ON),)))


def test_a_value_that_was_not_chosen_and_an_unscored_day_are_no_part_of_the_record() -> None:
    def extended(draft: Draft) -> DraftInput:
        older = LabValue(30, days_before(20))
        return replace(
            draft.given,
            days=(diary_day(12, "on_time", (9, 3, 4)), *draft.given.days),
            clinic=replace(draft.given.clinic, hct=(older, *draft.given.clinic.hct)),
        )

    plain = draft_input()
    assert record(extended(build_draft(plain))) == record(plain)
