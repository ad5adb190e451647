"""Every request of a whole diary week, read against Telegram's documentation by other eyes than the sandbox's."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.limits import Limits
from bot.storage.tables import EntryRow, MessageRow
from bot.storage.tables.traffic import ENDS
from tests.support.bot_api_rules import problems_of
from tests.support.live import FIRST_USER, Live, live_site, local, local_day, until

ANN, BO, CHEN = FIRST_USER + 1, FIRST_USER + 2, FIRST_USER + 3


def test_a_whole_week_of_three_people_in_two_languages_makes_no_invalid_request(tmp_path: Path) -> None:
    with live_site(tmp_path, limits=Limits()) as site:
        invitations = {
            ANN: site.enrol_by_command("SH-001", ANN, "en"),
            BO: site.enrol("SH-002", BO, "zh"),
            CHEN: site.enrol("SH-003", CHEN, "zh"),
        }
        site.run()
        site.ready()
        for user, invitation in invitations.items():
            site.join(user, invitation, "en" if user == ANN else "zh")
        first = local_day(site.study_now())
        for number in range(8):
            play_evening(site, first + timedelta(days=number), number)
        site.step_to(local(first + timedelta(days=8), 12, 30))
        for user, command in ((ANN, "/today"), (BO, "/today"), (CHEN, "/start")):
            site.say(user, command)
        site.settle()
        check(site)


def play_evening(site: Live, day: object, number: int) -> None:
    """Ann answers at once, Bo after the second reminder or the last call, Chen now and then."""
    assert hasattr(day, "year")
    site.step_to(local(day, 20, 1))  # type: ignore[arg-type]
    site.answer(ANN, str(number), "1 Mild", "2 Poor")
    if number == 2:
        correct(site)
    if number == 3:
        wander(site)
    site.step_to(local(day, 21, 50))  # type: ignore[arg-type]
    if number % 2:
        site.step_to(local(day + timedelta(days=1), 8, 5))  # type: ignore[operator]
    site.tap_when_there(BO, "开始", "10+", "17")
    site.tap_when_there(BO, "是的，17", "3 重度", "4 极差", "提交")
    until(lambda: "✓ 已保存" in site.newest(BO).text, "the receipt")
    if number == 4:
        site.say(CHEN, "/stop")
        site.tap_when_there(CHEN, "停止")
    site.settle()


def correct(site: Live) -> None:
    """A correction before closing, a typed number, help from somebody."""
    site.tap_when_there(ANN, "Change", "Change stools")
    until(lambda: "question 1 of" in site.newest(ANN).text, "the question")
    site.say(ANN, "17 times")
    site.tap_when_there(ANN, "Yes, 17", "Submit", "Someone helped me")
    until(lambda: "someone helped" in site.newest(ANN).text, "the note")
    site.settle()


def wander(site: Live) -> None:
    """Every command and its panel, both languages, and what is no answer."""
    for command, label in (
        ("/language", "中文"), ("/language", "English"), ("/hour", "20:00"), ("/help", ""), ("/stop", "Keep"),
    ):  # fmt: skip
        before = site.newest(ANN).message_id
        site.say(ANN, command)
        until(lambda before=before: site.newest(ANN).message_id > before, command)
        if label:
            site.tap_when_there(ANN, label)
        site.settle()
    for text in ("3-4", "<b>&\u200f\U0001f600", "x" * 4000, "5"):
        site.say(ANN, text)
        site.settle()


def check(site: Live) -> None:
    """No request was invalid, by either reading; nothing was refused, doubled, or left without an end."""
    assert site.line.invalid() == []
    assert [violation for violation in site.api.violations if violation.kind != "not_modified"] == []
    assert site.line.overlaps == 0
    due = [row for row in site.rows(MessageRow) if row.due_at <= site.study_now()]
    assert {row.state for row in due} <= set(ENDS) - {"unknown"}
    assert len({(row.participant_id, row.diary_day) for row in site.rows(EntryRow)}) == 16
    assert site.leaks("17 times", "xxxx") == []
    assert len(site.line.requests) > 250


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
