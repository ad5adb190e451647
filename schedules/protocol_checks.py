"""Finds what a protocol file says twice and differently, or what cannot be true together."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from schedules.protocol import ReminderPolicy, StudyProtocol

Finding = tuple[str, str]


def find_contradiction(protocol: StudyProtocol) -> Finding | None:
    """Return the key and the sentence of the first contradiction, or None."""
    checks = (_in_visits, _in_diary, _in_hours, _in_quiet_hours, _in_scoring)
    return next((found for check in checks for found in check(protocol)), None)


def _in_visits(protocol: StudyProtocol) -> Iterator[Finding]:
    baseline = protocol.baseline
    if baseline.day_offset != 0:
        yield f"visits.{baseline.code}.day_offset", "must be 0: all other visits are counted from this one."
    for one, other in pairwise(protocol.visits):
        if one.day_offset + one.days_after >= other.day_offset - other.days_before:
            key = f"visits.{other.code}.day_offset"
            yield key, f"lies so near {one.code} that the two visit windows overlap."


def _in_diary(protocol: StudyProtocol) -> Iterator[Finding]:
    diary, rules, reminders = protocol.diary, protocol.rules, protocol.reminders
    if diary.closes >= diary.opens:
        yield "diary.closes", "must come before diary.opens: a day closes before the next one opens."
    if diary.early_days + rules.scoring_days > rules.lookback_days:
        yield "diary.early_days", "reaches farther back than scoring.lookback_days."
    if rules.antidiarrhoeal_from_diary and not diary.antidiarrhoeal:
        yield "diary.antidiarrhoeal", "must be true when scoring.antidiarrhoeal_from_diary is."
    if reminders.first_hour < diary.opens:
        yield "reminders.first_hour", "must not come before diary.opens."
    if _later(reminders.last_call, reminders.last_call_margin) >= diary.closes:
        yield "reminders.last_call", "comes too late: the diary day closes before the margin is over."
    if reminders.snooze_tomorrow >= diary.closes:
        yield "reminders.snooze_tomorrow", "comes after the diary day has closed."


def _in_hours(protocol: StudyProtocol) -> Iterator[Finding]:
    policy = protocol.reminders
    if policy.last_hour < policy.first_hour:
        yield "reminders.last_hour", "must not come before reminders.first_hour."
    elif policy.last_hour not in policy.hours:
        yield "reminders.last_hour", "is not reached from reminders.first_hour in whole steps."
    if policy.default_hour not in policy.hours:
        yield "reminders.default_hour", "is not one of the hours a participant can choose."
    if policy.prompt_cutoff <= policy.last_hour:
        yield "reminders.prompt_cutoff", "must come after reminders.last_hour."
    if not policy.first_hour < policy.second_at_quiet < policy.quiet_from:
        yield "reminders.second_at_quiet", "must lie between reminders.first_hour and the quiet hours."


def _in_quiet_hours(protocol: StudyProtocol) -> Iterator[Finding]:
    policy = protocol.reminders
    if policy.quiet_until >= policy.quiet_from:
        yield "reminders.quiet_until", "must come before reminders.quiet_from: quiet hours run over midnight."
    for name in ("last_hour", "last_call", "snooze_tomorrow"):
        if _is_quiet(getattr(policy, name), policy):
            yield f"reminders.{name}", "lies in the quiet hours."
    if policy.prompt_cutoff > policy.quiet_from:
        yield "reminders.prompt_cutoff", "must not lie in the quiet hours."


def _in_scoring(protocol: StudyProtocol) -> Iterator[Finding]:
    criteria, rules = protocol.endpoints, protocol.rules
    pairs = (
        ("remission_below", rules.bands.remission.limit, "scoring.bands"),
        ("response_decrease", rules.response.clinical_decrease, "scoring.response"),
        ("sescd_response_percent", rules.response.endoscopic_percent_decrease, "scoring.response"),
        ("sescd_remission_at_most", rules.response.endoscopic_remission_max, "scoring.response"),
    )
    for name, scored, where in pairs:
        if getattr(criteria, name) != scored:
            yield f"endpoints.{name}", f"says {getattr(criteria, name)}, but {where} says {scored}."
    if rules.bands.remission.inclusive:
        yield "endpoints.remission_below", "asks for less than the limit, but scoring.bands includes the limit."
    if criteria.response_decrease_major < criteria.response_decrease:
        yield "endpoints.response_decrease_major", "must not be below endpoints.response_decrease."


def _is_quiet(wall: time, policy: ReminderPolicy) -> bool:
    return wall >= policy.quiet_from or wall < policy.quiet_until


def _later(wall: time, by: timedelta) -> time:
    """Add to a time of day; past midnight it counts as the day's end."""
    at = datetime.combine(date.min, wall) + by
    return at.time() if at.date() == date.min else time.max
