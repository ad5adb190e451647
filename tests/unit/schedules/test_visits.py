from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from schedules.errors import ScheduleError
from schedules.visits import (
    ExcludedDay,
    ExclusionReason,
    LaterMove,
    MovePreview,
    VisitCalendar,
    VisitFacts,
    VisitState,
    day_minus_one_closing,
    earliest_evaluable_on,
    plan_calendar,
    preview_move,
)
from schedules.windows import instant
from tests.unit.schedules.factories import SEED, SHANGHAI, living_in

BASE = date(2025, 3, 3)
W04 = date(2025, 3, 31)


def plan(*facts: VisitFacts, base: date = BASE) -> VisitCalendar:
    return plan_calendar(SEED, base, facts)


def days(first: date, count: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range(count))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return instant(day, time(hour, minute), SHANGHAI)


def preview(code: str, to: date, *facts: VisitFacts, entered: tuple[date, ...], now: datetime) -> MovePreview:
    return preview_move(SEED, BASE, facts, code, to, entered=entered, now=now, history=living_in(SHANGHAI))


def test_every_visit_is_planned_from_the_anchor() -> None:
    calendar = plan()
    assert [visit.on for visit in calendar.visits] == [
        BASE,
        W04,
        date(2025, 4, 28),
        date(2025, 5, 26),
        date(2025, 8, 18),
    ]
    visit = calendar.visit("W04")
    assert (visit.first, visit.last) == (date(2025, 3, 28), date(2025, 4, 3))
    assert not visit.outside_tolerance


def test_the_seven_days_before_a_visit_are_asked_and_numbered() -> None:
    calendar = plan()
    visit = calendar.visit("W04")
    assert visit.asked_days == visit.scoring_days == days(date(2025, 3, 24), 7)
    assert visit.label(date(2025, 3, 24)) == "D-7"
    asked = calendar.asked(date(2025, 3, 26))
    assert asked is not None
    assert (asked.visit, asked.number, asked.of, asked.label, asked.early) == ("W04", 3, 7, "D-5", False)
    assert calendar.asked(W04) is None


def test_two_early_days_are_asked_while_an_endoscopy_has_no_preparation_dates() -> None:
    calendar = plan()
    visit = calendar.visit("W00")
    assert visit.asked_days == days(date(2025, 2, 22), 9)
    assert visit.scoring_days == days(date(2025, 2, 24), 7)
    early = calendar.asked(date(2025, 2, 23))
    assert early is not None
    assert (early.number, early.early, early.label) == (None, True, "D-8")


def test_recorded_preparation_is_left_out_and_the_window_reaches_back() -> None:
    calendar = plan(VisitFacts("W00", bowel_prep=(date(2025, 3, 2),), endoscopy_on=BASE))
    visit = calendar.visit("W00")
    assert visit.scoring_days == visit.asked_days == days(date(2025, 2, 23), 7)
    assert visit.excluded == (ExcludedDay(date(2025, 3, 2), ExclusionReason.BOWEL_PREP),)
    assert calendar.asked(date(2025, 3, 2)) is None
    assert calendar.exclusion(date(2025, 3, 2)) is ExclusionReason.BOWEL_PREP
    assert calendar.exclusion(BASE) is ExclusionReason.ENDOSCOPY


def test_an_excluded_day_inside_the_window_is_replaced_by_two_earlier_ones() -> None:
    facts = VisitFacts("W04", bowel_prep=(date(2025, 3, 28),), endoscopy_on=date(2025, 3, 29))
    visit = plan(facts).visit("W04")
    assert visit.scoring_days == (*days(date(2025, 3, 22), 6), date(2025, 3, 30))
    assert [day.reason for day in visit.excluded] == [ExclusionReason.BOWEL_PREP, ExclusionReason.ENDOSCOPY]


def test_an_excluded_day_farther_back_than_the_window_is_not_listed() -> None:
    assert plan(VisitFacts("W04", bowel_prep=(date(2025, 3, 20),))).visit("W04").excluded == ()


def test_fewer_than_seven_days_remain_only_when_the_look_back_ends() -> None:
    prep = days(date(2025, 3, 20), 9)
    visit = plan(VisitFacts("W04", bowel_prep=prep)).visit("W04")
    assert visit.scoring_days == (*days(date(2025, 3, 17), 3), *days(date(2025, 3, 29), 2))
    assert tuple(day.on for day in visit.excluded) == prep


def test_without_replacement_the_excluded_days_of_the_seven_are_listed() -> None:
    protocol = replace(SEED, rules=replace(SEED.rules, replace_excluded_days=False))
    facts = VisitFacts("W04", bowel_prep=(date(2025, 3, 24), date(2025, 3, 20)))
    visit = plan_calendar(protocol, BASE, [facts]).visit("W04")
    assert visit.scoring_days == days(date(2025, 3, 25), 6)
    assert [day.on for day in visit.excluded] == [date(2025, 3, 24)]


