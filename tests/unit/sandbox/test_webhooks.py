"""The webhook's queue: order within a chat, taps beside texts, and the back-off."""

ANN = 5_000_000_001


def hooked(talk):
    talk.updates(offset=700000002)
    talk.result("setWebhook", url="http://127.0.0.1:1/hook", secret_token="s3cret", max_connections="2")
    return talk


def due(talk):
    return [queued.update_id - 700000000 for queued in talk.api.webhook_due(talk.now)]


def test_texts_keep_their_order_while_a_tap_may_overtake_them(talk):
    hooked(talk)
    talk.card("A")
    talk.api.say(talk.now, ANN, "1")
    talk.api.say(talk.now, ANN, "2")
    talk.api.tap_label(talk.now, ANN, "A")
    first, tap = talk.api.webhook_due(talk.now)

    assert (first.body["message"]["text"], tap.body["callback_query"]["data"]) == ("1", "A")
    assert due(talk) == []
    talk.api.webhook_succeeded(first)
    assert due(talk) == [3]


def test_no_more_posts_than_connections_are_under_way(talk):
    hooked(talk)
    for person in (1, 2, 3):
        talk.api.add_person(person, "P")
        talk.api.start(talk.now, person)

    assert len(talk.api.webhook_due(talk.now)) == 2
    assert due(talk) == []


def test_a_refused_update_is_tried_at_once_then_after_two_four_eight_seconds(talk):
    hooked(talk)
    talk.api.say(talk.now, ANN, "1")
    waits = []
    for _ in range(9):
        waited = 0
        while not (queued := talk.api.webhook_due(talk.now)):
            talk.later(1)
            waited += 1
        waits.append(waited)
        talk.api.webhook_failed(talk.now, queued[0], "Wrong response from the webhook: 500 Internal Server Error")

    assert waits[:7] == [0, 0, 2, 4, 8, 16, 32]
    assert all(60 <= wait <= 121 for wait in waits[7:])
    info = talk.result("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert (info["pending_update_count"], info["max_connections"]) == (1, 2)


def test_retry_after_is_honoured_up_to_an_hour(talk):
    hooked(talk)
    talk.api.say(talk.now, ANN, "1")
    (queued,) = talk.api.webhook_due(talk.now)
    talk.api.webhook_failed(talk.now, queued, "busy", retry_after=9999)
    talk.later(3599)
    assert due(talk) == []
    talk.later(1)
    assert due(talk) == [2]


def test_the_secret_is_never_shown(talk):
    hooked(talk)
    assert "s3cret" not in str(talk.result("getWebhookInfo"))
