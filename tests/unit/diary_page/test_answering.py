"""Answering on the page: the chat's steps as plain forms, and what is said when something was not saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot.diary.completeness import DayState
from bot.storage.database import sqlite_module
from bot.storage.tables import (
    AnswerRow,
    AuditRow,
    CorrectionRow,
    EntryRow,
    HelpedRow,
    SiteMessageRow,
    SiteTaskRow,
)
from bot.storage.views.days import read_diary
from tests.support.diary_page import Browser, Tab, browser, diary_link, page_app, walk_in
from tests.support.world import FIRST_DAY, W00, World

NEXT_DAY = FIRST_DAY + timedelta(days=1)
ANSWERS = ("Start", "4", "1 Mild", "2 Poor")


def answers(world: World) -> list[tuple[str, int]]:
    return [(row.item, row.value) for row in world.rows(AnswerRow)]


def entries(world: World) -> list[tuple[int, int, int, str, int]]:
    return [(e.stools, e.pain, e.wellbeing, e.timing, e.revision) for e in world.rows(EntryRow)]


def submit(tab: Tab) -> Tab:
    for label in (*ANSWERS, "Submit"):
        tab.tap(label)
    return tab


def test_a_day_takes_five_taps_and_leaves_no_answer_on_screen(world: World, evening: Tab) -> None:
    submit(evening)
    assert entries(world) == [(4, 1, 2, "on_time", 1)]
    assert "✓ Saved 20:00." in evening.text
    assert "Mild" not in evening.html
    assert evening.labels[:2] == ["Change", "Someone helped me"]


def test_answers_are_the_participants_own_and_come_through_the_page(world: World, evening: Tab) -> None:
    submit(evening)
    assert {(row.source, row.language) for row in world.rows(AnswerRow)} == {("participant", "en")}
    told = [event for event in world.rows(AuditRow) if event.action in ("answer", "submit", "join", "agree_notice")]
    assert {(event.actor_kind, event.actor_id, event.origin) for event in told} == {("participant", "SH-001", "page")}


def test_twenty_or_more_is_typed_and_asked_back(world: World, evening: Tab) -> None:
    evening.tap("Start").tap("10+").tap("20+").type("２３次")
    assert answers(world) == []
    evening.tap("Yes, 23")
    assert answers(world) == [("stools", 23)]


@pytest.mark.parametrize(("typed", "said"), [("3-4", "One number only"), ("2.5", "Whole numbers"), ("99", "between 0")])
def test_an_unclear_number_is_explained_and_not_kept(world: World, evening: Tab, typed: str, said: str) -> None:
    evening.tap("Start").tap("10+").tap("20+").type(typed)
    assert said in evening.text
    assert answers(world) == []


def test_words_in_the_number_field_go_to_the_team_and_never_into_the_diary(world: World, evening: Tab) -> None:
    evening.tap("Start").tap("10+").tap("20+").type("a lot, and blood")
    assert [row.text for row in world.rows(SiteMessageRow)] == ["a lot, and blood"]
    assert answers(world) == []
    assert world.study.protocol.sites[0].phone in evening.text


def test_a_doubled_post_counts_once_and_is_passed_over_in_silence(world: World, evening: Tab) -> None:
    evening.tap("Start")
    action, data = evening.post_of("4")
    evening.post(action, data).post(action, data)
    assert answers(world) == [("stools", 4)]
    assert evening.text.startswith("Day 1 of 7 · question 2 of 3")


def test_a_doubled_submit_is_one_entry(world: World, evening: Tab) -> None:
    for label in ANSWERS:
        evening.tap(label)
    action, data = evening.post_of("Submit")
    evening.post(action, data).post(action, data)
    assert len(entries(world)) == 1
    assert evening.text.startswith("Day 1 of 7 ✓ Saved")


@pytest.mark.parametrize("label", ["10+", "17"])
def test_a_doubled_step_that_answers_nothing_is_passed_over_in_silence(evening: Tab, label: str) -> None:
    evening.tap("Start")
    if label == "17":
        evening.tap("10+")
    action, data = evening.post_of(label)
    evening.post(action, data).post(action, data)
    assert evening.text.startswith("Day 1 of 7")


def test_a_doubled_typed_number_is_asked_back_once(world: World, evening: Tab) -> None:
    evening.tap("Start").tap("10+").tap("20+")
    action, data = evening.post_of("Next")
    evening.post(action, {**data, "number": "23"}).post(action, {**data, "number": "23"})
    assert evening.text.startswith("Day 1 of 7")
    evening.post(action, {**data, "number": "3"})
    assert "already answered" in evening.text
    assert answers(world) == []


def test_two_tabs_make_one_entry_and_the_slower_one_is_told(world: World, phone: Browser, evening: Tab) -> None:
    other = phone.tab()
    evening.tap("Start")
    other.tap("Start")
    evening.tap("4")
    other.tap("7")
    assert answers(world) == [("stools", 4)]
    assert "This was already answered, so nothing was changed." in other.text
    assert "Stools: 4" in other.text
    other.tap("1 Mild")
    evening.tap("3 Severe")
    assert answers(world) == [("stools", 4), ("pain", 1)]


def test_the_back_button_shows_the_present_and_an_old_form_changes_nothing(world: World, evening: Tab) -> None:
    evening.tap("Start")
    old = evening.post_of("7")
    evening.tap("4").tap("1 Mild").open()
    assert "question 3 of 3" in evening.text
    evening.post(*old)
    assert "already answered" in evening.text
    assert answers(world) == [("stools", 4), ("pain", 1)]


def test_a_change_is_a_new_revision_and_needs_submit(world: World, evening: Tab) -> None:
    submit(evening).tap("Change").tap("Change stools").tap("6")
    assert "not yet submitted" in evening.text
    evening.tap("Submit")
    assert entries(world) == [(4, 1, 2, "on_time", 1), (6, 1, 2, "on_time", 2)]


def test_someone_helped_is_one_tap_after_saving(world: World, evening: Tab) -> None:
    submit(evening).tap("Someone helped me")
    assert [row.diary_day for row in world.rows(HelpedRow)] == [FIRST_DAY]
    assert "Noted: someone helped you." in evening.text


def test_yesterday_is_open_until_noon_and_marked_late(world: World, evening: Tab) -> None:
    world.wait_for(NEXT_DAY, "11:59")
    evening.open().tap("Start")
    assert "Yesterday, Mon 25 May." in evening.text
    for label in (*ANSWERS[1:], "Submit"):
        evening.tap(label)
    assert entries(world) == [(4, 1, 2, "late", 1)]


def test_a_form_that_comes_after_closing_saves_nothing_and_says_so(world: World, evening: Tab) -> None:
    evening.tap("Start").tap("4")
    world.wait_for(NEXT_DAY, "12:00")
    evening.tap("1 Mild")
    assert "This day has closed in the meantime, so nothing was saved." in evening.text
    assert answers(world) == [("stools", 4)]
    with world.db.read() as session:
        diary = read_diary(session, world.participant(), world.study.protocol, world.now)
    assert diary.records[FIRST_DAY].state is DayState.PARTIAL


def test_after_closing_a_correction_is_asked_for_once(world: World, evening: Tab) -> None:
    submit(evening)
    world.wait_for(NEXT_DAY, "13:00")
    evening.open()
    old = evening.post_of("Ask for a correction")
    evening.post(*old).post(*old)
    assert [(row.diary_day, row.state) for row in world.rows(CorrectionRow)] == [(FIRST_DAY, "open")]
    assert evening.labels == []
    assert "is with the team" in evening.text


def test_between_windows_the_page_says_when_the_next_questions_come(world: World, phone: Browser) -> None:
    world.wait_for(W00, "13:00")
    assert "No questions until" in phone.tab().text


def test_stopping_asks_once_and_answering_stays_possible(world: World, evening: Tab) -> None:
    evening.open("/diary/stop").tap("Stop messages")
    assert world.participant().stopped_at is not None
    assert "stopped" in [row.kind for row in world.rows(SiteTaskRow)]
    assert "You can still answer here." in evening.text
    submit(evening)
    assert len(entries(world)) == 1
    evening.tap("Send messages again")
    assert world.participant().stopped_at is None


def test_the_hour_is_changed_and_a_foreign_one_refused(world: World, evening: Tab) -> None:
    action, data = evening.open("/diary/more").post_of("Keep this time")
    evening.post(action, {**data, "hour": "2130"})
    assert world.participant().hour == "21:30"
    evening.post(action, {**data, "hour": "0300"})
    assert world.participant().hour == "21:30"


def test_a_message_reaches_the_team_and_an_empty_one_is_named(world: World, evening: Tab) -> None:
    action, data = evening.open("/diary/more").post_of("Send")
    evening.post(action, {**data, "text": "Please call me <b>today</b>"})
    assert [row.text for row in world.rows(SiteMessageRow)] == ["Please call me <b>today</b>"]
    assert "not watched for emergencies" in evening.text
    evening.post(action, {**data, "text": "  "})
    assert "nothing was sent" in evening.text


def test_switching_the_language_in_mid_question_keeps_every_answer(world: World, evening: Tab) -> None:
    evening.tap("Start").tap("4").tap("中文")
    assert 'lang="zh-Hans"' in evening.html
    assert "稀便次数： 4" in evening.text
    evening.tap("1 轻度").tap("2 差").tap("English").tap("Submit")
    assert entries(world) == [(4, 1, 2, "on_time", 1)]


def test_without_a_chat_nothing_is_put_off_because_nobody_could_ask_again(evening: Tab) -> None:
    assert "Later" not in evening.tap("Start").labels


def test_whoever_has_left_reads_one_sentence_and_changes_nothing(world: World, evening: Tab) -> None:
    evening.tap("Start")
    late = evening.post_of("4")
    with world.db.write() as session:
        session.merge(world.participant()).withdrawn_at = world.now
    evening.post(*late)
    assert evening.text == "You have left, and no more messages will come."
    assert answers(world) == []
    assert evening.open("/diary/more").text == "You have left, and no more messages will come."


def test_another_participants_button_writes_nothing_and_is_noted(world: World, evening: Tab) -> None:
    world.enrol("SH-002", "other")
    thief = walk_in(browser(page_app(world)).follow(diary_link(world, "SH-002")))
    _action, stolen = evening.tap("Start").post_of("4")
    action, own = thief.tap("Start").post_of("4")
    thief.post(action, {**own, "tap": stolen["tap"]})
    assert answers(world) == []
    assert "That button no longer works" in thief.text
    assert "foreign_tap" in {event.action for event in world.rows(AuditRow)}


@pytest.mark.parametrize("data", ["", "rubbish", "1:AAAAAAAAAAAAAAAA:s4:0", "\x00" * 64, "1:" + "9" * 5000])
def test_forged_buttons_are_told_that_nothing_was_saved(world: World, evening: Tab, data: str) -> None:
    action, fields = evening.tap("Start").post_of("4")
    evening.post(action, {**fields, "tap": data})
    assert "nothing was saved" in evening.text
    assert answers(world) == []


def test_after_an_outage_two_open_days_stand_side_by_side(world: World, evening: Tab) -> None:
    world.be_away_until(world.local(NEXT_DAY, "13:00"))
    world.wait_for(NEXT_DAY, "18:05")
    evening.open()
    assert "Also open, until 12:00 tomorrow: today." in evening.text
    for label in (*ANSWERS, "Submit"):
        evening.tap(label)
    assert evening.text.startswith("✓ Saved: Mon 25 May. Your three questions for today are ready")
    assert "Also open, until 19:00 today: yesterday." in evening.text
    evening.tap("Change")
    assert "Tap what you want to change." in evening.text


@contextmanager
def locked_database(world: World) -> Iterator[None]:
    """Another process holds the database's write lock, and nobody waits for it."""
    with world.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    holder = sqlite_module().connect(str(world.db.engine.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.close()


def test_while_the_database_fails_the_page_says_not_saved_and_offers_the_same_form_again(
    world: World, evening: Tab
) -> None:
    evening.tap("Start")
    with locked_database(world):
        evening.tap("4")
        assert (evening.status, answers(world)) == (503, [])
        assert "That could not be saved just now." in evening.text
        assert "Saved" not in evening.text
    evening.tap("Try again")
    assert answers(world) == [("stools", 4)]
    assert "question 2 of 3" in evening.text


def test_while_the_database_fails_reading_says_to_come_back(world: World, evening: Tab) -> None:
    with locked_database(world):
        evening.open()
    assert evening.status == 503
    assert "cannot be shown just now" in evening.text
