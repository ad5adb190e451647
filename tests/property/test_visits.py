"""The calendar over arbitrary anchors, moves, preparation days and zones."""

from datetime import date, datetime, time, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules.errors import ScheduleError
from schedules.loader import load_protocol, seed_protocol_path
from schedules.visits import (
    MovePreview,
    VisitFacts,
    VisitState,
    earliest_evaluable_on,
    plan_calendar,
    preview_move,
)
from schedules.windows import ZonePeriod, instant

SEED = load_protocol(seed_protocol_path())
CODES = [visit.code for visit in SEED.visits]
ONE = timedelta(days=1)
ZONES = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Apia",
)
modest = settings(max_examples=80, deadline=None)
anchors = st.dates(date(2024, 1, 1), date(2028, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2024, 3, 3), date(2028, 2, 29), date(2028, 3, 5)]
)


@st.composite
def recorded(draw: st.DrawFn, anchor: date) -> tuple[VisitFacts, ...]:
    """Draw what a site may have recorded: moves within ten days, preparation days, states."""
    facts = []
    for visit in SEED.visits:
        if not draw(st.booleans()):
            continue
        planned = anchor + visit.day_offset * ONE
        moved = draw(st.none() | st.integers(-10, 10))
        prep = draw(st.lists(st.integers(1, 16), max_size=10, unique=True))
        facts.append(
            VisitFacts(
                visit.code,
                scheduled_on=None if moved is None else planned + moved * ONE,
                bowel_prep=tuple(planned - n * ONE for n in prep),
                endoscopy_on=draw(st.none() | st.just(planned) | st.just(planned - 2 * ONE)),
                state=draw(st.sampled_from([VisitState.PLANNED] * 4 + list(VisitState))),
            )
        )
    return tuple(facts)


@st.composite
def studies(draw: st.DrawFn) -> tuple[date, tuple[VisitFacts, ...]]:
    anchor = draw(anchors)
    return anchor, draw(recorded(anchor))


@modest
@given(studies())
def test_every_visit_has_seven_scoring_days_unless_the_look_back_ends(
    study: tuple[date, tuple[VisitFacts, ...]],
) -> None:
    calendar = plan_calendar(SEED, *study)
    for visit in calendar.visits:
        free = [day for n in range(14, 0, -1) if (day := visit.on - n * ONE) not in calendar.marked]
        assert visit.scoring_days == tuple(free[-7:])
        assert len(visit.scoring_days) == min(7, len(free))


@modest
@given(studies())
def test_no_excluded_day_and_no_visit_day_is_ever_asked_for_its_own_visit(
    study: tuple[date, tuple[VisitFacts, ...]],
) -> None:
    calendar = plan_calendar(SEED, *study)
    for visit in calendar.visits:
        assert not set(visit.asked_days) & set(calendar.marked)
        assert all(visit.on - 14 * ONE <= day < visit.on for day in visit.asked_days)
        assert list(visit.asked_days) == sorted(set(visit.asked_days))
        stopped = visit.state in {VisitState.NO_SHOW, VisitState.NOT_DONE, VisitState.TERMINATED}
        assert stopped is (visit.asked_days == ()) or not visit.scoring_days
    for day in calendar.days():
        asked = calendar.asked(day)
        assert asked is not None
        assert day in calendar.visit(asked.visit).asked_days


@modest
@given(studies())
def test_planning_twice_equals_planning_once_in_any_order_of_the_facts(
    study: tuple[date, tuple[VisitFacts, ...]],
) -> None:
    anchor, facts = study
    assert plan_calendar(SEED, anchor, facts) == plan_calendar(SEED, anchor, facts[::-1])


