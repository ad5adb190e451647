"""Stale, doubled and forged taps change nothing and get a sensible answer."""

import pytest

from bot.diary.card import Shown, Tap
from bot.diary.items import Item
from tests.support.cards import ALL_ANSWERED, KEY, Finger, a_state, find

AT_PAIN = a_state(shown=Shown.QUESTION, item=Item.PAIN, answers={Item.STOOLS: 3})


def test_a_stale_answer_is_refused_and_the_card_redrawn():
    outcome = Finger(AT_PAIN).send(Tap(KEY, "s", "7", 4))
    assert (outcome.state, outcome.intents) == (AT_PAIN, ())
    assert (outcome.toast, outcome.redraw) == ("toast.stale", True)


@pytest.mark.parametrize("code", ["b", "d", "y", "c", "h", "z", "k", "q"])
def test_any_other_stale_tap_changes_nothing_either(code):
    outcome = Finger(AT_PAIN).send(Tap(KEY, code, "", 4))
    assert (outcome.state, outcome.intents) == (AT_PAIN, ())
    assert (outcome.toast, outcome.redraw) == ("toast.moved_on", True)


def test_a_doubled_answer_is_recorded_once_and_says_nothing():
    finger = Finger(a_state(shown=Shown.QUESTION, item=Item.STOOLS))
    tap = find(finger.see(), "4")
    finger.send(tap)
    again = finger.send(tap)
    assert len(finger.intents) == 1
    assert (again.toast, again.redraw, again.intents) == (None, False, ())


def test_the_same_answer_from_a_much_older_copy_redraws_it():
    finger = Finger(a_state(shown=Shown.QUESTION, item=Item.STOOLS))
    tap = find(finger.see(), "4")
    finger.send(tap)
    finger.press("1 Mild")
    again = finger.send(tap)
    assert (again.toast, again.redraw, again.intents) == (None, True, ())


@pytest.mark.parametrize("label", ["Yes, 17", "Submit", "Someone helped me"])
def test_a_doubled_yes_submit_or_help_counts_once(label):
    before = {
        "Yes, 17": a_state(shown=Shown.CONFIRM, item=Item.STOOLS, pending=17),
        "Submit": a_state(shown=Shown.REVIEW, answers=ALL_ANSWERED),
        "Someone helped me": a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True),
    }[label]
    finger = Finger(before)
    tap = find(finger.see(), label)
    finger.send(tap)
    again = finger.send(tap)
    assert len(finger.intents) == 1
    assert (again.toast, again.redraw) == (None, False)


FORGED = [
    ("p", "4"),
    ("p", "x"),
    ("p", ""),
    ("p", "01"),
    ("s", "3"),
    ("s", "m"),
    ("s", "t"),
    ("w", "1"),
    ("a", "1"),
    ("y", ""),
    ("k", "17"),
    ("c", ""),
    ("c", "p"),
    ("h", ""),
    ("z", ""),
    ("z", "30"),
    ("d", ""),
    ("v", ""),
    ("l", "en"),
]


@pytest.mark.parametrize(("code", "value"), FORGED)
def test_a_tap_that_the_screen_does_not_offer_changes_nothing(code, value):
    outcome = Finger(AT_PAIN).send(Tap(KEY, code, value, AT_PAIN.revision))
    assert (outcome.state, outcome.intents) == (AT_PAIN, ())
    assert (outcome.toast, outcome.redraw) == ("toast.moved_on", True)


def test_numbers_of_the_second_pad_do_not_work_on_the_first():
    first = a_state(shown=Shown.QUESTION, item=Item.STOOLS)
    assert Finger(first).send(Tap(KEY, "s", "12", 5)).intents == ()


def test_submit_is_refused_while_an_answer_is_missing():
    state = a_state(shown=Shown.REVIEW, answers={Item.STOOLS: 3})
    assert Finger(state).send(Tap(KEY, "y", "", 5)).intents == ()
