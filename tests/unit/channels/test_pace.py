"""The rate budget: thirty a second over all, one a second in a chat, silence when asked for it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.pace import CHAT_BURST, CHAT_GAP, PER_WINDOW, WINDOW, Pace


def test_thirty_may_go_at_once_and_no_more_within_the_second() -> None:
    pace = Pace()
    for chat in range(PER_WINDOW):
        assert pace.room(10.0) == PER_WINDOW - chat
        pace.note(chat, 10.0)
    assert (pace.room(10.0), pace.room(11.0)) == (0, 0)
    assert pace.delay(10.5) == pytest.approx(WINDOW - 0.5)
    assert pace.room(10.001 + WINDOW) == PER_WINDOW
    assert pace.delay(10.001 + WINDOW) == 0.0


@settings(max_examples=50)
@given(st.lists(st.floats(min_value=0.0, max_value=0.2), min_size=40, max_size=200))
def test_no_second_ever_sees_more_than_thirty(gaps: list[float]) -> None:
    pace, now, sent = Pace(), 0.0, []
    for gap in gaps:
        now += gap
        if pace.room(now) > 0:
            pace.note(1, now)
            sent.append(now)
    assert all(sum(1 for other in sent if at <= other < at + 1.0) <= PER_WINDOW for at in sent)


def test_a_planned_message_keeps_its_distance_in_a_chat_but_not_from_other_chats() -> None:
    pace = Pace()
    pace.note(1, 10.0)
    assert pace.chat_delay(1, 10.5, planned=True) == pytest.approx(CHAT_GAP - 0.5)
    assert pace.chat_delay(1, 10.0 + CHAT_GAP, planned=True) == 0.0
    assert pace.chat_delay(2, 10.0, planned=True) == 0.0


def test_answers_may_follow_a_participants_taps_at_once_a_few_times_and_then_one_a_second() -> None:
    pace = Pace()
    for _ in range(int(CHAT_BURST)):
        assert pace.chat_delay(1, 10.0, planned=False) == 0.0
        pace.note(1, 10.0)
    assert pace.chat_delay(1, 10.0, planned=False) == pytest.approx(CHAT_GAP)
    pace.note(1, 10.0 + CHAT_GAP)
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
        pace.note(chat, 0.0)
    pace.note(99, 100.0)
    assert pace.chat_delay(99, 100.0, planned=True) > 0.0
    assert len(pace._chats) == 1  # memory is what this promise is about