@modest
@given(studies(), st.integers(-40, 40))
def test_a_held_week_zero_anchors_every_visit_that_follows_the_plan(
    study: tuple[date, tuple[VisitFacts, ...]], shift: int
) -> None:
    anchor, facts = study
    held_on = anchor + shift * ONE
    held = VisitFacts("W00", held_on=held_on, held_at=instant(held_on, time(9), SEED.timezone), state=VisitState.HELD)
    calendar = plan_calendar(SEED, anchor, [held])
    assert [visit.on - held_on for visit in calendar.visits] == [v.day_offset * ONE for v in SEED.visits]
    by_hand = {fact.code: fact.scheduled_on for fact in facts if fact.scheduled_on and fact.code != "W00"}
    moved = plan_calendar(SEED, anchor, [held, *(fact for fact in facts if fact.code != "W00")])
    for visit in moved.visits:
        assert visit.on == by_hand.get(visit.code, visit.planned_on)
        assert visit.planned_on == held_on + SEED.visit(visit.code).day_offset * ONE


@st.composite
def moves(draw: st.DrawFn) -> tuple[MovePreview, dict[str, object]]:
    """Draw a move in mid-window and its preview."""
    anchor = draw(anchors)
    facts = tuple(fact for fact in draw(recorded(anchor)) if fact.scheduled_on is None)
    visit = plan_calendar(SEED, anchor, facts).visit(draw(st.sampled_from(CODES)))
    history = (ZonePeriod(date(2000, 1, 1), draw(st.sampled_from(ZONES))),)
    today = visit.on + draw(st.integers(-9, 3)) * ONE
    minute = draw(st.integers(0, 1439))
    now = instant(today, time(minute // 60, minute % 60), history[0].tzid)
    past = [today - n * ONE for n in range(1, 20)]
    entered = frozenset(draw(st.lists(st.sampled_from(past), max_size=12)))
    to = visit.on + draw(st.integers(-9, 9)) * ONE
    given_facts = {"anchor": anchor, "facts": facts, "entered": entered, "now": now, "history": history}
    try:
        found = preview_move(SEED, anchor, facts, visit.code, to, entered=entered, now=now, history=history)
    except ScheduleError:
        assume(False)
    return found, given_facts


@modest
@given(moves())
def test_a_move_loses_no_entry_and_asks_nothing_again(move: tuple[MovePreview, dict[str, object]]) -> None:
    found, given_facts = move
    entered = given_facts["entered"]
    assert isinstance(entered, frozenset)
    before, after = set(found.before.scoring_days), set(found.after.scoring_days)
    assert found.days_in_hand == len(entered & after)
    assert found.days_lost == len(entered & before) - len(entered & before & after)
    assert found.new_prompts <= len(set(found.after.asked_days) - set(found.before.asked_days) - entered)
    assert found.after.on == found.to_on


@modest
@given(moves())
def test_moving_there_and_back_changes_nothing(move: tuple[MovePreview, dict[str, object]]) -> None:
    found, given_facts = move
    facts, anchor = given_facts["facts"], given_facts["anchor"]
    assert isinstance(facts, tuple)
    assert isinstance(anchor, date)
    others = [fact for fact in facts if fact.code != found.code]
    back = [*others, VisitFacts(found.code, scheduled_on=found.from_on)]
    there = [*others, VisitFacts(found.code, scheduled_on=found.to_on)]
    assert plan_calendar(SEED, anchor, there).visit(found.code).on == found.to_on
    plain = plan_calendar(SEED, anchor, [*others, VisitFacts(found.code)])
    assert [v.on for v in plan_calendar(SEED, anchor, back).visits] == [v.on for v in plain.visits]


@modest
@given(moves())
def test_the_advised_date_is_evaluable_and_no_earlier_one_is(
    move: tuple[MovePreview, dict[str, object]],
) -> None:
    found, known = move
    entered, now, facts, anchor = known["entered"], known["now"], known["facts"], known["anchor"]
    assert isinstance(entered, frozenset)
    assert isinstance(facts, tuple)
    assert isinstance(now, datetime)
    assert isinstance(anchor, date)
    advised = earliest_evaluable_on(
        SEED, anchor, facts, found.code, entered=entered, now=now, history=known["history"], not_before=found.to_on
    )
    if found.evaluable_after:
        assert advised == found.to_on
    elif advised is not None:
        assert advised > found.to_on
        again = preview_move(
            SEED, anchor, facts, found.code, advised, entered=entered, now=now, history=known["history"]
        )
        assert again.evaluable_after
        assert advised - found.to_on <= 20 * ONE
