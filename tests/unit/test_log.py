"""Logs: no token, no words of a person, no values in tracebacks, whatever part they came from."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import BaseRequest

from bot.log import HIDDEN, WITHHELD, get_logger, redact, set_up

TOKEN = "123456789:AAF-planted_token_of_the_usual_shape_0"
WORDS = "I saw blood this morning"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up(stream=stream, secrets=("odd-secret",))
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_allowed_keys_are_written_and_others_left_out(written: io.StringIO) -> None:
    get_logger("bot.test").info("update_handled", inbox_id=7, kind="reply", text=WORDS, answer=9)
    (line,) = lines(written)
    assert (line["event"], line["inbox_id"], line["kind"]) == ("update_handled", 7, "reply")
    assert not {"text", "answer"} & line.keys()


def test_words_under_an_allowed_key_are_withheld(written: io.StringIO) -> None:
    get_logger("bot.test").info("update_handled", reason=WORDS, code="便血", outcome=["a", WORDS])
    (line,) = lines(written)
    assert (line["reason"], line["code"], line["outcome"]) == (WITHHELD, WITHHELD, WITHHELD)


def test_an_exception_is_written_as_classes_and_places_without_message_or_values(written: io.StringIO) -> None:
    planted = WORDS
    try:
        try:
            int(planted)
        except ValueError as error:
            raise RuntimeError(f"cannot use {planted}") from error
    except RuntimeError:
        get_logger("bot.test").exception("handling_failed", inbox_id=7)
    (line,) = lines(written)
    assert line["error"] == "RuntimeError"
    assert any("test_log.py" in place for place in line["trace"])  # type: ignore[attr-defined]
    assert "ValueError" in line["trace"]  # type: ignore[operator]
    assert WORDS not in written.getvalue()


def test_a_librarys_record_keeps_its_template_but_not_its_arguments(written: io.StringIO) -> None:
    logging.getLogger("telegram.ext").critical("Error while parsing updates! Received data was %r", WORDS)
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: <Task {WORDS}>")  # noqa: G004
    assert [line["event"] for line in lines(written)] == [
        "Error while parsing updates! Received data was %r",
        "Task exception was never retrieved",
    ]
    assert WORDS not in written.getvalue()


def test_the_transport_says_nothing_about_addresses(written: io.StringIO) -> None:
    for name in ("aiohttp.client", "httpx", "httpcore.http11", "apscheduler.scheduler", "telegram.Bot"):
        logging.getLogger(name).info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", TOKEN)
    assert written.getvalue() == ""


def test_tokens_are_blotted_out_wherever_they_hide(written: io.StringIO) -> None:
    logging.getLogger("some.library").error(f"refused https://api.telegram.org/bot{TOKEN}/getMe")  # noqa: G004
    logging.getLogger("some.library").error("odd-secret")
    assert TOKEN not in written.getvalue()
    assert "odd-secret" not in written.getvalue()
    assert written.getvalue().count(HIDDEN) == 2
    assert redact(f"bot{TOKEN.replace(':', '%3A')}/getMe") == f"bot{HIDDEN}/getMe"


class RefusingRequest(BaseRequest):
    """Answers every call as Telegram answers a token it does not know."""

    read_timeout = None

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(self, *_args: object, **_kwargs: object) -> tuple[int, bytes]:
        return 401, b'{"ok": false, "error_code": 401, "description": "Unauthorized"}'


async def test_a_refused_token_is_in_the_exception_of_the_client_but_in_no_line(
    written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    bot = Bot(TOKEN, request=RefusingRequest(), get_updates_request=RefusingRequest())
    log = get_logger("bot.test")
    with pytest.raises(InvalidToken, match=TOKEN) as refusal:
        await bot.initialize()
    log.error("refused", code=str(refusal.value), exc_info=refusal.value)
    logging.getLogger("some.library").error("refused %s", refusal.value, exc_info=refusal.value)
    with pytest.raises(TelegramError):
        await bot.send_message(1, WORDS)
    assert len(lines(written)) >= 2
    seen = written.getvalue() + "".join(capfd.readouterr())
    assert TOKEN not in seen
    assert WORDS not in seen
