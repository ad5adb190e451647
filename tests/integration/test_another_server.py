"""The running product against a Bot API server that shares no code with ours, and dates messages by its own clock."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.storage.tables import AnswerRow, EntryRow
from tests.support.live import FIRST_USER, local, local_day, until
from tests.support.nursery import Nursery
from tests.support.plain_bot_api import shown
from tests.support.street import Street, street

ANN, BO = FIRST_USER + 1, FIRST_USER + 2
PRIVATE = re.compile(
    r"crohn|cdai|stool|pain|well-being|diarrh|mild|moderate|severe|trial|study|score"
    r"|克罗恩|稀便|腹痛|总体感觉|止泻|轻度|中度|重度|试验|研究|评分",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One loaded process for every start of the service."""
    loaded = Nursery()
    yield loaded
    loaded.close()


@pytest.fixture
def site(tmp_path: Path, nursery: Nursery) -> Iterator[Street]:
    """Ann reads Chinese, Bo English; both have joined, and the first of their seven days is today."""
    with street(tmp_path, nursery=nursery) as live:
        invitations = {
            ANN: live.enrol("SH-001", ANN, "zh", baseline_in=7),
            BO: live.enrol("SH-002", BO, "en", baseline_in=7),
        }
        live.run()
        live.ready()
        for user, invitation in invitations.items():
            live.join(user, invitation, "zh" if user == ANN else "en")
        live.settle()
        yield live
        live.settle()
        assert live.plain.problems == []
        assert live.leaks() == []
        assert indiscreet(live) == []


def indiscreet(site: Street) -> list[str]:
    """Texts whose first sixty characters say what nobody should read over a shoulder."""
    texts = [shown(fields) for method, fields in site.plain.requests if method in ("sendMessage", "editMessageText")]
    return [text for text in texts if PRIVATE.search(text[:60])]


def entries(site: Street) -> list[tuple[date, int, int, int]]:
    return [(row.diary_day, row.stools, row.pain, row.wellbeing) for row in site.rows(EntryRow)]


def test_two_days_of_two_people_typed_and_tapped_make_no_forbidden_request(site: Street) -> None:
    today = local_day(site.study_now())
    typed = (("四", "１", "差"), ("３次", "2 中度", "0"))
    for number, (words, labels) in enumerate(
        zip(typed, (("9", "0 None", "4 Terrible"), ("10+", "14", "3 Severe", "1 Slightly")), strict=True)
    ):
        site.step_to(local(today + timedelta(days=number), 20, 1))
        chat = {user: len(site.plain.chats[user].from_bot) for user in (ANN, BO)}
        site.tap_when_there(ANN, "开始")
        for question, word in enumerate(words, 1):
            site.say_when(ANN, f"第 {question} 题", word)
        site.tap_when_there(ANN, "提交")
        site.see(ANN, "✓ 已保存")
        site.tap_when_there(BO, "Start", *labels, "Submit")
        site.see(BO, "✓ Saved")
        assert chat == {user: len(site.plain.chats[user].from_bot) for user in (ANN, BO)}
    assert entries(site) == [
        (today, 4, 1, 2), (today, 9, 0, 4),
        (today + timedelta(days=1), 3, 2, 0), (today + timedelta(days=1), 14, 3, 1),
    ]  # fmt: skip


def test_stale_and_doubled_taps_ask_for_no_edit_that_changes_nothing(site: Street) -> None:
    site.step_to(local(local_day(site.study_now()), 20, 1))
    site.tap_when_there(BO, "Start")
    card = site.see(BO, "question 1 of 3")
    four, five = (next(one["callback_data"] for one in card.buttons if one["text"] == label) for label in "45")
    for data in (four, four, five, four, "1:AAAAAAAAAAAAAAAA:s4:0"):
        site.plain.tap(BO, card.message_id, data)
    site.settle()
    until(lambda: not site.plain.unanswered(), "an answer to every tap")
    assert "question 2 of 3" in card.text
    assert [(row.item, row.value) for row in site.rows(AnswerRow)] == [("stools", 4)]


def test_what_was_typed_during_a_day_of_outage_reaches_its_day_before_any_reminder(site: Street) -> None:
    today = local_day(site.study_now())
    site.step_to(local(today, 20, 1))
    for user, begin in ((ANN, "开始"), (BO, "Start")):
        site.tap_when_there(user, begin, "6")
    card = site.see(ANN, "第 2 题")
    site.see(BO, "question 2 of 3")
    site.settle()
    site.kill()
    site.tap(ANN, "3 重度")
    site.say(BO, "2")
    assert site.plain.lose_taps() == 1
    site.set_clock(local(today + timedelta(days=1), 19, 51))
    site.run()
    site.settle()
    assert [(row.participant_id, row.diary_day, row.item, row.value) for row in site.rows(AnswerRow)] == [
        (1, today, "stools", 6), (2, today, "stools", 6), (2, today, "pain", 2),
    ]  # fmt: skip
    assert card.edits > 0
    site.tap_when_there(ANN, "开始", "3 重度", "1 稍差", "提交")
    site.see(ANN, "✓ 已保存")
    assert entries(site) == [(today, 6, 3, 1)]
