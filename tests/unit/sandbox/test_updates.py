"""getUpdates: offsets, confirmation, limits, kinds and conflicts."""

ANN = 5_000_000_001


def ids(updates):
    return [update["update_id"] for update in updates]


def test_updates_stay_until_a_later_offset_confirms_them(talk):
    talk.api.say(talk.now, ANN, "one")
    first, second = ids(talk.updates())
    talk.later(1)

    assert ids(talk.updates()) == [first, second]
    assert ids(talk.updates(offset=second)) == [second]
    talk.later(1)
    assert ids(talk.updates()) == [second]
    assert talk.updates(offset=second + 1) == []


def test_a_negative_offset_keeps_that_many_from_the_end(talk):
    for text in "abc":
        talk.api.say(talk.now, ANN, text)

    assert [update["message"]["text"] for update in talk.updates(offset=-2)] == ["b", "c"]


def test_limit_is_held_between_one_and_a_hundred(talk):
    for number in range(120):
        talk.api.say(talk.now, ANN, str(number))

    assert len(talk.updates(limit=3)) == 3
    assert len(talk.updates(offset=1, limit=500)) == 100


def test_asking_again_for_the_same_offset_at_once_gets_one_update(talk):
    talk.api.say(talk.now, ANN, "one")
    assert len(talk.updates(offset=5)) == 2
    assert len(talk.updates(offset=5)) == 1
    talk.later(0.5)
    assert len(talk.updates(offset=5)) == 2


def test_only_allowed_kinds_are_queued_and_the_setting_lasts(talk):
    talk.updates(allowed_updates='["callback_query"]')
    talk.api.say(talk.now, ANN, "unwanted")
    talk.card("A")
    talk.api.tap_label(talk.now, ANN, "A")
    talk.later(1)

    (tap,) = talk.updates(offset=700000002)
    assert "callback_query" in tap
    talk.updates(offset=700000099, allowed_updates="[]")
    talk.api.say(talk.now, ANN, "wanted again")
    talk.later(1)
    assert talk.updates()[0]["message"]["text"] == "wanted again"


def test_an_edited_text_a_block_and_an_unblock_are_updates_too(talk):
    sent = talk.api.say(talk.now, ANN, "3")
    talk.api.edit(talk.now, ANN, sent, "4")
    talk.api.block(talk.now, ANN)
    talk.api.start(talk.now, ANN, "again")
    updates = talk.updates()

    assert updates[2]["edited_message"]["text"] == "4"
    assert [update["my_chat_member"]["new_chat_member"]["status"] for update in updates[3:5]] == [
        "kicked",
        "member",
    ]
    assert updates[5]["message"]["text"] == "/start again"
    assert updates[5]["message"]["entities"] == [{"offset": 0, "length": 6, "type": "bot_command"}]


def test_a_malformed_update_can_be_put_into_the_queue(talk):
    update_id = talk.api.inject(talk.now, {"message": {"date": "yesterday"}})

    assert talk.updates()[-1] == {"update_id": update_id, "message": {"date": "yesterday"}}


def test_an_older_waiting_poller_is_ended_by_a_newer_one(talk):
    talk.updates(offset=700000002)
    waiting = talk.api.poll_ticket
    assert talk.api.poll_again(talk.now, waiting, 100) is None

    talk.updates(offset=700000002)
    status, body = talk.api.poll_again(talk.now, waiting, 100)
    assert status == 409
    assert body["description"].startswith("Conflict: terminated by other getUpdates request")


def test_polling_and_a_webhook_exclude_each_other(talk):
    talk.updates(offset=700000002)
    waiting = talk.api.poll_ticket
    talk.result("setWebhook", url="http://127.0.0.1:1/hook")

    assert talk.refusal("getUpdates").startswith("Conflict: can't use getUpdates method while webhook is active")
    assert talk.api.poll_again(talk.now, waiting, 100).status == 409
    talk.result("deleteWebhook")
    talk.api.say(talk.now, ANN, "back")
    assert talk.updates()[0]["message"]["text"] == "back"


def test_pending_updates_are_dropped_only_on_request(talk):
    talk.result("deleteWebhook")
    assert talk.result("getWebhookInfo")["pending_update_count"] == 1
    talk.result("deleteWebhook", drop_pending_updates="true")
    assert talk.result("getWebhookInfo")["pending_update_count"] == 0
