"""From anchor date, protocol and the site's records to the visit calendar; and what a move would change."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from schedules.calendar import (
    STOPPED,
    AskedDay,
    ExcludedDay,
    ExclusionReason,
    ScheduledVisit,
    VisitCalendar,
    VisitFacts,
    VisitState,
    day_minus_one_closing,
)
from schedules.errors import ScheduleError
from schedules.protocol import PlannedVisit, StudyProtocol
from schedules.rule_set import RuleSet, pick_scoring_days, post_endoscopy_days
from schedules.windows import ONE_DAY, DayPhase, ZonePeriod, diary_day, local_day

__all__ = [
    "STOPPED",
    "AskedDay",
    "ExcludedDay",
    "ExclusionReason",
    "LaterMove",
    "MovePreview",
    "ScheduledVisit",
    "VisitCalendar",
    "VisitFacts",
    "VisitState",
    "day_minus_one_closing",
    "earliest_evaluable_on",
    "plan_calendar",
    "preview_move",
]

ADVISED_WITHIN = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class LaterMove:
    """A later visit that follows the baseline visit to another date."""

    code: str
    from_on: date
    to_on: date
    outside_tolerance: bool


@dataclass(frozen=True, slots=True)
class MovePreview:
    """What moving a visit would change; counts are diary days of this visit.

    `days_in_hand` of the new scoring days are entered, `new_prompts` days would be asked that are not asked
    now, `days_lost` entered days would no longer count. `evaluable_*` say whether the minimum can be reached.
    """

    code: str
    from_on: date
    to_on: date
    days_in_hand: int
    new_prompts: int
    days_lost: int
    evaluable_before: bool
    evaluable_after: bool
    outside_tolerance: bool
    later: tuple[LaterMove, ...]
    before: ScheduledVisit
    after: ScheduledVisit


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What is known when judging a date: the days entered, the instant, and the participant's zones."""

    protocol: StudyProtocol
    entered: frozenset[date]
    now: datetime
    history: Sequence[ZonePeriod]
    site_tz: str

    def can_fill(self, calendar: VisitCalendar, day: date) -> bool:
        """Say whether a day can still be answered, or can be once it comes."""
        closing = day_minus_one_closing(calendar.visit_after(day), self.site_tz)
        plan, outages = self.protocol.diary, self.protocol.outages
        found = diary_day(day, self.history, plan, outages, day_minus_one_closing=closing)
        return day not in self.entered and found.phase(self.now) is not DayPhase.CLOSED

    def evaluable(self, calendar: VisitCalendar, visit: ScheduledVisit) -> bool:
        """Say whether the days in hand and those that can still be filled reach the minimum."""
        rules = self.protocol.rules
        hoped = {day for day in visit.asked_days if self.can_fill(calendar, day)}
        valid = self.entered | hoped
        scored = pick_scoring_days(visit.on, calendar.marked.keys(), rules, valid)
        return sum(day in valid for day in scored) >= rules.min_valid_days


def plan_calendar(protocol: StudyProtocol, baseline_on: date, facts: Iterable[VisitFacts]) -> VisitCalendar:
    """Plan every visit from the anchor.

    The baseline visit, held or moved, is the anchor and so is never outside its own tolerance; all others
    follow it, unless held or set by hand. After a terminated visit every later one is terminated too.
    """
    known = {fact.code: fact for fact in facts}
    marked = _marked_days(known.values(), protocol.rules)
    base = known.get(protocol.baseline.code, VisitFacts(protocol.baseline.code))
    anchor = base.held_on or base.scheduled_on or baseline_on
    visits: list[ScheduledVisit] = []
    ended = False
    for planned in protocol.visits:
        fact = known.get(planned.code, VisitFacts(planned.code))
        if ended and fact.state is VisitState.PLANNED:
            fact = replace(fact, state=VisitState.TERMINATED)
        ended = ended or fact.state is VisitState.TERMINATED
        visits.append(_schedule(planned, fact, anchor, marked, protocol))
    return VisitCalendar(tuple(visits), marked)


