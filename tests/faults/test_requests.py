"""No request is one that Telegram's documentation forbids; the short form, and what the second reading finds."""

from pathlib import Path

import pytest

from tests.faults.diary_requests import play
from tests.support.bot_api_rules import problems_of
from tests.support.nursery import Nursery


def test_an_evening_of_three_people_in_two_languages_makes_no_invalid_request(tmp_path: Path, nursery: Nursery) -> None:
    assert play(tmp_path, 1, nursery=nursery) > 80


@pytest.mark.parametrize(
    ("method", "given", "problem"),
    [
        ("sendMessage", {"chat_id": "5", "text": ""}, "text: has 0 characters, not 1 to 40000"),
        ("sendMessage", {"chat_id": "5", "text": "a & b", "parse_mode": "HTML"}, "text: an ampersand is not escaped"),
        ("sendMessage", {"chat_id": "5", "text": "<b>a", "parse_mode": "HTML"}, "text: a tag is not closed"),
        ("sendMessage", {"chat_id": "5", "text": "<p>a</p>", "parse_mode": "HTML"}, "text: the tag p is not supported"),
        ("sendMessage", {"chat_id": "5", "text": "字" * 4097}, "text: is too long"),
        ("sendMessage", {"chat_id": "x", "text": "a"}, "chat_id: is no whole number"),
        ("sendMessage", {"chat_id": "5", "text": "a", "colour": "red"}, "colour is no parameter of sendMessage"),
        (
            "answerCallbackQuery",
            {"callback_query_id": "1", "text": "字" * 201},
            "text: has 201 characters, not 0 to 200",
        ),
        ("getUpdates", {"limit": "101"}, "limit: is not between 1 and 100"),
        ("sendDice", {}, "there is no need for a method sendDice"),
        (
            "editMessageText",
            {"chat_id": "5", "message_id": "7", "text": "a",
             "reply_markup": '{"inline_keyboard": [[{"text": "字", "callback_data": "' + "字" * 22 + '"}]]}'},
            "reply_markup: has a button with callback data that is not 1 to 64 bytes long",
        ),
    ],
)  # fmt: skip
def test_the_second_reading_finds_what_the_documentation_forbids(
    method: str, given: dict[str, str], problem: str
) -> None:
    assert problem in list(problems_of(method, given))
