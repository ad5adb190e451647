"""The reminders that should exist, from diary days, entries and now; planning twice equals planning once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from schedules.protocol import ReminderPolicy
from schedules.windows import ONE_DAY, DiaryDay, instant

CLOSING_VALID = timedelta(hours=24)


class MessageKind(StrEnum):
    """Every kind of message; reminders, `closing` and `thank_you` are planned, the others queued as things happen."""

    PROMPT = "prompt"
    SECOND = "second"
    LAST_CALL = "last_call"
    SNOOZED = "snoozed"
    OUTAGE = "outage"
    CLOSING = "closing"
    THANK_YOU = "thank_you"
    REPLY = "reply"
    EDIT = "edit"
    STAFF = "staff"


REMINDERS = frozenset({MessageKind.PROMPT, MessageKind.SECOND, MessageKind.LAST_CALL, MessageKind.SNOOZED})
UNASKED = REMINDERS | {MessageKind.OUTAGE, MessageKind.THANK_YOU}


@dataclass(frozen=True, slots=True)
class DayFacts:
    """One diary day and what has happened on it.

    `touched` means that an answer was given, `last_touch_at` is the last tap or text on the card.
    `snooze_count` counts the snoozes asked for so far. `asked` is False for a day that was asked once and no
    longer is.
    """

    day: DiaryDay
    visit: str
    entered: bool = False
    touched: bool = False
    only_submit_missing: bool = False
    last_touch_at: datetime | None = None
    snoozed_until: datetime | None = None
    snooze_count: int = 0
    has_card: bool = False
    asked: bool = True


@dataclass(frozen=True, slots=True)
class ReminderFacts:
    """The participant's reminder hour (wall time), and whether and since when messages may be sent.

    `finished_at` is the end of the last visit or the withdrawal: nothing unasked goes out from then on.
    """

    hour: time
    messages_allowed: bool
    joined_at: datetime | None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that should exist; `due_at` follows from `wall_date`, `wall_time` and `tzid`.

    `key` is stable over every replanning and unique within the participant. After `not_after` it is useless.
    `saving_left` says that only Submit is missing on the card.
    """

    key: str
    kind: MessageKind
    visit: str
    diary_day: date
    wall_date: date
    wall_time: time
    tzid: str
    due_at: datetime
    not_after: datetime
    saving_left: bool = False


@dataclass(frozen=True, slots=True)
class _Nudge:
    """A reminder in the making."""

    kind: MessageKind
    due_at: datetime
    not_after: datetime
    ordinal: int = 1


def in_quiet_hours(at: datetime, tzid: str, policy: ReminderPolicy) -> bool:
    """Say whether an instant lies in the quiet hours of a zone; they begin with `quiet_from` itself."""
    wall = at.astimezone(ZoneInfo(tzid)).time()
    return wall >= policy.quiet_from or wall < policy.quiet_until


def plan_reminders(
    policy: ReminderPolicy, facts: ReminderFacts, days: Sequence[DayFacts], now: datetime
) -> tuple[PlannedMessage, ...]:
    """Return the messages that should exist for these days, earliest first.

    A message whose `not_after` has passed is not returned. One that was sent may be returned with another
    instant: its key exists already, so it is not sent twice.
    """
    planned = [message for day in days for message in _plan_day(policy, facts, day, now)]
    return tuple(sorted(planned, key=lambda m: (m.due_at, m.key)))


def next_prompt_at(
    policy: ReminderPolicy, facts: ReminderFacts, days: Iterable[DayFacts], now: datetime
) -> datetime | None:
    """Return the instant of the next prompt that is still to come; None when none is planned."""
    planned = plan_reminders(policy, facts, tuple(days), now)
    return next((m.due_at for m in planned if m.kind is MessageKind.PROMPT and m.due_at > now), None)


def snooze_options(day: DiaryDay, now: datetime, policy: ReminderPolicy) -> tuple[tuple[str, datetime], ...]:
    """Return the snoozes to offer, each with its instant: `30` for so many minutes, `830` for the morning.

    Each lies before closing and outside quiet hours; the morning is offered only while the diary day lasts.
    """
    offered = [(f"{policy.snooze_minutes}", now + timedelta(minutes=policy.snooze_minutes))]
    if now < day.midnight_at:
        morning = policy.snooze_tomorrow
        code = f"{morning.hour}{morning.minute:02d}"
        offered.append((code, instant(day.on + ONE_DAY, morning, day.tzid)))
    return tuple((code, at) for code, at in offered if at < day.closes_at and not is_quiet(day, at, policy))


def _plan_day(policy: ReminderPolicy, facts: ReminderFacts, of: DayFacts, now: datetime) -> list[PlannedMessage]:
    nudges = _nudges(policy, facts, of) if facts.messages_allowed and of.asked and not of.entered else []
    nudges = _merged(nudges, now) + _closing(facts, of)
    return [_message(of, nudge) for nudge in nudges if nudge.not_after >= now]


def _merged(nudges: list[_Nudge], now: datetime) -> list[_Nudge]:
    """Let the latest of the reminders that are due speak for all of them: after an outage several may be."""
    newest = max((nudge.due_at for nudge in nudges if nudge.due_at <= now), default=now)
    return [nudge for nudge in nudges if nudge.due_at >= newest]


