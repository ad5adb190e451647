"""What holds for every visit: the score's own arithmetic, and the draft's interval against brute force."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.scoring.cdai import CdaiResult, VisitInputs, compute
from bot.scoring.diary_part import diary_part
from bot.scoring.draft import Draft, build_draft
from bot.scoring.draft_input import Baseline, DraftInput
from bot.scoring.inputs import COMPLICATION_GROUPS, ClinicInputs, DiaryDayInput, ExcludedDay, LabValue
from bot.scoring.numbers import round_half_up
from bot.scoring.response import Interval
from schedules.rule_set import RuleSet, default_rules
from tests.support.scoring import T0, VISIT_ON, days_before, rules

ORDINARY = settings(max_examples=150, deadline=None)
HEAVY = settings(max_examples=60, deadline=None)
RULES = default_rules()

answers = st.tuples(st.integers(0, 49), st.integers(0, 3), st.integers(0, 4))
weeks = st.lists(answers, min_size=7, max_size=7)
missed_days = st.sets(st.integers(1, 7), max_size=3)
hcts = st.integers(100, 700).map(lambda n: Fraction(n, 10))
weights = st.integers(250, 2500).map(lambda n: Fraction(n, 10))
masses = st.sampled_from(["none", "questionable", "definite"])
groups = st.fixed_dictionaries({group: st.booleans() for group in COMPLICATION_GROUPS})
floors = st.sampled_from(["none", 0, -10])


@st.composite
def clinics(draw: st.DrawFn) -> ClinicInputs:
    return ClinicInputs(
        hct=(LabValue(draw(hcts), VISIT_ON),),
        weight=(LabValue(draw(weights), VISIT_ON),),
        mass=draw(masses),
        complications=draw(groups),
        antidiarrhoeal=draw(st.booleans()),
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    return rules(
        hct_item_floor=draw(floors),
        weight_item_floor=draw(floors),
        total_floor=draw(st.sampled_from(["none", 0])),
        round_total_decimals=draw(st.integers(0, 2)),
    )


def week_days(week: Sequence[tuple[int, int, int]], missed: set[int]) -> list[DiaryDayInput]:
    """Return D-7 to D-1 with their answers; a missed day has none."""
    return [
        DiaryDayInput(days_before(back), "missed" if back in missed else "on_time", *(() if back in missed else day))
        for back, day in zip(range(7, 0, -1), week, strict=True)
    ]


def score(
    days: Sequence[DiaryDayInput],
    clinic: ClinicInputs,
    ruled: RuleSet = RULES,
    excluded: Sequence[ExcludedDay] = (),
) -> CdaiResult:
    diary = diary_part(VISIT_ON, days, excluded, ruled)
    return compute(VisitInputs("male", Fraction(70), clinic, VISIT_ON, diary), ruled)


def total_of(result: CdaiResult) -> Fraction:
    assert result.exact_total is not None
    return result.exact_total


@ORDINARY
@given(weeks, missed_days, clinics(), st.integers(0, 6))
def test_one_more_stool_on_a_used_day_adds_exactly_its_points(week, missed, clinic, at):
    days = week_days(week, missed)
    if days[at].stools is None:
        return
    more = [replace(day, stools=day.stools + 1) if n == at else day for n, day in enumerate(days)]
    assert total_of(score(more, clinic)) - total_of(score(days, clinic)) == Fraction(2 * 7, 7 - len(missed))


@ORDINARY
@given(st.permutations(range(7)), weeks, missed_days, clinics())
def test_permuting_the_days_changes_nothing(order, week, missed, clinic):
    days = week_days(week, missed)
    shuffled = [replace(days[n], on=day.on) for n, day in zip(order, days, strict=True)]
    assert score(shuffled, clinic) == score(days, clinic)


@ORDINARY
@given(weeks, clinics(), answers, st.integers(8, 30))
def test_an_older_day_changes_nothing(week, clinic, older, back):
    days = week_days(week, set())
    extra = DiaryDayInput(days_before(back), "on_time", *older)
    assert score([extra, *days], clinic) == score(days, clinic)


@ORDINARY
@given(
    st.lists(answers, min_size=9, max_size=9), clinics(), answers, st.sets(st.integers(1, 9), min_size=2, max_size=2)
)
def test_what_was_answered_on_an_excluded_day_changes_nothing(nine, clinic, other, out):
    days = [DiaryDayInput(days_before(9 - n), "on_time", *day) for n, day in enumerate(nine)]
    excluded = [ExcludedDay(days_before(back), "bowel_prep") for back in out]
    answered = [replace(d, stools=other[0], pain=other[1]) if (VISIT_ON - d.on).days in out else d for d in days]
    unanswered = [d for d in days if (VISIT_ON - d.on).days not in out]
    result = score(days, clinic, excluded=excluded)
    assert score(answered, clinic, excluded=excluded) == result
    assert score(unanswered, clinic, excluded=excluded) == result


@ORDINARY
@given(weeks, clinics(), rule_sets(), st.integers(0, 6), st.sampled_from(["stools", "pain", "wellbeing"]))
def test_a_worse_answer_never_lowers_the_total(week, clinic, ruled, at, item):
    days = week_days(week, set())
    worse = [replace(day, **{item: getattr(day, item) + 1}) if n == at else day for n, day in enumerate(days)]
    assert score(worse, clinic, ruled).total >= score(days, clinic, ruled).total


@ORDINARY
@given(weeks, clinics(), rule_sets(), st.sampled_from(COMPLICATION_GROUPS))
def test_a_worse_finding_never_lowers_the_total(week, clinic, ruled, group):
    days, before = week_days(week, set()), score(week_days(week, set()), clinic, ruled).total
    hct = clinic.hct[0]
    for worse in (
        replace(clinic, mass="definite"),
        replace(clinic, antidiarrhoeal=True),
        replace(clinic, complications={**clinic.complications, group: True}),
        replace(clinic, hct=(replace(hct, value=hct.value - Fraction(1, 10)),)),
    ):
        assert score(days, worse, ruled).total >= before


@ORDINARY
@given(st.fractions(-1000, 2000), rule_sets())
def test_every_finite_total_has_exactly_one_band(total, ruled):
    stored = round_half_up(total, ruled.round_total_decimals)
    bands = ruled.bands
    inside = [
        bands.remission.holds(stored),
        bands.mild.holds(stored) and not bands.remission.holds(stored),
        bands.moderate.holds(stored) and not bands.mild.holds(stored),
        not bands.moderate.holds(stored),
    ]
    assert inside.count(True) == 1
    assert bands.band(stored) == ("remission", "mild", "moderate", "severe")[inside.index(True)]


# The brute force below is written from the definition alone: it walks back, ends every open day in every way,
# and adds up every accepted value, in a rule set small enough to try them all.

SMALL_ACCEPTED = {"stools": [0, 2], "hct_percent": [44, 49], "weight_kg": [60, 80], "height_cm": [170, 171]}
SMALL_USUAL = {"stools": [0, 1], "hct_percent": [45, 48], "weight_kg": [62, 70], "height_cm": [170, 171]}
STANDARDS = {
    sex: [bmi * Fraction(cm, 100) ** 2 for cm in (170, 171)]
    for sex, bmi in (("male", Fraction("22.1")), ("female", Fraction("20.8")))
}
EVERY_ANSWER = list(product(range(3), range(4), range(5)))


@st.composite
def small_rules(draw: st.DrawFn) -> RuleSet:
    scoring_days = draw(st.integers(2, 4))
    return rules(
        scoring_days=scoring_days,
        min_valid_days=draw(st.integers(1, scoring_days)),
        lookback_days=draw(st.integers(scoring_days, 6)),
        prorate=draw(st.booleans()),
        replace_excluded_days=draw(st.booleans()),
        replace_missing_days=draw(st.booleans()),
        antidiarrhoeal_from_diary=draw(st.booleans()),
        hct_item_floor=draw(floors),
        weight_item_floor=draw(floors),
        total_floor=draw(st.sampled_from(["none", 0])),
        accepted=SMALL_ACCEPTED,
        usual=SMALL_USUAL,
    )


@st.composite
def small_days(draw: st.DrawFn) -> list[DiaryDayInput]:
    """Return D-6 to D-1 with at most two days that can still be filled, so that every ending can be tried."""
    states = draw(st.lists(st.sampled_from(["on_time", "late", "missed", "partial"]), min_size=6, max_size=6))
    pending = draw(st.sampled_from([(), ("open",), ("not_open",), ("open", "not_open")]))
    states[6 - len(pending) :] = pending
    return [_small_day(draw, 6 - n, state) for n, state in enumerate(states)]


def _small_day(draw: st.DrawFn, back: int, state: str) -> DiaryDayInput:
    if state not in ("on_time", "late"):
        return DiaryDayInput(days_before(back), state)
    stools, pain, wellbeing = draw(st.sampled_from(EVERY_ANSWER))
    return DiaryDayInput(days_before(back), state, stools, pain, wellbeing, draw(st.sampled_from([None, False, True])))


small_baselines = st.tuples(st.integers(50, 400), st.integers(0, 100)).map(
    lambda ends: Interval(Fraction(ends[0]), Fraction(ends[0] + ends[1]))
)


@st.composite
def small_visits(draw: st.DrawFn) -> DraftInput:
    known_groups = draw(st.sets(st.sampled_from(COMPLICATION_GROUPS), min_size=4))
    hct = st.sampled_from([Fraction(44), Fraction("47.5"), Fraction(49)])
    weight = st.sampled_from([Fraction(60), Fraction("66.6"), Fraction(80)])
    return DraftInput(
        participant="A",
        visit="W04",
        visit_on=VISIT_ON,
        held=False,
        as_of=T0,
        rules=draw(small_rules()),
        sex=draw(st.sampled_from(["male", "female", None])),
        height_cm=draw(st.sampled_from([170, None])),
        days=tuple(draw(small_days())),
        excluded=tuple(
            ExcludedDay(days_before(back), "bowel_prep") for back in draw(st.sets(st.integers(1, 5), max_size=2))
        ),
        clinic=ClinicInputs(
            hct=tuple(LabValue(value, VISIT_ON) for value in draw(st.lists(hct, max_size=1))),
            weight=tuple(LabValue(value, VISIT_ON) for value in draw(st.lists(weight, max_size=1))),
            mass=draw(st.sampled_from([None, "none", "definite"])),
            complications={group: draw(st.booleans()) for group in known_groups},
            antidiarrhoeal=draw(st.sampled_from([None, False, True])),
        ),
        baseline=Baseline(interval=draw(small_baselines)),
    )


def every_total(visit: DraftInput) -> set[Fraction]:
    """Return every stored total that can still come true, by trying all of them."""
    ruled = visit.rules
    clinical = {a + b + c for a in _mass(visit) for b in _groups(visit) for c in _bodies(visit)}
    found = set()
    for points in {points for ended in _endings(visit.days) for points in _diary_points(visit, ended)}:
        for clinic in clinical:
            total = points + clinic
            floored = total if ruled.total_floor is None else max(total, ruled.total_floor)
            found.add(round_half_up(floored, ruled.round_total_decimals))
    return found


def _endings(days: Sequence[DiaryDayInput]) -> Iterator[list[DiaryDayInput]]:
    """End each open day as missed or with each answer; the antidiarrhoeal answer comes later."""
    pending = [n for n, day in enumerate(days) if day.state in ("open", "not_open")]
    for chosen in product([None, *EVERY_ANSWER], repeat=len(pending)):
        ended = list(days)
        for n, answer in zip(pending, chosen, strict=True):
            ended[n] = DiaryDayInput(days[n].on, "missed" if answer is None else "on_time", *(answer or ()))
        yield ended


def _diary_points(visit: DraftInput, ended: Sequence[DiaryDayInput]) -> Iterator[Fraction]:
    """Return diary and antidiarrhoeal points of one ending, none when too few days count."""
    ruled, used = visit.rules, _used(visit, ended)
    if len(used) < (ruled.min_valid_days if ruled.prorate else ruled.scoring_days):
        return
    weighted = sum(2 * d.stools + 5 * d.pain + 7 * d.wellbeing for d in used)
    for extra in _antidiarrhoeal(visit, used):
        yield Fraction(7 * weighted, len(used)) + extra


def _used(visit: DraftInput, ended: Sequence[DiaryDayInput]) -> list[DiaryDayInput]:
    ruled, by_day = visit.rules, {day.on: day for day in ended}
    excluded = {day.on for day in visit.excluded}
    used, taken = [], 0
    for back in range(1, ruled.lookback_days + 1):
        on = VISIT_ON - timedelta(days=back)
        day = by_day.get(on)
        counts = day is not None and day.state in ("on_time", "late") and on not in excluded
        if taken == ruled.scoring_days:
            break
        if on in excluded:
            taken += 0 if ruled.replace_excluded_days else 1
        elif counts or not ruled.replace_missing_days:
            taken += 1
        if counts:
            used.append(day)
    return used


def _antidiarrhoeal(visit: DraftInput, used: Sequence[DiaryDayInput]) -> set[int]:
    clinician, asked = visit.clinic.antidiarrhoeal, visit.rules.antidiarrhoeal_from_diary
    open_days = {day.on for day in visit.days if day.state in ("open", "not_open")}
    if clinician or (asked and any(day.antidiarrhoeal for day in used)):
        return {30}
    if asked and any(day.on in open_days for day in used):
        return {0, 30}
    answered = asked and all(day.antidiarrhoeal is False for day in used)
    return {0} if clinician is False or answered else {0, 30}


def _mass(visit: DraftInput) -> list[int]:
    grades = {"none": 0, "questionable": 20, "definite": 50}
    return list(grades.values()) if visit.clinic.mass is None else [grades[visit.clinic.mass]]


def _groups(visit: DraftInput) -> list[int]:
    known = visit.clinic.complications
    unknown = len(COMPLICATION_GROUPS) - len(known)
    return [20 * (sum(known.values()) + more) for more in range(unknown + 1)]


def _bodies(visit: DraftInput) -> Iterator[Fraction]:
    """Return haematocrit and weight points together, at the ends and the middle of what is accepted."""
    ruled, clinic = visit.rules, visit.clinic
    for sex in [visit.sex] if visit.sex else ["male", "female"]:
        standards = STANDARDS[sex] if visit.height_cm is None else STANDARDS[sex][:1]
        for hct, weight, standard in product(
            _values(clinic.hct, 44, 47, 49), _values(clinic.weight, 60, 70, 80), standards
        ):
            points = [((47 if sex == "male" else 42) - hct) * 6, 100 - 100 * weight / standard]
            limits = [ruled.hct_item_floor, ruled.weight_item_floor]
            yield sum(p if low is None else max(p, low) for p, low in zip(points, limits, strict=True))


def _values(measured: Sequence[LabValue], *accepted: int) -> list[Fraction]:
    return [value.value for value in measured] or [Fraction(value) for value in accepted]


def verdict(met: list[bool]) -> str:
    return "yes" if all(met) else "open" if any(met) else "no"


def fell(visit: DraftInput, totals: set[Fraction], points: int) -> str:
    ends = (visit.baseline.interval.low, visit.baseline.interval.high)
    return verdict([start - total >= points for start in ends for total in totals])


@HEAVY
@given(small_visits())
def test_the_interval_and_the_verdicts_equal_brute_force(visit):
    draft: Draft = build_draft(visit)
    totals = every_total(visit)
    if not totals:
        assert (draft.status, draft.interval) == ("not_computable", None)
        return
    assert draft.interval == Interval(min(totals), max(totals))
    assert draft.from_baseline.decided["remission"] == verdict([total < 150 for total in totals])
    assert draft.from_baseline.decided["response_70"] == fell(visit, totals, 70)
    assert draft.from_baseline.decided["response_100"] == fell(visit, totals, 100)
    if draft.total is not None:
        assert totals == {draft.total}


@ORDINARY
@given(weeks, st.integers(0, 4), st.data(), clinics(), rule_sets())
def test_the_total_that_comes_true_lies_in_every_earlier_interval(week, unseen, data, clinic, ruled):
    days = week_days(week, data.draw(missed_days))
    early = [*days[: 7 - unseen], *(DiaryDayInput(day.on, "not_open") for day in days[7 - unseen :])]
    known = data.draw(st.sampled_from([clinic, replace(clinic, hct=()), replace(clinic, mass=None, complications={})]))
    before, after = (
        build_draft(DraftInput("A", "W04", VISIT_ON, False, T0, ruled, "male", 170, days=tuple(shown), clinic=part))
        for shown, part in ((early, known), (days, clinic))
    )
    assert before.interval.low <= after.total <= before.interval.high
    assert after.interval == Interval(after.total, after.total)
    for key, bound in before.bounds.components.items():
        assert bound.low <= after.result.points[key] <= bound.high
