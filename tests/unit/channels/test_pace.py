"""The rate budget: thirty a second over all, one a second in a chat, silence when asked for it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.pace import CHAT_BURST, CHAT_GAP, GATHER, GATHERS_FOR, LEAD, PER_WINDOW, WINDOW, Pace


def test_thirty_may_go_at_once_and_no_more_within_the_second() -> None:
    pace = Pace()
    for chat in range(PER_WINDOW):
        assert pace.room(10.0) == PER_WINDOW - chat
        pace.take(chat, 10.0)
    assert (pace.room(10.0), pace.room(9.999 + WINDOW - LEAD)) == (0, 0)
    assert pace.delay(10.5) == pytest.approx(WINDOW - LEAD - 0.5)
    assert pace.room(10.001 + WINDOW) == PER_WINDOW
    assert pace.delay(10.001 + WINDOW) == 0.0


def test_a_message_prepared_early_leaves_when_its_turn_comes() -> None:
    pace = Pace()
    for chat in range(PER_WINDOW):
        pace.take(chat, 10.0)
    early = 10.0 + WINDOW - LEAD + 0.01
    assert pace.room(early) == PER_WINDOW
    assert pace.take(99, early).at == pytest.approx(10.0 + WINDOW)
    assert pace.take(98, early + 1.0).at == early + 1.0


def test_a_message_that_left_late_counts_from_when_it_left() -> None:
    pace = Pace(per_window=1)
    pace.take(1, 10.0).at = 10.4  # its transaction took so long
    assert pace.room(10.39 + WINDOW - LEAD) == 0
    assert pace.take(2, 10.4 + WINDOW - LEAD).at == pytest.approx(10.4 + WINDOW)


def spaced(step: float) -> Pace:
    """A budget that is used up, by messages so many seconds apart from 10.0 on."""
    pace = Pace()
    for number in range(PER_WINDOW):
        pace.take(number, 10.0 + number * step)
    return pace


def test_planned_messages_wait_for_room_for_a_few_and_answers_do_not() -> None:
    pace, first = spaced(0.034), 10.001 + WINDOW - LEAD
    assert (pace.room(first), pace.planned_room(first)) == (1, 0)
    assert pace.delay(first) == pytest.approx((GATHER - 1) * 0.034 - 0.001)
    together = first + (GATHER - 1) * 0.034
    assert (pace.planned_room(together), pace.delay(together)) == (GATHER, 0.0)


def test_planned_messages_wait_for_more_room_only_a_moment() -> None:
    pace, first = Pace(), 10.0 + WINDOW - LEAD
    pace.take(1, 10.0)
    for chat in range(2, PER_WINDOW + 1):
        pace.take(chat, 10.9)
    assert pace.planned_room(first + 0.001) == 0
    assert pace.delay(first) == pytest.approx(GATHERS_FOR)
    assert pace.planned_room(first + GATHERS_FOR + 0.001) == 1


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.0, 0.2), st.floats(0.0, 0.3)), min_size=40, max_size=200))
def test_no_second_ever_sees_more_than_thirty(steps: list[tuple[float, float]]) -> None:
    pace, now, sent = Pace(), 0.0, []
    for gap, late in steps:
        now += gap
        if pace.room(now) > 0:
            turn = pace.take(1, now)
            turn.at += late  # as when the commit before it took its time
            sent.append(turn.at)
    assert all(sum(1 for other in sent if at <= other < at + 1.0) <= PER_WINDOW for at in sent)


def test_a_planned_message_keeps_its_distance_in_a_chat_but_not_from_other_chats() -> None:
    pace = Pace()
    pace.take(1, 10.0)
    assert pace.chat_delay(1, 10.5, planned=True) == pytest.approx(CHAT_GAP - 0.5)
    assert pace.chat_delay(1, 10.0 + CHAT_GAP, planned=True) == 0.0
    assert pace.chat_delay(2, 10.0, planned=True) == 0.0


def test_answers_may_follow_a_participants_taps_at_once_a_few_times_and_then_one_a_second() -> None:
    pace = Pace()
    for _ in range(int(CHAT_BURST)):
        assert pace.chat_delay(1, 10.0, planned=False) == 0.0
        pace.take(1, 10.0)
    assert pace.chat_delay(1, 10.0, planned=False) == pytest.approx(CHAT_GAP)
    pace.take(1, 10.0 + CHAT_GAP)
    assert pace.chat_delay(1, 10.5 + CHAT_GAP, planned=False) == pytest.approx(CHAT_GAP - 0.5)
    assert pace.chat_delay(1, 30.0, planned=False) == 0.0


def test_a_pause_silences_everything_and_a_shorter_one_does_not_end_it() -> None:
    pace = Pace()
    pace.pause(5.0, 10.0)
    pace.pause(1.0, 10.0)
    assert (pace.room(14.9), pace.delay(12.0)) == (0, 3.0)
    assert pace.room(15.0) == PER_WINDOW


def test_chats_that_were_quiet_for_long_are_forgotten() -> None:
    pace = Pace(per_window=1)
    for chat in range(10):
        pace.take(chat, 0.0)
    pace.take(99, 100.0)
    assert pace.chat_delay(99, 100.0, planned=True) > 0.0
    assert len(pace._chats) == 1  # memory is what this promise is about