def test_the_day_after_an_endoscopy_can_be_left_out_by_the_rules() -> None:
    protocol = replace(SEED, rules=replace(SEED.rules, post_endoscopy_excluded_days=1))
    facts = VisitFacts("W04", endoscopy_on=date(2025, 3, 27))
    visit = plan_calendar(protocol, BASE, [facts]).visit("W04")
    assert [(d.on.day, d.reason.value) for d in visit.excluded] == [(27, "endoscopy"), (28, "post_endoscopy")]


def test_early_days_never_lie_where_the_window_cannot_reach() -> None:
    protocol = replace(SEED, diary=replace(SEED.diary, early_days=9))
    assert plan_calendar(protocol, BASE, []).visit("W00").asked_days[0] == BASE - timedelta(days=14)


def test_moving_week_zero_moves_every_later_visit_that_follows_the_plan() -> None:
    by_hand = VisitFacts("W08", scheduled_on=date(2025, 4, 30))
    calendar = plan(VisitFacts("W00", scheduled_on=date(2025, 3, 6)), by_hand)
    assert calendar.visit("W04").on == date(2025, 4, 3)
    assert calendar.visit("W08").on == date(2025, 4, 30)
    assert calendar.visit("W08").planned_on == date(2025, 5, 1)
    assert not calendar.visit("W00").outside_tolerance


def test_a_date_set_against_an_older_plan_gives_way_to_the_new_plan() -> None:
    by_hand = VisitFacts("W08", scheduled_on=date(2025, 4, 30), moved_against=date(2025, 4, 28))
    assert plan(by_hand).visit("W08").on == date(2025, 4, 30)
    assert plan(by_hand, VisitFacts("W00", scheduled_on=date(2025, 3, 6))).visit("W08").on == date(2025, 5, 1)


def test_the_held_date_of_week_zero_anchors_the_rest_and_held_visits_stay() -> None:
    held = VisitFacts("W00", held_at=at(BASE, 9), held_on=date(2025, 3, 4), state=VisitState.HELD)
    done = VisitFacts("W04", held_at=at(W04, 9), held_on=W04, state=VisitState.HELD)
    calendar = plan(held, done)
    assert calendar.visit("W00").on == date(2025, 3, 4)
    assert (calendar.visit("W04").on, calendar.visit("W04").planned_on) == (W04, date(2025, 4, 1))
    assert calendar.visit("W08").on == date(2025, 4, 29)


def test_a_visit_held_on_another_day_anchors_its_diary_days_there() -> None:
    held = VisitFacts("W04", held_at=at(date(2025, 4, 2), 9), held_on=date(2025, 4, 2), state=VisitState.HELD)
    assert plan(held).visit("W04").scoring_days == days(date(2025, 3, 26), 7)


@pytest.mark.parametrize("state", [VisitState.NO_SHOW, VisitState.NOT_DONE])
def test_a_missed_visit_is_no_longer_asked_for_but_keeps_its_days(state: VisitState) -> None:
    calendar = plan(VisitFacts("W04", state=state))
    assert calendar.visit("W04").asked_days == ()
    assert len(calendar.visit("W04").scoring_days) == 7
    assert len(calendar.visit("W08").asked_days) == 7


def test_early_termination_ends_every_later_visit() -> None:
    calendar = plan(VisitFacts("W04", state=VisitState.TERMINATED))
    states = [visit.state.value for visit in calendar.visits]
    assert states == ["planned", "terminated", "terminated", "terminated", "terminated"]
    assert calendar.days() == calendar.visit("W00").asked_days


def test_a_day_that_two_visits_ask_for_counts_for_the_nearer_one() -> None:
    calendar = plan(VisitFacts("W08", scheduled_on=date(2025, 4, 4)))
    asked = calendar.asked(date(2025, 3, 28))
    assert asked is not None
    assert (asked.visit, asked.label) == ("W04", "D-3")
    assert calendar.days().count(date(2025, 3, 28)) == 1


def test_the_next_asked_day_skips_what_is_entered() -> None:
    calendar = plan()
    entered = days(date(2025, 3, 24), 2)
    assert calendar.next_asked(date(2025, 3, 24), entered) == date(2025, 3, 26)
    assert calendar.next_asked(date(2025, 9, 1)) is None


def test_an_unknown_visit_is_refused_with_the_known_codes() -> None:
    with pytest.raises(ScheduleError, match="W00, W04"):
        plan().visit("W99")


def test_day_minus_one_closes_at_the_recorded_check_in_else_at_the_planned_one() -> None:
    planned = plan(VisitFacts("W04", time=time(9, 30)))
    assert day_minus_one_closing(planned.visit_after(date(2025, 3, 30)), SHANGHAI) == at(W04, 9, 30)
    held = plan(VisitFacts("W04", time=time(9, 30), held_at=at(W04, 10), held_on=W04, state=VisitState.HELD))
    assert day_minus_one_closing(held.visit_after(date(2025, 3, 30)), SHANGHAI) == at(W04, 10)
    assert day_minus_one_closing(plan().visit_after(date(2025, 3, 30)), SHANGHAI) is None
    assert day_minus_one_closing(plan().visit_after(date(2025, 3, 29)), SHANGHAI) is None


