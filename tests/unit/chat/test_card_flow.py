"""A diary day from Start to Submit, and every way about on the card."""

from dataclasses import replace

import pytest

from bot.chat.outcomes import MarkHelped, RecordAnswer, RequestCorrection, SnoozeUntil, SubmitEntry
from bot.diary.card import Shown, Tap, rest
from bot.diary.items import DAILY_ITEMS, Item
from tests.support.cards import ALL_ANSWERED, DAY, KEY, Finger, a_context, a_state, find, labels, next_morning

HAPPY_PATHS = {
    "en": ("Start", "3", "1 Mild", "1 Slightly under par", "Submit"),
    "zh": ("开始", "3", "1 轻度", "1 稍差", "提交"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_day_is_finished_in_five_taps(language):
    finger = Finger(language=language)
    finger.press_all(*HAPPY_PATHS[language])
    assert finger.taps == 5
    assert finger.intents == [
        RecordAnswer(Item.STOOLS, 3),
        RecordAnswer(Item.PAIN, 1),
        RecordAnswer(Item.WELLBEING, 1),
        SubmitEntry(),
    ]
    assert finger.state.shown is Shown.SAVED
    assert finger.state.submitted


def test_ten_or_more_stools_cost_one_tap_more():
    finger = Finger()
    finger.press_all("Start", "10+", "12", "0 None", "0 Generally well", "Submit")
    assert finger.taps == 6
    assert finger.state.answers == {Item.STOOLS: 12, Item.PAIN: 0, Item.WELLBEING: 0}


def test_a_fourth_item_is_asked_last_and_costs_one_tap_more():
    finger = Finger(context=a_context(items=(*DAILY_ITEMS, Item.ANTIDIARRHOEAL)))
    finger.press_all("Start", "3", "1 Mild", "2 Poor", "1 Yes", "Submit")
    assert finger.taps == 6
    assert finger.state.answers[Item.ANTIDIARRHOEAL] == 1


def test_an_unusual_number_is_recorded_only_after_yes():
    finger = Finger()
    finger.press_all("Start", "10+", "17")
    assert finger.intents == []
    finger.press("Yes, 17")
    assert finger.intents == [RecordAnswer(Item.STOOLS, 17)]
    assert finger.state.item is Item.PAIN


def test_an_unusual_number_can_be_taken_back():
    finger = Finger()
    finger.press_all("Start", "10+", "17", "Change", "7")
    assert finger.intents == [RecordAnswer(Item.STOOLS, 7)]


def test_fifteen_stools_are_not_unusual():
    finger = Finger()
    finger.press_all("Start", "10+", "15")
    assert finger.intents == [RecordAnswer(Item.STOOLS, 15)]


def test_twenty_or_more_are_typed_and_confirmed():
    finger = Finger()
    finger.press_all("Start", "10+", "20+")
    assert finger.state.shown is Shown.TYPED
    finger.send("22次")
    finger.press("Yes, 22")
    assert finger.intents == [RecordAnswer(Item.STOOLS, 22)]


def test_change_of_one_answer_leads_back_to_the_review():
    finger = Finger(a_state(shown=Shown.REVIEW, answers=ALL_ANSWERED))
    finger.press_all("Change pain", "2 Moderate")
    assert finger.state.shown is Shown.REVIEW
    assert finger.intents == [RecordAnswer(Item.PAIN, 2)]


def test_choosing_the_same_answer_again_records_nothing():
    finger = Finger(a_state(shown=Shown.REVIEW, answers=ALL_ANSWERED, submitted=True))
    finger.press_all("Change pain", "1 Mild")
    assert finger.intents == []
    assert not finger.state.changed


def test_a_change_after_submit_needs_submit_again():
    finger = Finger(a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True))
    finger.press_all("Change", "Change stools", "5")
    assert finger.state.submitted
    assert finger.state.changed
    assert "what you saved stands" in finger.see().text
    finger.press("Submit")
    assert finger.intents == [RecordAnswer(Item.STOOLS, 5), SubmitEntry()]
    assert not finger.state.changed


@pytest.mark.parametrize("way_back", ["Submit", "‹ Back"])
def test_a_saved_card_that_was_only_looked_at_is_put_away_without_a_new_submit(way_back):
    finger = Finger(a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True))
    finger.press_all("Change", way_back)
    assert finger.intents == []
    assert finger.state.shown is Shown.SAVED


def test_back_leads_to_the_question_before():
    finger = Finger()
    finger.press_all("Start", "3", "1 Mild", "‹ Back", "‹ Back")
    assert finger.state.item is Item.STOOLS
    assert "‹ Back" not in labels(finger.see())
    finger.press("4")
    assert finger.state.item is Item.WELLBEING


@pytest.mark.parametrize(("way_in", "leads_to"), [("10+", Shown.QUESTION), ("What counts?", Shown.QUESTION)])
def test_back_from_the_second_pad_and_the_definition_leads_to_the_first_pad(way_in, leads_to):
    finger = Finger()
    finger.press_all("Start", way_in, "‹ Back")
    assert (finger.state.shown, finger.state.item) == (leads_to, Item.STOOLS)


def test_back_from_typing_leads_to_the_second_pad():
    finger = Finger()
    finger.press_all("Start", "10+", "20+", "‹ Back")
    assert finger.state.shown is Shown.MORE


