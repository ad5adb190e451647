"""Sending: what each answer of the Bot API, or its silence, means for a message."""

import asyncio
import json
from collections.abc import Callable, Mapping

import pytest
from telegram import Bot
from telegram.error import NetworkError

from bot.actions.prepare_message import Ready
from bot.channels.outcomes import Delivered, Outcome, Refused, Retry, Unknown
from bot.channels.telegram.direct import connect_directly
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.transport import NotSentError
from bot.chat.incoming import CallbackAnswer

TOKEN = "123456789:a-token-that-is-long-enough-to-be-one"
SEND = Ready("send", 5001, "<b>Three</b> questions", ((("Start", "1:key:n:0"),), (("A", "a"), ("B", "b"))))
EDIT = Ready("edit", 5001, "Saved", (), 12)
MESSAGE = {"message_id": 12, "date": 1, "chat": {"id": 5001, "type": "private"}, "text": "x"}

Answer = tuple[int, bytes]
Handler = Callable[[str, Mapping[str, str]], Answer]  # of a method and its fields; may raise what the network would


def bot(handler: Handler) -> Bot:
    async def exchange(method: str, fields: Mapping[str, str]) -> Answer:
        return handler(method, fields)

    return connect_directly(TOKEN, exchange).bot


def sender(handler: Handler) -> TelegramSender:
    return TelegramSender(bot(handler))


def said(status: int, body: object) -> Answer:
    return status, json.dumps(body).encode()


def answering(status: int, body: object) -> Handler:
    return lambda _method, _fields: said(status, body)


def telling(status: int, text: str) -> Handler:
    return lambda _method, _fields: (status, text.encode())


def refusing(status: int, description: str, **parameters: int) -> Handler:
    body = {"ok": False, "error_code": status, "description": description}
    return answering(status, body | ({"parameters": parameters} if parameters else {}))


def raising(error: Exception) -> Handler:
    def fail(_method: str, _fields: Mapping[str, str]) -> Answer:
        raise error

    return fail


async def test_of_the_answer_only_what_tells_the_message_is_read() -> None:
    """Whatever Telegram makes of our words: what it has numbered was delivered."""
    shown = {"entities": [{"offset": "nowhere"}], "reply_markup": 7}
    assert await sender(answering(200, {"ok": True, "result": MESSAGE | shown})).send(SEND) == Delivered(12)


async def test_an_edited_message_is_the_one_that_was_to_be_edited() -> None:
    edited = {"message_id": 12, "date": 1, "edit_date": 2, "chat": "not read"}
    assert await sender(answering(200, {"ok": True, "result": edited})).send(EDIT) == Delivered(12)


async def test_a_message_goes_out_protected_without_previews_and_with_its_buttons() -> None:
    seen: list[dict[str, str]] = []

    def take(method: str, fields: Mapping[str, str]) -> Answer:
        seen.append({"method": method, **fields})
        return said(200, {"ok": True, "result": MESSAGE})

    assert await sender(take).send(SEND) == Delivered(12)
    assert await sender(take).send(EDIT) == Delivered(12)
    sent, edited = seen
    assert sent["method"] == "sendMessage"
    assert (sent["chat_id"], sent["parse_mode"], sent["protect_content"]) == ("5001", "HTML", "true")
    assert json.loads(sent["link_preview_options"]) == {"is_disabled": True}
    assert [
        [button["callback_data"] for button in row] for row in json.loads(sent["reply_markup"])["inline_keyboard"]
    ] == [
        ["1:key:n:0"],
        ["a", "b"],
    ]
    assert edited["method"] == "editMessageText"
    assert edited["message_id"] == "12"
    assert "reply_markup" not in edited


