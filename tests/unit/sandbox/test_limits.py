"""Sending limits: bursts pass, then a second per message and a 429 with the seconds to wait."""

ANN = 5_000_000_001


def test_a_burst_passes_and_the_next_message_is_told_how_long_to_wait(limited_talk):
    talk = limited_talk(chat_burst=3)
    statuses = [talk.call("sendMessage", chat_id=ANN, text="x").status for _ in range(4)]
    status, body = talk.call("sendMessage", chat_id=ANN, text="x")

    assert statuses == [200, 200, 200, 429]
    assert status == 429
    assert body["description"] == "Too Many Requests: retry after 1"
    assert body["parameters"] == {"retry_after": 1}
    assert [violation.kind for violation in talk.api.violations] == ["flood", "flood_ignored"]


def test_after_the_wait_one_message_a_second_goes_through(limited_talk):
    talk = limited_talk(chat_burst=1)
    for _ in range(5):
        assert talk.call("sendMessage", chat_id=ANN, text="x").status == 200
        talk.later(1)
    assert talk.api.violations == []


def test_all_chats_together_share_thirty_a_second(limited_talk):
    talk = limited_talk()
    chats = range(1, 41)
    for chat in chats:
        talk.api.add_person(chat, f"P{chat}")
        talk.api.start(talk.now, chat)

    statuses = [talk.call("sendMessage", chat_id=chat, text="x").status for chat in chats]
    assert statuses == [200] * 30 + [429] * 10


def test_answers_to_taps_do_not_count(limited_talk):
    talk = limited_talk(chat_burst=1)
    talk.card("A")
    for _ in range(5):
        callback = talk.api.tap_label(talk.now, ANN, "A")
        assert talk.call("answerCallbackQuery", callback_query_id=callback).status == 200


def test_a_refused_message_does_not_use_up_the_limit(limited_talk):
    talk = limited_talk(chat_burst=1)
    for _ in range(5):
        assert talk.call("sendMessage", chat_id=ANN, text="").status == 400
    assert talk.call("sendMessage", chat_id=ANN, text="x").status == 200
