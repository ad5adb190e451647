from datetime import timedelta
from random import Random

import pytest

from schedules.delivery import (
    ENDS,
    TRANSITIONS,
    MessageState,
    Repeat,
    after_unknown,
    backoff,
    can_move,
    check_move,
    expiry,
    resend_at,
)
from schedules.errors import ScheduleError
from schedules.reminders import MessageKind
from schedules.windows import instant
from tests.unit.schedules.factories import SHANGHAI, T0

HOUR = timedelta(hours=1)


def test_every_state_is_reachable_and_every_end_is_final() -> None:
    assert set(TRANSITIONS) == set(MessageState)
    reached = {after for following in TRANSITIONS.values() for after in following}
    assert reached == set(MessageState)
    assert {state.value for state in ENDS} == {"sent", "refused", "expired", "cancelled", "unknown"}


def test_nothing_is_sent_without_first_being_marked_as_sending() -> None:
    assert [state.value for state in MessageState if can_move(state, MessageState.SENT)] == ["sending"]
    assert [state.value for state in MessageState if can_move(state, MessageState.UNKNOWN)] == ["sending"]


def test_an_impossible_step_is_refused_by_name() -> None:
    check_move(MessageState.PLANNED, MessageState.CLAIMED)
    with pytest.raises(ScheduleError, match="sent cannot become planned"):
        check_move(MessageState.SENT, MessageState.PLANNED)


def test_every_kind_has_a_policy_for_an_unknown_outcome() -> None:
    repeats = {kind.value: after_unknown(kind).repeat for kind in MessageKind}
    assert repeats == {
        "prompt": Repeat.ONCE,
        "second": Repeat.NEVER,
        "last_call": Repeat.ONCE,
        "snoozed": Repeat.ONCE,
        "outage": Repeat.NEVER,
        "closing": Repeat.UNTIL_DONE,
        "thank_you": Repeat.NEVER,
        "reply": Repeat.ONCE,
        "edit": Repeat.UNTIL_DONE,
        "staff": Repeat.ONCE,
    }


def test_a_prompt_goes_once_more_after_a_minute_if_the_day_is_open_and_untouched() -> None:
    late = T0 + HOUR
    assert resend_at(MessageKind.PROMPT, T0, copies=1, not_after=late) == T0 + timedelta(seconds=60)
    assert resend_at(MessageKind.LAST_CALL, T0, copies=1, not_after=late) == T0 + timedelta(seconds=120)
    assert resend_at(MessageKind.PROMPT, T0, copies=2, not_after=late) is None
    assert resend_at(MessageKind.PROMPT, T0, copies=1, not_after=late, touched=True) is None
    assert resend_at(MessageKind.PROMPT, T0, copies=1, not_after=late, day_open=False) is None
    assert resend_at(MessageKind.PROMPT, T0, copies=1, not_after=T0 + timedelta(seconds=59)) is None


def test_an_edit_is_repeated_until_done_and_a_second_reminder_never() -> None:
    assert resend_at(MessageKind.EDIT, T0, copies=9, not_after=T0 + HOUR, touched=True) == T0
    assert resend_at(MessageKind.SECOND, T0, copies=1, not_after=T0 + HOUR) is None
    assert resend_at(MessageKind.REPLY, T0, copies=1, not_after=T0 + HOUR, touched=True) == T0


def test_back_off_doubles_up_to_five_minutes_with_half_of_it_random() -> None:
    rng = Random(7)
    for attempt, full in [(0, 2), (1, 2), (2, 4), (5, 32), (8, 256), (9, 300), (10_000, 300)]:
        pauses = [backoff(attempt, rng).total_seconds() for _ in range(50)]
        assert full / 2 <= min(pauses) < max(pauses) <= full


def test_queued_messages_expire_by_kind() -> None:
    noon = instant(T0.date(), T0.time().replace(hour=12), SHANGHAI)
    assert noon == T0
    assert expiry(MessageKind.REPLY, T0, SHANGHAI) == T0 + 24 * HOUR
    assert expiry(MessageKind.EDIT, T0, SHANGHAI, day_closes_at=T0 + HOUR) == T0 + 25 * HOUR
    assert expiry(MessageKind.EDIT, T0, SHANGHAI, day_closes_at=T0 - 48 * HOUR) == T0 + 24 * HOUR
    assert expiry(MessageKind.EDIT, T0, SHANGHAI) == T0 + 24 * HOUR
    assert expiry(MessageKind.THANK_YOU, T0, SHANGHAI) == T0 + 12 * HOUR
    assert expiry(MessageKind.STAFF, T0 - HOUR, SHANGHAI) == T0
    assert expiry(MessageKind.STAFF, T0, SHANGHAI) == T0 + 24 * HOUR


def test_a_planned_kind_has_its_limit_from_the_plan() -> None:
    with pytest.raises(ScheduleError, match="comes with the plan"):
        expiry(MessageKind.PROMPT, T0, SHANGHAI)