@pytest.mark.parametrize(
    ("handler", "outcome"),
    [
        (refusing(403, "Forbidden: bot was blocked by the user"), Refused("blocked")),
        (refusing(403, "Forbidden: user is deactivated"), Refused("deactivated")),
        (refusing(403, "Forbidden: something new"), Refused("forbidden")),
        (refusing(400, "Bad Request: chat not found"), Refused("chat_not_found")),
        (refusing(400, "Bad Request: message to edit not found"), Refused("message_gone")),
        (refusing(400, "Bad Request: can't parse entities"), Refused("bad_request")),
        (refusing(400, "Bad Request: group upgraded", migrate_to_chat_id=-100), Refused("not_private")),
        (
            refusing(429, "Too Many Requests: retry after 7", retry_after=7),
            Retry("too_many_requests", 7.0, everyone=True),
        ),
        (refusing(401, "Unauthorized"), Retry("token_refused", 60.0, everyone=True)),
        (refusing(500, "Internal Server Error: restart"), Retry("server_500")),
        (refusing(502, "Bad Gateway"), Unknown("server_502")),
        (telling(502, "<html>Bad Gateway</html>"), Unknown("server_502")),
        (telling(503, "<html>"), Unknown("server_503")),
        (telling(200, '{"ok": true, "resu'), Unknown("unreadable_answer")),
        (answering(200, {"ok": True}), Unknown("unreadable_answer")),
        (answering(200, {"ok": True, "result": {"message_id": 12}}), Unknown("unreadable_answer")),
        (raising(TimeoutError()), Unknown("timed_out")),
        (raising(ConnectionResetError()), Unknown("connection_lost")),
        (raising(NetworkError("planted")), Unknown("connection_lost")),
        (raising(NotSentError("planted")), Retry("not_connected")),
    ],
)
async def test_every_answer_has_one_meaning(handler: Handler, outcome: Outcome) -> None:
    assert await sender(handler).send(SEND) == outcome


async def test_an_edit_that_changes_nothing_is_done() -> None:
    unchanged = refusing(400, "Bad Request: message is not modified: specified new message content and reply markup")
    assert await sender(unchanged).send(EDIT) == Delivered(12)


def counting(*answers: Handler) -> tuple[Handler, list[str]]:
    """Each answer in turn, then success; and the paths that were called."""
    called: list[str] = []

    def answer(method: str, fields: Mapping[str, str]) -> Answer:
        called.append(method)
        number = len(called) - 1
        return answers[number](method, fields) if number < len(answers) else said(200, {"ok": True, "result": True})

    return answer, called


@pytest.mark.parametrize(
    ("first", "calls"),
    [
        (refusing(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"), 1),
        (refusing(403, "Forbidden: bot was blocked by the user"), 1),
        (raising(TimeoutError()), 2),
        (raising(NotSentError("planted")), 2),
        (refusing(500, "Internal Server Error"), 2),
    ],
)
async def test_a_tap_is_answered_at_most_twice_and_too_late_counts_as_done(first: Handler, calls: int) -> None:
    handler, called = counting(first)
    await sender(handler).answer(CallbackAnswer("77", "Noted."))
    assert called == ["answerCallbackQuery"] * calls


async def test_answering_a_tap_waits_as_long_as_telegram_asks() -> None:
    handler, called = counting(refusing(429, "Too Many Requests: retry after 1", retry_after=1))
    started = asyncio.get_running_loop().time()
    await sender(handler).answer(CallbackAnswer("77", None))
    assert len(called) == 2
    assert asyncio.get_running_loop().time() - started >= 0.99


async def test_alone_an_edit_that_would_change_nothing_is_spared_and_counts_as_done() -> None:
    asked: list[str] = []
    fail = False

    def take(method: str, _fields: Mapping[str, str]) -> Answer:
        asked.append(method)
        return (502, b"") if fail else said(200, {"ok": True, "result": MESSAGE})

    alone = TelegramSender(bot(take), alone=True)
    same = Ready("edit", 5001, SEND.text, SEND.rows, 12)
    for ready in (SEND, same, EDIT, EDIT, same):
        assert await alone.send(ready) == Delivered(12)
    assert asked == ["sendMessage", "editMessageText", "editMessageText"]
    fail = True
    assert isinstance(await alone.send(EDIT), Unknown)
    fail = False
    assert await alone.send(EDIT) == Delivered(12)  # nobody knew what it showed
    assert len(asked) == 5


async def test_beside_other_processes_every_edit_is_asked_for() -> None:
    asked: list[str] = []

    def take(method: str, _fields: Mapping[str, str]) -> Answer:
        asked.append(method)
        return said(200, {"ok": True, "result": MESSAGE})

    one_of_many = sender(take)
    await one_of_many.send(EDIT)
    await one_of_many.send(EDIT)
    assert len(asked) == 2
