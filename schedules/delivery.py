"""How a message may end: its states, what follows an unknown outcome, back-off between tries, and expiry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from schedules.errors import ScheduleError, Term
from schedules.reminders import MessageKind
from schedules.windows import MIDNIGHT, ONE_DAY, instant

FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=5)
REPLY_VALID = timedelta(hours=24)
STAFF_LIST_UNTIL = time(12)


class MessageState(StrEnum):
    """Where a message stands; the last five are ends."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


_S = MessageState

# A crash before `sending` leaves a claim that another worker takes over; after it the outcome is unknown.
TRANSITIONS: Mapping[MessageState, frozenset[MessageState]] = {
    _S.PLANNED: frozenset({_S.CLAIMED, _S.EXPIRED, _S.CANCELLED}),
    _S.CLAIMED: frozenset({_S.CLAIMED, _S.PLANNED, _S.SENDING, _S.RETRY, _S.EXPIRED, _S.CANCELLED}),
    _S.SENDING: frozenset({_S.SENT, _S.REFUSED, _S.RETRY, _S.UNKNOWN, _S.EXPIRED}),
    _S.RETRY: frozenset({_S.CLAIMED, _S.EXPIRED, _S.CANCELLED}),
    _S.SENT: frozenset(),
    _S.REFUSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.UNKNOWN: frozenset(),
}
ENDS = frozenset(state for state, following in TRANSITIONS.items() if not following)


class Repeat(StrEnum):
    """How often a message whose outcome is unknown goes out again."""

    NEVER = "never"
    ONCE = "once"
    UNTIL_DONE = "until_done"


@dataclass(frozen=True, slots=True)
class UnknownPolicy:
    """What follows an unknown outcome; `untouched_only` asks that the day is open and its card untouched."""

    repeat: Repeat
    wait: timedelta = timedelta(0)
    untouched_only: bool = False


AFTER_UNKNOWN: Mapping[MessageKind, UnknownPolicy] = {
    MessageKind.PROMPT: UnknownPolicy(Repeat.ONCE, timedelta(seconds=60), untouched_only=True),
    MessageKind.SECOND: UnknownPolicy(Repeat.NEVER),
    MessageKind.LAST_CALL: UnknownPolicy(Repeat.ONCE, timedelta(seconds=120), untouched_only=True),
    # Nothing may follow a snooze, so it is treated like the prompt: untouched since it was asked for.
    MessageKind.SNOOZED: UnknownPolicy(Repeat.ONCE, timedelta(seconds=60), untouched_only=True),
    MessageKind.OUTAGE: UnknownPolicy(Repeat.NEVER),
    MessageKind.CLOSING: UnknownPolicy(Repeat.UNTIL_DONE),
    MessageKind.EDIT: UnknownPolicy(Repeat.UNTIL_DONE),
    MessageKind.THANK_YOU: UnknownPolicy(Repeat.NEVER),
    MessageKind.REPLY: UnknownPolicy(Repeat.ONCE),
    MessageKind.STAFF: UnknownPolicy(Repeat.ONCE),
}


def can_move(before: MessageState, after: MessageState) -> bool:
    """Say whether a message may go from one state to another."""
    return after in TRANSITIONS[before]


def check_move(before: MessageState, after: MessageState) -> None:
    """Raise ScheduleError when a message may not go from one state to another."""
    if not can_move(before, after):
        raise ScheduleError(
            "A message that is %(before)s cannot become %(after)s.", before=Term(before.value), after=Term(after.value)
        )


def after_unknown(kind: MessageKind) -> UnknownPolicy:
    """Return what follows when nobody knows whether a message of this kind arrived."""
    return AFTER_UNKNOWN[kind]


def resend_at(
    kind: MessageKind,
    unknown_at: datetime,
    *,
    copies: int,
    not_after: datetime,
    day_open: bool = True,
    touched: bool = False,
) -> datetime | None:
    """Return when to send once more after an unknown outcome, or None.

    `copies` counts the copies queued so far, the first included.
    """
    policy = after_unknown(kind)
    at = unknown_at + policy.wait
    spent = policy.repeat is Repeat.NEVER or (policy.repeat is Repeat.ONCE and copies > 1)
    needless = policy.untouched_only and (touched or not day_open)
    return None if spent or needless or at > not_after else at


def backoff(attempt: int, rng: Random) -> timedelta:
    """Return the pause after a failed attempt (1, 2, ...): doubling from 2 s to 5 min, half of it random."""
    doubled = FIRST_BACKOFF * (1 << min(max(attempt, 1) - 1, 16))
    return min(doubled, LONGEST_BACKOFF) * (0.5 + rng.random() / 2)


def expiry(kind: MessageKind, created_at: datetime, tzid: str, *, day_closes_at: datetime | None = None) -> datetime:
    """Return the instant after which a message that was queued, not planned, is useless.

    A reply holds for 24 hours, an edit until 24 hours after its diary day closed, a thank-you until the day
    ends, the staff's morning list until the next noon; `tzid` is the recipient's zone. Raises ScheduleError
    for a kind whose limit comes with the plan.
    """
    today = created_at.astimezone(ZoneInfo(tzid)).date()
    if kind is MessageKind.REPLY:
        return created_at + REPLY_VALID
    if kind in (MessageKind.EDIT, MessageKind.CLOSING):
        return max(day_closes_at or created_at, created_at) + REPLY_VALID
    if kind is MessageKind.THANK_YOU:
        return instant(today + ONE_DAY, MIDNIGHT, tzid)
    if kind is MessageKind.STAFF:
        noon = instant(today, STAFF_LIST_UNTIL, tzid)
        return noon if created_at < noon else instant(today + ONE_DAY, STAFF_LIST_UNTIL, tzid)
    raise ScheduleError("The limit of a %(kind)s comes with the plan of its day.", kind=kind)