def test_help_is_noted_once():
    finger = Finger(a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True))
    outcome = finger.press("Someone helped me")
    assert (finger.intents, outcome.toast) == ([MarkHelped()], "toast.helped")
    assert labels(finger.see()) == ("Change",)
    assert "someone helped you" in finger.see().text


def test_later_puts_the_card_back_to_its_neutral_text():
    finger = Finger()
    finger.press_all("Start", "Later", "In 30 minutes")
    assert finger.intents == [SnoozeUntil("30")]
    assert labels(finger.see()) == ("Start",)


def test_the_morning_is_called_today_after_midnight():
    early = a_context(today=DAY.replace(day=6), snooze=("830",))
    finger = Finger(context=early)
    finger.press_all("Start", "Later")
    assert labels(finger.see()) == ("Today 08:30", "‹ Back")
    finger.press("Today 08:30")
    assert finger.intents == [SnoozeUntil("830")]


def test_later_is_offered_on_the_first_question_only_and_only_with_a_time():
    assert "Later" in labels(Finger(a_state(shown=Shown.QUESTION, item=Item.STOOLS)).see())
    second = a_state(shown=Shown.QUESTION, item=Item.PAIN, answers={Item.STOOLS: 3})
    assert "Later" not in labels(Finger(second).see())
    no_time = Finger(a_state(shown=Shown.QUESTION, item=Item.STOOLS), a_context(snooze=()))
    assert "Later" not in labels(no_time.see())
    changing = a_state(shown=Shown.QUESTION, item=Item.STOOLS, answers=ALL_ANSWERED)
    assert "Later" not in labels(Finger(changing).see())


def test_a_snooze_that_became_impossible_is_refused_and_the_question_shown():
    finger = Finger()
    finger.press_all("Start", "Later")
    tap = find(finger.see(), "In 30 minutes")
    finger.context = a_context(snooze=("830",))
    outcome = finger.send(tap)
    assert (outcome.toast, finger.intents, finger.state.shown) == ("toast.snooze_gone", [], Shown.QUESTION)


START_LEADS_TO = [
    (a_state(), Shown.QUESTION, Item.STOOLS),
    (a_state(answers={Item.STOOLS: 3}), Shown.QUESTION, Item.PAIN),
    (a_state(answers=ALL_ANSWERED), Shown.REVIEW, None),
    (a_state(answers=ALL_ANSWERED, submitted=True), Shown.SAVED, None),
    (a_state(answers=ALL_ANSWERED, submitted=True, changed=True), Shown.REVIEW, None),
    (a_state(shown=Shown.CONFIRM, item=Item.STOOLS, pending=17), Shown.CONFIRM, Item.STOOLS),
    (a_state(shown=Shown.QUESTION, item=Item.WELLBEING, answers={Item.STOOLS: 3}), Shown.QUESTION, Item.WELLBEING),
]


@pytest.mark.parametrize(("state", "shown", "item"), START_LEADS_TO)
@pytest.mark.parametrize("revision", [0, 5, 4000])
def test_start_on_any_copy_continues_where_the_card_stands(state, shown, item, revision):
    outcome = Finger(state).send(Tap(KEY, "g", "", revision))
    assert (outcome.state.shown, outcome.state.item) == (shown, item)
    assert outcome.redraw
    assert outcome.toast is None


def test_a_fresh_copy_keeps_answers_and_makes_older_buttons_stale():
    state = a_state(shown=Shown.QUESTION, item=Item.PAIN, answers={Item.STOOLS: 3})
    rested = rest(state)
    assert (rested.shown, rested.answers, rested.revision) == (Shown.NEUTRAL, {Item.STOOLS: 3}, 6)


def test_switching_language_in_mid_question_keeps_every_answer():
    finger = Finger()
    finger.press_all("Start", "3")
    finger.language = "zh"
    finger.press_all("1 轻度", "1 稍差", "提交")
    assert finger.state.answers == ALL_ANSWERED


@pytest.mark.parametrize("incoming", [Tap(KEY, "p", "2", 5), Tap(KEY, "g", "", 5), Tap(KEY, "y", "", 5), "3", "三"])
def test_a_closed_day_takes_nothing(incoming):
    state = a_state(shown=Shown.QUESTION, item=Item.PAIN, answers={Item.STOOLS: 3})
    outcome = Finger(state, a_context(open=False)).send(incoming)
    assert outcome.state == replace(state, shown=Shown.CLOSED, item=None, revision=6)
    assert outcome.intents == ()
    assert outcome.redraw
    assert outcome.toast == "toast.closed" or outcome.reply is not None


def test_a_correction_is_asked_for_after_closing_only():
    ask = Tap(KEY, "r", "", 0)
    saved = a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True)
    assert Finger(saved).send(ask).toast == "toast.still_open"
    outcome = Finger(saved, a_context(open=False)).send(ask)
    assert outcome.intents == (RequestCorrection(DAY),)


def test_a_card_closed_by_mistake_goes_on_when_the_day_is_open_again():
    state = a_state(shown=Shown.CLOSED, answers={Item.STOOLS: 3})
    outcome = Finger(state, next_morning(a_context())).send(Tap(KEY, "p", "2", 5))
    assert outcome.intents == ()
    assert (outcome.state.shown, outcome.state.item) == (Shown.QUESTION, Item.PAIN)