def preview_move(
    protocol: StudyProtocol,
    baseline_on: date,
    facts: Iterable[VisitFacts],
    code: str,
    to: date,
    *,
    entered: Collection[date],
    now: datetime,
    history: Sequence[ZonePeriod],
    at: time | None = None,
    site_tz: str | None = None,
) -> MovePreview:
    """Say what moving a visit to another date would change; nothing is moved.

    `entered` are the dates whose entries count. `at` is the planned check-in on the new date; without it the
    old one stays. Raises ScheduleError when the visit has been held, or would pass a neighbouring visit.
    """
    outlook = _Outlook(protocol, frozenset(entered), now, history, site_tz or protocol.timezone)
    facts = tuple(facts)
    old = plan_calendar(protocol, baseline_on, facts)
    new = plan_calendar(protocol, baseline_on, _moved(facts, old, code, to, at))
    before, after = old.visit(code), new.visit(code)
    if fault := _order_fault(new, after):
        raise fault
    asked_anew = set(after.asked_days) - set(old.days())
    return MovePreview(
        code=code,
        from_on=before.on,
        to_on=to,
        days_in_hand=sum(day in outlook.entered for day in after.scoring_days),
        new_prompts=sum(outlook.can_fill(new, day) for day in asked_anew),
        days_lost=len(outlook.entered & set(before.scoring_days) - set(after.scoring_days)),
        evaluable_before=outlook.evaluable(old, before),
        evaluable_after=outlook.evaluable(new, after),
        outside_tolerance=after.outside_tolerance,
        later=_later_moves(old, new, code),
        before=before,
        after=after,
    )


def earliest_evaluable_on(
    protocol: StudyProtocol,
    baseline_on: date,
    facts: Iterable[VisitFacts],
    code: str,
    *,
    entered: Collection[date],
    now: datetime,
    history: Sequence[ZonePeriod],
    not_before: date | None = None,
    site_tz: str | None = None,
) -> date | None:
    """Return the first date on which the visit could still reach the minimum of diary days.

    The search starts at `not_before` (default: the visit's date, or today when that has passed), covers 60
    days and never passes another visit; None when no such date is found. Raises ScheduleError when the visit
    has been held.
    """
    outlook = _Outlook(protocol, frozenset(entered), now, history, site_tz or protocol.timezone)
    facts = tuple(facts)
    old = plan_calendar(protocol, baseline_on, facts)
    start = not_before or max(old.visit(code).on, local_day(now, history))
    for ahead in range(ADVISED_WITHIN.days + 1):
        on = start + ahead * ONE_DAY
        new = plan_calendar(protocol, baseline_on, _moved(facts, old, code, on, None))
        if _order_fault(new, new.visit(code)) is None and outlook.evaluable(new, new.visit(code)):
            return on
    return None


def _date_of(fact: VisitFacts, planned_on: date) -> date:
    """Return the date a visit took place, else the one set by hand while it holds, else the planned one."""
    set_by_hand = fact.scheduled_on if fact.moved_against in (None, planned_on) else None
    return fact.held_on or set_by_hand or planned_on


def _marked_days(facts: Collection[VisitFacts], rules: RuleSet) -> dict[date, ExclusionReason]:
    """Collect every excluded date; of two reasons the endoscopy wins, then the preparation."""
    endoscopies = {fact.endoscopy_on for fact in facts if fact.endoscopy_on is not None}
    marked = dict.fromkeys(post_endoscopy_days(endoscopies, rules), ExclusionReason.POST_ENDOSCOPY)
    marked |= {day: ExclusionReason.BOWEL_PREP for fact in facts for day in fact.bowel_prep}
    return marked | dict.fromkeys(endoscopies, ExclusionReason.ENDOSCOPY)


