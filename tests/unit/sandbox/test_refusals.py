"""What a bot can do wrong, and how Telegram says so."""

import json

import pytest

ANN = 5_000_000_001


def markup(*buttons: dict[str, object]) -> str:
    return json.dumps({"inline_keyboard": [list(buttons)]})


MESSAGES = [
    ("unknown_parameter", {"txt": "x"}, 'Bad Request: unknown parameter "txt"'),
    ("missing_parameter", {"chat_id": None}, "Bad Request: chat_id is empty"),
    ("missing_parameter", {"text": None}, "Bad Request: message text is empty"),
    ("bad_text", {"text": "   "}, "Bad Request: message text is empty"),
    ("bad_text", {"text": "<b> </b>", "parse_mode": "HTML"}, "Bad Request: message text is empty"),
    ("bad_text", {"text": "x" * 4097}, "Bad Request: message is too long"),
    ("bad_parameter", {"chat_id": "@someone"}, "Bad Request: chat not found"),
    ("bad_parameter", {"parse_mode": "BBCode"}, "Bad Request: unsupported parse_mode"),
    ("bad_parameter", {"message_thread_id": "3"}, "Bad Request: message thread not found"),
    ("bad_parameter", {"reply_markup": "{"}, "Bad Request: can't parse reply keyboard markup JSON object"),
    ("bad_markup", {"reply_markup": "[]"}, "Bad Request: object expected as reply markup"),
    (
        "bad_markup",
        {"reply_markup": markup({"text": "A", "callback_data": "数" * 22})},
        "Bad Request: BUTTON_DATA_INVALID",
    ),
    (
        "bad_markup",
        {"reply_markup": markup({"text": "", "callback_data": "a"})},
        "Bad Request: inline keyboard button text is empty",
    ),
    (
        "bad_markup",
        {"reply_markup": markup({"text": "A"})},
        "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        "bad_markup",
        {"reply_markup": markup({"text": "A", "callback_data": ""})},
        "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        "bad_markup",
        {"reply_markup": markup({"text": "A", "callback_data": "a", "url": "https://example.org"})},
        ("Bad Request: can't parse inline keyboard button: exactly one action is allowed, found url and callback_data"),
    ),
    (
        "bad_markup",
        {"reply_markup": markup({"text": "A", "callback_data": "a", "colour": "red"})},
        'Bad Request: can\'t parse inline keyboard button: unknown field "colour"',
    ),
    (
        "bad_markup",
        {"reply_markup": markup({"text": "A", "callback_data": "a", "style": "loud"})},
        "Bad Request: BUTTON_STYLE_INVALID",
    ),
    (
        "bad_markup",
        {"reply_markup": markup(*[{"text": "A", "callback_data": "a"}] * 9)},
        "Bad Request: REPLY_MARKUP_TOO_LONG",
    ),
    ("chat_not_found", {"chat_id": "77"}, "Bad Request: chat not found"),
    (
        "message_not_found",
        {"reply_parameters": '{"message_id": 99}'},
        "Bad Request: message to be replied not found",
    ),
]


@pytest.mark.parametrize(("kind", "change", "description"), MESSAGES)
def test_a_wrong_message_is_refused_in_telegrams_words_and_remembered(talk, kind, change, description):
    parameters = {"chat_id": str(ANN), "text": "hello", **change}
    given = {name: value for name, value in parameters.items() if value is not None}

    assert talk.refusal("sendMessage", **given) == description
    assert [violation.kind for violation in talk.api.violations] == [kind]
    assert talk.api.chat(ANN).from_bot() == []


def test_a_message_at_every_limit_is_delivered(talk):
    data = "数" * 21 + "x"
    sent = talk.result(
        "sendMessage",
        chat_id=str(ANN),
        text=f"<b>{'x' * 4096}</b>",
        parse_mode="HTML",
        reply_markup=markup({"text": "一", "callback_data": data, "style": "primary"}),
    )

    assert len(data.encode()) == 64
    assert sent["entities"] == [{"offset": 0, "length": 4096, "type": "bold"}]
    assert sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == data
    assert talk.api.violations == []