def test_a_move_is_previewed_in_days_in_hand_new_prompts_and_days_lost() -> None:
    found = preview("W04", date(2025, 4, 2), entered=days(date(2025, 3, 24), 6), now=at(date(2025, 3, 30), 9))
    assert (found.from_on, found.to_on) == (W04, date(2025, 4, 2))
    assert (found.days_in_hand, found.new_prompts, found.days_lost) == (4, 2, 2)
    assert (found.evaluable_before, found.evaluable_after, found.outside_tolerance) == (True, True, False)
    assert found.later == ()


def test_moving_a_visit_forward_can_make_it_impossible_to_evaluate() -> None:
    found = preview("W04", date(2025, 3, 27), entered=(date(2025, 3, 24),), now=at(date(2025, 3, 26), 13))
    assert found.evaluable_before is True
    assert found.evaluable_after is False
    assert found.outside_tolerance is True


def test_a_day_that_has_closed_unasked_is_no_new_prompt() -> None:
    found = preview("W04", date(2025, 3, 29), entered=(), now=at(date(2025, 3, 24), 9))
    assert found.after.asked_days[:2] == days(date(2025, 3, 22), 2)
    assert found.new_prompts == 1  # the 23rd is open until noon, the 22nd has closed


def test_moving_week_zero_previews_what_happens_to_the_later_visits() -> None:
    found = preview("W00", date(2025, 3, 6), entered=(), now=at(date(2025, 2, 20), 9))
    assert found.later[0] == LaterMove("W04", W04, date(2025, 4, 3), outside_tolerance=False)
    assert [move.code for move in found.later] == ["W04", "W08", "W12", "W24"]


def test_a_missed_visit_that_is_moved_is_planned_again() -> None:
    missed = VisitFacts("W04", state=VisitState.NO_SHOW)
    found = preview("W04", date(2025, 4, 3), missed, entered=(), now=at(date(2025, 3, 31), 9))
    assert found.before.asked_days == ()
    assert len(found.after.asked_days) == 7
    assert (found.evaluable_before, found.evaluable_after) == (False, True)


def test_a_held_visit_cannot_be_moved() -> None:
    held = VisitFacts("W04", held_at=at(W04, 9), held_on=W04, state=VisitState.HELD)
    with pytest.raises(ScheduleError, match="has been held"):
        preview("W04", date(2025, 4, 2), held, entered=(), now=at(W04, 12))


@pytest.mark.parametrize(
    ("code", "to", "words"),
    [("W04", date(2025, 4, 28), "before W08"), ("W04", BASE, "after W00"), ("W08", W04, "after W04")],
)
def test_a_visit_cannot_pass_its_neighbours(code: str, to: date, words: str) -> None:
    with pytest.raises(ScheduleError, match=words):
        preview(code, to, entered=(), now=at(BASE, 9))


def earliest(code: str, *facts: VisitFacts, entered: tuple[date, ...], now: datetime) -> date | None:
    return earliest_evaluable_on(SEED, BASE, facts, code, entered=entered, now=now, history=living_in(SHANGHAI))


def test_the_adviser_names_the_planned_date_while_it_can_be_reached() -> None:
    assert earliest("W04", entered=(), now=at(date(2025, 3, 27), 9)) == W04


def test_the_adviser_names_the_first_date_with_enough_days() -> None:
    # At 13:00 on the 28th three days at most can still come: the 28th, 29th and 30th.
    assert earliest("W04", entered=(), now=at(date(2025, 3, 28), 13)) == date(2025, 4, 1)
    assert earliest("W04", entered=(date(2025, 3, 25),), now=at(date(2025, 3, 28), 13)) == W04


def test_the_adviser_finds_no_date_beyond_the_next_visit() -> None:
    near = VisitFacts("W08", scheduled_on=date(2025, 4, 1))
    assert earliest("W04", near, entered=(), now=at(date(2025, 3, 30), 13)) is None


def test_a_visit_keeps_its_planned_hour_when_only_the_date_is_moved() -> None:
    facts = VisitFacts("W04", time=time(9))
    found = preview("W04", date(2025, 4, 2), facts, entered=(), now=at(date(2025, 3, 20), 9))
    assert found.after.time == time(9)


def test_a_leap_day_is_an_ordinary_diary_day() -> None:
    visit = plan(base=date(2024, 2, 5)).visit("W04")
    assert visit.on == date(2024, 3, 4)
    assert date(2024, 2, 29) in visit.scoring_days
    assert len(visit.scoring_days) == 7