def _schedule(
    planned: PlannedVisit,
    fact: VisitFacts,
    anchor: date,
    marked: Mapping[date, ExclusionReason],
    protocol: StudyProtocol,
) -> ScheduledVisit:
    planned_on = anchor + timedelta(days=planned.day_offset)
    on = anchor if planned.baseline else _date_of(fact, planned_on)
    scoring = pick_scoring_days(on, marked.keys(), protocol.rules)
    recorded = bool(fact.bowel_prep)
    early = protocol.diary.early_days if planned.endoscopy and not recorded else 0
    asked = _early_days(on, scoring, marked, early, protocol.rules) + scoring
    return ScheduledVisit(
        code=planned.code,
        planned_on=planned_on,
        on=on,
        time=fact.time,
        state=fact.state,
        held_at=fact.held_at,
        first=planned_on - timedelta(days=planned.days_before),
        last=planned_on + timedelta(days=planned.days_after),
        excluded=_passed_over(on, scoring, marked, protocol.rules),
        scoring_days=scoring,
        asked_days=() if fact.state in STOPPED else asked,
        baseline=planned.baseline,
        endoscopy_planned=planned.endoscopy,
        preparation_recorded=recorded,
    )


def _early_days(
    on: date, scoring: tuple[date, ...], marked: Mapping[date, ExclusionReason], count: int, rules: RuleSet
) -> tuple[date, ...]:
    """Return the dates just before the scoring days; one the window can never reach back to is not asked."""
    if not scoring:
        return ()
    reach = on - timedelta(days=rules.lookback_days)
    days = (scoring[0] - timedelta(days=back) for back in range(count, 0, -1))
    return tuple(day for day in days if day >= reach and day not in marked)


def _passed_over(
    on: date, scoring: tuple[date, ...], marked: Mapping[date, ExclusionReason], rules: RuleSet
) -> tuple[ExcludedDay, ...]:
    """Return the excluded dates between the visit and the end of the walk back, oldest first."""
    walked = rules.scoring_days if scoring else rules.lookback_days
    if rules.replace_excluded_days:
        full = len(scoring) == rules.scoring_days
        walked = (on - scoring[0]).days if full else rules.lookback_days
    reach = on - timedelta(days=walked)
    return tuple(ExcludedDay(day, marked[day]) for day in sorted(marked) if reach <= day < on)


def _moved(
    facts: tuple[VisitFacts, ...], calendar: VisitCalendar, code: str, to: date, at: time | None
) -> tuple[VisitFacts, ...]:
    """Return the facts as they would be after the move. Raises ScheduleError for a held visit."""
    if calendar.visit(code).held:
        raise ScheduleError("%(visit)s has been held; a held visit cannot be moved.", visit=code)
    old = next((fact for fact in facts if fact.code == code), VisitFacts(code))
    new = replace(old, scheduled_on=to, moved_against=None, time=at or old.time, state=VisitState.PLANNED)
    return (*(fact for fact in facts if fact.code != code), new)


def _order_fault(calendar: VisitCalendar, moved: ScheduledVisit) -> ScheduleError | None:
    """Return a refusal when a visit does not lie between its neighbours, else None."""
    place, about = calendar.visits.index(moved), {"visit": moved.code, "on": moved.on}
    for other in calendar.visits[:place]:
        if other.on >= moved.on:
            words = "%(visit)s cannot be on %(on)s: it must come after %(other)s on %(other_on)s."
            return ScheduleError(words, **about, other=other.code, other_on=other.on)
    for other in calendar.visits[place + 1 :]:
        if other.on <= moved.on:
            words = "%(visit)s cannot be on %(on)s: it must come before %(other)s on %(other_on)s."
            return ScheduleError(words, **about, other=other.code, other_on=other.on)
    return None


def _later_moves(old: VisitCalendar, new: VisitCalendar, code: str) -> tuple[LaterMove, ...]:
    pairs = zip(old.visits, new.visits, strict=True)
    return tuple(
        LaterMove(after.code, before.on, after.on, after.outside_tolerance)
        for before, after in pairs
        if after.code != code and after.on != before.on
    )