OTHERS = [
    (
        "editMessageText",
        {"chat_id": ANN, "message_id": 99, "text": "x"},
        "Bad Request: message to edit not found",
    ),
    (
        "editMessageText",
        {"chat_id": ANN, "message_id": 1, "text": "x"},
        "Bad Request: message can't be edited",
    ),
    ("editMessageText", {"chat_id": ANN, "text": "x"}, "Bad Request: message identifier is not specified"),
    ("editMessageReplyMarkup", {"chat_id": ANN, "message_id": 99}, "Bad Request: message to edit not found"),
    ("deleteMessage", {"chat_id": ANN, "message_id": 99}, "Bad Request: message to delete not found"),
    ("getChat", {"chat_id": 77}, "Bad Request: chat not found"),
    (
        "sendChatAction",
        {"chat_id": ANN, "action": "dancing"},
        "Bad Request: wrong parameter action in request",
    ),
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "Bad Request: MESSAGE_TOO_LONG"),
    ("answerCallbackQuery", {}, 'Bad Request: parameter "callback_query_id" is required'),
    (
        "setMyCommands",
        {"commands": '[{"command": "Today", "description": "x"}]'},
        "Bad Request: BOT_COMMAND_INVALID",
    ),
    (
        "setMyCommands",
        {"commands": '[{"command": "a", "description": ""}]'},
        "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID",
    ),
    (
        "setMyCommands",
        {"commands": "[]", "language_code": "zh-hans"},
        "Bad Request: invalid language code specified",
    ),
    (
        "setMyCommands",
        {"commands": "[]", "scope": '{"type": "moon"}'},
        "Bad Request: can't parse BotCommandScope: unsupported type",
    ),
    ("setMyName", {"name": "x" * 65}, "Bad Request: name is too long"),
    ("setMyShortDescription", {"short_description": "x" * 121}, "Bad Request: short description is too long"),
    (
        "setChatMenuButton",
        {"menu_button": '{"type": "x"}'},
        "Bad Request: can't parse menu button: MenuButton has unsupported type",
    ),
    (
        "sendPhoto",
        {"chat_id": ANN, "photo": "https://example.org/a.png"},
        "Bad Request: wrong file identifier/HTTP URL specified",
    ),
    (
        "sendPhoto",
        {"chat_id": ANN, "photo": "attach://gone"},
        "Bad Request: there is no photo in the request",
    ),
    ("sendPhoto", {"chat_id": ANN, "photo": b"GIF89a"}, "Bad Request: IMAGE_PROCESS_FAILED"),
    (
        "setWebhook",
        {"url": "ftp://127.0.0.1/x"},
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
    ),
    (
        "setWebhook",
        {"url": "https://example.org/x"},
        "Bad Request: bad webhook: the sandbox delivers to this machine only",
    ),
    (
        "setWebhook",
        {"url": "http://127.0.0.1/x", "secret_token": "a b"},
        "Bad Request: secret token contains unallowed characters",
    ),
    ("getUpdates", {"offset": "soon"}, 'Bad Request: parameter "offset" must be an Integer'),
    ("getMe", {"colour": "red"}, 'Bad Request: unknown parameter "colour"'),
    ("flyToTheMoon", {}, "Not Found"),
]


@pytest.mark.parametrize(("method", "parameters", "description"), OTHERS)
def test_every_other_wrong_call_is_refused_in_telegrams_words(talk, method, parameters, description):
    assert talk.refusal(method, **parameters) == description
    assert [violation.method for violation in talk.api.violations] == [method]


def test_a_wrong_token_is_unauthorised_whatever_is_asked(talk):
    reply = talk.api.call(talk.now, "123456:other", "getMe", {})

    assert reply == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})


def test_method_names_are_read_in_any_case(talk):
    assert talk.result("getme")["username"] == "diary_bot"


def test_nobody_can_be_written_to_before_they_pressed_start(talk):
    talk.api.add_person(6001, "Ben")

    assert talk.refusal("sendMessage", chat_id=6001, text="hi") == "Bad Request: chat not found"


def test_a_blocked_chat_and_a_deleted_account_are_forbidden(talk):
    card = talk.card("A")
    talk.api.block(talk.now, ANN)
    assert talk.refusal("sendMessage", chat_id=ANN, text="hi") == "Forbidden: bot was blocked by the user"
    assert talk.call("editMessageText", chat_id=ANN, message_id=card, text="hi").status == 403

    talk.api.unblock(talk.now, ANN)
    talk.api.deactivate(ANN)
    assert talk.refusal("sendMessage", chat_id=ANN, text="hi") == "Forbidden: user is deactivated"


def test_an_edit_that_changes_nothing_is_refused_and_one_without_buttons_removes_them(talk):
    card = talk.card("A")
    same = markup({"text": "A", "callback_data": "A"})

    refusal = talk.refusal("editMessageText", chat_id=ANN, message_id=card, text="card", reply_markup=same)
    assert refusal.startswith("Bad Request: message is not modified: ")
    assert "reply_markup" not in talk.result("editMessageText", chat_id=ANN, message_id=card, text="card")
    assert talk.refusal("editMessageReplyMarkup", chat_id=ANN, message_id=card).startswith(
        "Bad Request: message is not modified"
    )


def test_a_bot_edits_its_own_message_at_any_age_but_deletes_it_for_two_days_only(talk):
    card = talk.card("A")
    talk.later(49 * 3600)

    assert talk.result("editMessageText", chat_id=ANN, message_id=card, text="old")["edit_date"]
    assert talk.refusal("deleteMessage", chat_id=ANN, message_id=card).endswith("can't be deleted for everyone")


def test_a_photo_is_kept_and_can_be_sent_again_by_its_id(talk):
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (8).to_bytes(4) + (5).to_bytes(4)
    sent = talk.result("sendPhoto", chat_id=ANN, photo="attach://file0", file0=png, caption="week")
    again = talk.result("sendPhoto", chat_id=ANN, photo=sent["photo"][0]["file_id"])

    assert (sent["photo"][0]["width"], sent["photo"][0]["height"]) == (8, 5)
    assert sent["caption"] == "week"
    assert again["photo"] == sent["photo"]
