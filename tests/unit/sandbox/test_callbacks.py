"""Taps and their answers: once, in time, and kept for 150 seconds only."""

import random

import pytest

ANN = 5_000_000_001
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


def test_a_tap_arrives_with_its_message_and_is_answered_once(talk):
    card = talk.card("A", "B")
    callback = talk.api.tap_label(talk.now, ANN, "B")
    query = talk.updates()[-1]["callback_query"]

    assert (query["id"], query["data"], query["message"]["message_id"]) == (callback, "B", card)
    assert query["from"]["language_code"] == "zh-hans"
    assert talk.result("answerCallbackQuery", callback_query_id=callback, text="Saved") is True
    assert talk.refusal("answerCallbackQuery", callback_query_id=callback) == TOO_OLD
    assert [toast.text for toast in talk.api.toasts(ANN)] == ["Saved"]
    assert [violation.kind for violation in talk.api.violations] == ["repeated_callback"]


@pytest.mark.parametrize(("seconds", "status"), [(14.9, 200), (15, 400), (600, 400)])
def test_an_answer_counts_for_fifteen_seconds(talk, seconds, status):
    talk.card("A")
    callback = talk.api.tap_label(talk.now, ANN, "A")
    talk.later(seconds)

    assert talk.call("answerCallbackQuery", callback_query_id=callback).status == status


def test_an_unknown_callback_reads_like_a_late_one(talk):
    assert talk.refusal("answerCallbackQuery", callback_query_id="12") == TOO_OLD
    assert talk.api.violations[0].kind == "unknown_callback"


def test_only_buttons_that_are_there_can_be_tapped_unless_the_app_is_forged(talk):
    card = talk.card("A")
    with pytest.raises(ValueError, match="no such button"):
        talk.api.tap(talk.now, ANN, card, "Z")
    with pytest.raises(ValueError, match="begins with"):
        talk.api.tap_label(talk.now, ANN, "Z")

    talk.api.forge_tap(talk.now, ANN, card, "Z")
    assert talk.updates()[-1]["callback_query"]["data"] == "Z"


def test_a_label_finds_the_newest_button_and_an_equal_one_before_a_longer_one(talk):
    old = talk.card("1")
    new = talk.card("10+", "1")
    talk.api.tap_label(talk.now, ANN, "1")
    query = talk.updates()[-1]["callback_query"]

    assert (query["message"]["message_id"], query["data"]) == (new, "1")
    assert new > old


def test_a_tap_on_a_deleted_message_comes_without_its_content(talk):
    card = talk.card("A")
    talk.result("deleteMessage", chat_id=ANN, message_id=card)
    talk.api.forge_tap(talk.now, ANN, card, "A")
    message = talk.updates()[-1]["callback_query"]["message"]

    assert message == {"chat": talk.api.person(ANN).chat_json(), "message_id": card, "date": 0}


def test_taps_are_forgotten_after_150_seconds_and_texts_after_a_day(talk):
    talk.card("A")
    talk.api.tap_label(talk.now, ANN, "A")
    talk.api.say(talk.now, ANN, "4")
    talk.later(149)
    assert [key for update in talk.updates() for key in update if key != "update_id"] == [
        "message", "callback_query", "message",
    ]  # fmt: skip
    talk.later(1)
    assert all("message" in update for update in talk.updates(limit=100))
    talk.later(24 * 3600)
    assert talk.updates(offset=0) == []
    assert talk.api.state.updates.expired == 3


def test_the_same_seed_gives_the_same_callback_ids(talk):
    talk.card("A")
    first = talk.api.tap_label(talk.now, ANN, "A")

    assert first == str(random.Random(0).getrandbits(63) | 1 << 62)
    assert int(first) < 2**63
