"""Typing instead of tapping."""

import pytest

from bot.chat.commands import Standing
from bot.chat.outcomes import PassToSite, RecordAnswer
from bot.chat.texts import step_attachment, step_edit, step_text
from bot.diary.card import Shown
from bot.diary.items import Item
from tests.support.cards import ALL_ANSWERED, Finger, a_context, a_state

AT_STOOLS = a_state(shown=Shown.QUESTION, item=Item.STOOLS)
AT_PAIN = a_state(shown=Shown.QUESTION, item=Item.PAIN, answers={Item.STOOLS: 3})


@pytest.mark.parametrize("text", ["4", "４", "四", "4次", "4 times", "  4 。"])
def test_a_typed_number_answers_the_question_on_screen(text):
    outcome = Finger(AT_STOOLS).send(text)
    assert outcome.intents == (RecordAnswer(Item.STOOLS, 4),)
    assert (outcome.state.item, outcome.redraw, outcome.reply) == (Item.PAIN, True, None)


@pytest.mark.parametrize("text", ["1", "一", "mild", "Mild", "轻度", "1 轻度", "1 Mild"])
def test_an_anchor_word_answers_too(text):
    assert Finger(AT_PAIN).send(text).intents == (RecordAnswer(Item.PAIN, 1),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3-4", "range"),
        ("三四次", "range"),
        ("2.5", "decimal"),
        ("-2", "negative"),
        ("51", "too_large"),
        ("a lot", "vague"),
        ("很多次", "vague"),
        ("...", "empty"),
    ],
)
def test_a_doubtful_number_gets_one_friendly_example(text, reason):
    outcome = Finger(AT_STOOLS).send(text)
    assert (outcome.intents, outcome.state, outcome.redraw) == ((), AT_STOOLS, False)
    assert outcome.reply is not None
    assert outcome.reply.message_id == f"typed.{reason}"
    assert outcome.reply.params == {"item": Item.STOOLS}


@pytest.mark.parametrize("text", ["There was blood today", "今天便血了，怎么办", "今天4次", "👍"])
def test_prose_is_passed_on_and_never_taken_as_an_answer(text):
    outcome = Finger(AT_STOOLS).send(text)
    assert (outcome.intents, outcome.state) == ((PassToSite(),), AT_STOOLS)
    assert outcome.reply is not None
    assert outcome.reply.message_id == "typed.passed_on"


def test_a_count_with_its_unit_is_no_answer_to_a_question_that_counts_nothing():
    assert Finger(AT_PAIN).send("3次").intents == ()


def test_an_unusual_typed_number_is_confirmed_first():
    finger = Finger(AT_STOOLS)
    finger.send("17")
    assert (finger.intents, finger.state.shown, finger.state.pending) == ([], Shown.CONFIRM, 17)


@pytest.mark.parametrize("text", ["yes", "是的", "对"])
def test_a_typed_yes_confirms(text):
    finger = Finger(a_state(shown=Shown.CONFIRM, item=Item.STOOLS, pending=17))
    finger.send(text)
    assert finger.intents == [RecordAnswer(Item.STOOLS, 17)]


@pytest.mark.parametrize(
    ("text", "shown", "recorded"),
    [("不是", Shown.QUESTION, []), ("7", Shown.QUESTION, [RecordAnswer(Item.STOOLS, 7)]), ("17", Shown.CONFIRM, [])],
)
def test_at_a_confirmation_a_no_a_new_number_and_the_same_number_are_told_apart(text, shown, recorded):
    finger = Finger(a_state(shown=Shown.CONFIRM, item=Item.STOOLS, pending=17))
    finger.send(text)
    assert (finger.state.shown, finger.intents) == (shown, recorded)


@pytest.mark.parametrize(
    ("state", "message_id"),
    [
        (a_state(), "number.waiting"),
        (a_state(shown=Shown.SNOOZE), "number.waiting"),
        (a_state(shown=Shown.REVIEW, answers=ALL_ANSWERED), "number.review"),
        (a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True), "number.saved"),
    ],
)
def test_a_number_is_never_stored_while_no_question_is_shown(state, message_id):
    outcome = Finger(state).send("4")
    assert (outcome.state, outcome.intents) == (state, ())
    assert outcome.reply is not None
    assert outcome.reply.message_id == message_id


def test_words_to_a_card_without_a_question_are_passed_on():
    outcome = Finger(a_state()).send("I feel dizzy")
    assert outcome.intents == (PassToSite(),)


def test_words_to_a_closed_card_are_passed_on():
    outcome = Finger(a_state(), a_context(open=False)).send("I feel dizzy")
    assert outcome.intents == (PassToSite(),)


def test_without_any_card_a_number_is_not_stored_and_words_are_passed_on():
    number = step_text("4", Standing()).reply
    assert number is not None
    assert number.message_id == "number.none"
    assert step_text("I feel dizzy", Standing()).intents == (PassToSite(),)


def test_after_withdrawal_words_still_reach_the_site():
    assert step_text("I feel dizzy", Standing(withdrawn=True)).intents == (PassToSite(),)


@pytest.mark.parametrize("step", [step_attachment, step_edit, lambda standing: step_text("hello", standing)])
def test_a_stranger_gets_the_neutral_sentence_and_leaves_nothing(step):
    outcome = step(Standing(joined=False))
    assert outcome.intents == ()
    assert outcome.reply.message_id == "unknown_sender"


def test_pictures_and_edits_have_their_own_answers():
    assert [step(Standing()).reply.message_id for step in (step_attachment, step_edit)] == ["attachment", "edited"]