def _nudges(policy: ReminderPolicy, facts: ReminderFacts, of: DayFacts) -> list[_Nudge]:
    """Return the reminders of an asked, unfinished day."""
    if facts.joined_at is None:
        return []
    nudges = [nudge for nudge in _nominal(policy, facts, of.day) if _sendable(policy, of.day, nudge)]
    nudges = [nudge for nudge in nudges if nudge.due_at >= facts.joined_at]
    nudges = _with_snooze(policy, of, nudges)
    nudges = [_after_progress(policy, of, nudge) for nudge in nudges]
    nudges = _spaced(policy, [nudge for nudge in nudges if _sendable(policy, of.day, nudge)])
    return [n for n in nudges if facts.finished_at is None or n.due_at < facts.finished_at]


def _nominal(policy: ReminderPolicy, facts: ReminderFacts, day: DiaryDay) -> list[_Nudge]:
    """Return prompt, second reminder and last call as the policy sets them, valid or not."""
    prompt_at = max(instant(day.on, facts.hour, day.tzid), day.opens_at, facts.joined_at or day.opens_at)
    second_at = _second_at(policy, day, prompt_at)
    cutoff = instant(day.on, policy.prompt_cutoff, day.tzid)
    quiet_at = instant(day.on, policy.quiet_from, day.tzid)
    nudges = [_Nudge(MessageKind.PROMPT, prompt_at, min(second_at or cutoff, day.closes_at))]
    if second_at is not None:
        nudges.append(_Nudge(MessageKind.SECOND, second_at, min(quiet_at, day.closes_at)))
    last_call_at = instant(day.on + ONE_DAY, policy.last_call, day.tzid)
    useless_at = day.closes_at - policy.last_call_margin
    last_call_until = min(useless_at, _quiet_after(policy, day, last_call_at), day.closes_at)
    nudges.append(_Nudge(MessageKind.LAST_CALL, last_call_at, last_call_until))
    return nudges


def _second_at(policy: ReminderPolicy, day: DiaryDay, prompt_at: datetime) -> datetime | None:
    """Return the instant of the second reminder: drawn forward out of quiet hours, or none if too near."""
    at = prompt_at + policy.second_after
    if at >= instant(day.on, policy.quiet_from, day.tzid):
        at = instant(day.on, policy.second_at_quiet, day.tzid)
    return at if at - prompt_at >= policy.second_minimum_gap else None


def _with_snooze(policy: ReminderPolicy, of: DayFacts, nudges: list[_Nudge]) -> list[_Nudge]:
    """Put the snoozed reminder in place of every other one before it or shortly after it."""
    at = of.snoozed_until
    if at is None:
        return nudges
    useless_at = of.day.closes_at - policy.last_call_margin
    # A snooze may be asked for up to closing, so its own instant is never too late for it.
    useless_at = useless_at if at < useless_at else of.day.closes_at
    not_after = min(useless_at, _quiet_after(policy, of.day, at))
    snoozed = _Nudge(MessageKind.SNOOZED, at, not_after, max(of.snooze_count, 1))
    if not _sendable(policy, of.day, snoozed):
        return nudges
    return [snoozed, *(n for n in nudges if n.due_at >= at + policy.second_minimum_gap)]


def _after_progress(policy: ReminderPolicy, of: DayFacts, nudge: _Nudge) -> _Nudge:
    """Let a reminder wait while the card is in progress."""
    if of.last_touch_at is None:
        return nudge
    return replace(nudge, due_at=max(nudge.due_at, of.last_touch_at + policy.in_progress))


def _spaced(policy: ReminderPolicy, nudges: list[_Nudge]) -> list[_Nudge]:
    """Drop a reminder that had to wait until shortly before the next one, which then speaks for both."""
    kept: list[_Nudge] = []
    for nudge in reversed(nudges):
        if not kept or kept[-1].due_at - nudge.due_at >= policy.second_minimum_gap:
            kept.append(nudge)
    return kept


def _sendable(policy: ReminderPolicy, day: DiaryDay, nudge: _Nudge) -> bool:
    in_time = nudge.due_at < min(nudge.not_after, day.closes_at)
    return in_time and not is_quiet(day, nudge.due_at, policy)


def is_quiet(day: DiaryDay, at: datetime, policy: ReminderPolicy) -> bool:
    """Say whether the participant rests; after a zone change the morning must suit both zones."""
    if in_quiet_hours(at, day.tzid, policy):
        return True
    return at >= day.midnight_at and in_quiet_hours(at, day.next_tzid, policy)


def _quiet_after(policy: ReminderPolicy, day: DiaryDay, at: datetime) -> datetime:
    """Return the beginning of the quiet hours on the local date of an instant."""
    return instant(at.astimezone(ZoneInfo(day.tzid)).date(), policy.quiet_from, day.tzid)


def _closing(facts: ReminderFacts, of: DayFacts) -> list[_Nudge]:
    """Return the edit that takes the buttons off the card: for every card, and every day to be asked."""
    closes_at = of.day.closes_at
    expected = facts.messages_allowed and of.asked and facts.joined_at is not None and facts.joined_at < closes_at
    if facts.finished_at is not None and closes_at >= facts.finished_at:
        expected = False
    if not (expected or of.has_card):
        return []
    return [_Nudge(MessageKind.CLOSING, closes_at, closes_at + CLOSING_VALID)]


def _message(of: DayFacts, nudge: _Nudge) -> PlannedMessage:
    wall = nudge.due_at.astimezone(ZoneInfo(of.day.tzid))
    return PlannedMessage(
        key=f"{of.day.on}/{nudge.kind}/{nudge.ordinal}",
        kind=nudge.kind,
        visit=of.visit,
        diary_day=of.day.on,
        wall_date=wall.date(),
        wall_time=wall.time(),
        tzid=of.day.tzid,
        due_at=nudge.due_at,
        not_after=nudge.not_after,
        saving_left=of.only_submit_missing,
    )
