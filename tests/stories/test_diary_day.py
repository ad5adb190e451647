"""A diary day from prompt to closing: five taps, typed answers, changes, lateness, and what is never possible."""

from datetime import datetime, timedelta

import pytest

from bot.chat.incoming import Attachment, Edited, Tapped
from bot.diary.completeness import DayState
from bot.storage.tables import (
    AnswerRow,
    AuditRow,
    CorrectionRow,
    EntryRow,
    HelpedRow,
    MessageRow,
    SiteMessageRow,
)
from bot.storage.views.days import read_diary
from tests.support.world import FIRST_DAY, W00, Phone, World

NEXT_DAY = FIRST_DAY + timedelta(days=1)


def entries(world: World) -> list[tuple[int, int, int, str, int]]:
    return [(e.stools, e.pain, e.wellbeing, e.timing, e.revision) for e in world.rows(EntryRow)]


def at_the_prompt(world: World, language: str = "English") -> Phone:
    phone = world.joined(language=language)
    world.wait_for(FIRST_DAY, "20:00")
    return phone


def state_of_first_day(world: World) -> DayState:
    with world.db.read() as session:
        diary = read_diary(session, world.participant(), world.study.protocol, world.now)
        return diary.records[FIRST_DAY].state


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("English", ("Start", "4", "1 Mild", "2 Poor", "Submit")),
        ("中文", ("开始", "4", "1 轻度", "2 差", "提交")),
    ],
)
def test_a_day_is_finished_in_five_taps(world: World, language: str, labels: tuple[str, ...]) -> None:
    phone = at_the_prompt(world, language)
    for label in labels:
        phone.tap(label)
    assert entries(world) == [(4, 1, 2, "on_time", 1)]
    assert state_of_first_day(world) is DayState.ON_TIME


def test_after_submit_no_answer_stays_on_screen_and_nothing_else_arrives(world: World) -> None:
    phone = at_the_prompt(world)
    arrived = len(phone.arrivals)
    answer(phone)
    assert "Saved 20:00" in phone.last.text
    assert "Mild" not in phone.last.text
    assert phone.last.labels == ["Change", "Someone helped me"]
    assert len(phone.arrivals) == arrived
    world.wait_for(NEXT_DAY, "19:59")
    assert len(phone.arrivals) == arrived


def test_the_neutral_message_shows_on_a_lock_screen_without_symptom_or_answer(world: World) -> None:
    phone = at_the_prompt(world)
    assert phone.last.labels == ["Start"]
    for word in ("stool", "pain", "Crohn", "study"):
        assert word not in phone.last.text


@pytest.mark.parametrize(
    ("typed", "stored"), [("4", 4), ("４", 4), ("四", 4), ("十二", 12), ("3次", 3), ("0", 0), (" 7 times ", 7)]
)
def test_typed_numbers_answer_the_question_on_screen(world: World, typed: str, stored: int) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    phone.type(typed)
    assert [(a.item, a.value) for a in world.rows(AnswerRow)] == [("stools", stored)]


@pytest.mark.parametrize("typed", ["3-4", "2.5", "-1", "51", "三四次", "a lot", "很多次"])
def test_unclear_numbers_get_one_friendly_example_and_store_nothing(world: World, typed: str) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    before = len(phone.bubbles)
    phone.type(typed)
    assert world.rows(AnswerRow) == []
    assert len(phone.bubbles) == before + 1


def test_a_number_typed_before_start_is_never_an_answer(world: World) -> None:
    phone = at_the_prompt(world)
    phone.type("4")
    assert world.rows(AnswerRow) == []
    assert world.rows(SiteMessageRow) == []


def test_an_unusual_number_is_asked_again_before_it_is_kept(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    phone.type("17")
    assert world.rows(AnswerRow) == []
    phone.tap("Change")
    phone.tap("10+")
    phone.tap("17")
    phone.tap("Yes, 17")
    assert [a.value for a in world.rows(AnswerRow)] == [17]


def test_twenty_or_more_is_typed(world: World) -> None:
    phone = at_the_prompt(world)
    for label in ("Start", "10+", "20+"):
        phone.tap(label)
    phone.type("23")
    phone.tap("Yes, 23")
    assert [a.value for a in world.rows(AnswerRow)] == [23]


def test_switching_the_language_in_mid_question_keeps_every_answer(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    phone.tap("3")
    phone.command("language")
    phone.tap("中文")
    card = next(b for b in phone.bubbles if "1 轻度" in b.labels)
    phone.tap("1 轻度", card)
    phone.tap("0 良好", card)
    phone.tap("提交", card)
    assert entries(world) == [(3, 1, 0, "on_time", 1)]
    assert [a.language for a in world.rows(AnswerRow)] == ["en", "zh", "zh"]


def test_a_change_before_closing_is_a_new_revision_and_both_values_stay(world: World) -> None:
    phone = at_the_prompt(world)
    answer(phone)
    world.wait_for(NEXT_DAY, "09:00")
    for label in ("Change", "Change stools", "6", "Submit"):
        phone.tap(label)
    assert entries(world) == [(3, 1, 1, "on_time", 1), (6, 1, 1, "on_time", 2)]
    assert [(a.old, a.new) for a in world.rows(AuditRow) if a.action == "revise" and a.field == "stools"] == [
        ("3", "6")
    ]


def test_a_change_without_submit_leaves_the_saved_entry_standing(world: World) -> None:
    phone = at_the_prompt(world)
    answer(phone)
    for label in ("Change", "Change stools", "6"):
        phone.tap(label)
    assert "not yet submitted" in phone.last.text
    world.wait_for(NEXT_DAY, "13:00")
    assert entries(world) == [(3, 1, 1, "on_time", 1)]
    assert state_of_first_day(world) is DayState.ON_TIME


def test_yesterday_can_be_entered_until_noon_and_is_marked_late(world: World) -> None:
    phone = at_the_prompt(world)
    world.wait_for(NEXT_DAY, "11:59")
    answer(phone)
    assert entries(world) == [(3, 1, 1, "late", 1)]


@pytest.mark.parametrize("label", ["Start", "4"])
def test_after_closing_no_button_writes_anything(world: World, label: str) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    card = phone.bubbles[-1]
    old = [Tapped(data, "cb", card.id) for row in card.rows for text, data in row if text in ("4", "Later")]
    world.wait_for(NEXT_DAY, "12:00")
    for tapped in old:
        phone.send(tapped)
    assert world.rows(AnswerRow) == []
    assert state_of_first_day(world) is DayState.MISSED
    assert label not in phone.last.labels


def test_answers_without_submit_are_partial_and_nothing_is_missed(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    phone.tap("3")
    world.wait_for(NEXT_DAY, "12:00")
    assert state_of_first_day(world) is DayState.PARTIAL
    assert all(row == () for bubble in phone.bubbles for row in bubble.rows)


def test_a_doubled_tap_is_one_answer(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    card = phone.last
    found = phone.button("3")
    assert found is not None
    twice = Tapped(found[1], "cb", card.id)
    phone.send(twice)
    phone.send(twice)
    assert [(a.item, a.value) for a in world.rows(AnswerRow)] == [("stools", 3)]


def test_a_stale_tap_changes_nothing_and_says_how_to_edit(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    found = phone.button("5")
    assert found is not None
    phone.tap("3")
    phone.send(Tapped(found[1], "cb", found[0].id))
    assert [(a.item, a.value) for a in world.rows(AnswerRow)] == [("stools", 3)]
    assert "Change" in phone.toasts[-1]


def test_a_foreign_or_forged_tap_writes_nothing_and_reveals_nothing(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    found = phone.button("5")
    assert found is not None
    thief = world.joined("SH-002", 5002)
    for data in (found[1], "1:AAAAAAAAAAAAAAAA:s4:0", "rubbish", "", "1:::", "\x00" * 64):
        thief.send(Tapped(data, "cb", 1))
    assert world.rows(AnswerRow) == []
    assert "foreign_tap" in {event.action for event in world.rows(AuditRow)}
    assert len(set(thief.toasts)) == 1


def test_someone_helped_marks_the_entry(world: World) -> None:
    phone = at_the_prompt(world)
    answer(phone)
    phone.tap("Someone helped me")
    assert [row.diary_day for row in world.rows(HelpedRow)] == [FIRST_DAY]
    assert phone.last.labels == ["Change"]


def test_other_words_go_to_the_site_and_never_into_the_diary(world: World) -> None:
    phone = at_the_prompt(world)
    phone.type("There was blood this morning")
    assert [row.text for row in world.rows(SiteMessageRow)] == ["There was blood this morning"]
    assert world.study.protocol.sites[0].phone in phone.last.text
    assert "emergenc" in phone.last.text
    phone.send(Edited())
    assert "Change" in phone.last.text
    phone.send(Attachment())
    assert world.rows(AnswerRow) == []


def test_after_closing_a_correction_can_be_asked_for_once(world: World) -> None:
    phone = at_the_prompt(world)
    answer(phone)
    world.wait_for(NEXT_DAY, "13:00")
    phone.command("today")
    asked = phone.last
    data = asked.rows[-1][0][1]
    for _tap in range(2):
        phone.send(Tapped(data, "callback", asked.id))
    phone.command("today")
    assert "Your wish to correct yesterday is with the team." in phone.last.text
    assert phone.last.labels == []
    assert [(row.diary_day, row.state) for row in world.rows(CorrectionRow)] == [(FIRST_DAY, "open")]


def test_day_minus_one_closes_at_check_in(world: World) -> None:
    phone = world.joined()
    last = W00 - timedelta(days=1)
    world.wait_for(last, "20:05")
    with world.db.read() as session:
        diary = read_diary(session, world.participant(), world.study.protocol, world.now)
    assert diary.records[last].day.closes_at == world.local(W00, "12:00")
    assert phone.last.labels == ["Start"]


def test_seven_of_seven_says_thank_you_on_the_card(world: World) -> None:
    phone = world.joined()
    for offset in range(7):
        world.wait_for(FIRST_DAY + timedelta(days=offset), "20:05")
        answer(phone)
    assert "Thank" in phone.last.text
    assert [kind for _at, kind in phone.unasked()].count("thank_you") == 0


def test_every_audit_event_names_its_actor_and_no_log_of_words(world: World) -> None:
    phone = at_the_prompt(world)
    answer(phone)
    phone.type("private words")
    events = world.rows(AuditRow)
    assert {event.actor_kind for event in events if event.action in ("answer", "submit")} == {"participant"}
    assert not [event for event in events if "private" in f"{event.old}{event.new}{event.reason}"]


def test_a_flood_of_messages_gets_one_merged_answer(world: World) -> None:
    phone = at_the_prompt(world)
    before = len(phone.bubbles)
    for number in range(40):
        store_update(world, phone, number)
        phone.type(f"message {number}")
    assert len(world.rows(SiteMessageRow)) == 40
    assert len(phone.bubbles) - before <= 32


def test_in_a_flood_a_number_that_was_not_kept_is_still_told_so_once_for_each_question(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    sent = world.now
    world.wait(seconds=5)
    for number in range(40):
        store_update(world, phone, number)
    phone.type("some words")
    assert "one answer is for all" in phone.last.text
    told = []
    for answer_before in ("3", "1 Mild"):
        phone.tap(answer_before)
        for _ in range(2):
            phone.type("2", sent_at=sent)
        told.append(len([bubble for bubble in phone.bubbles if "not kept" in bubble.text]))
    assert told == [1, 2]
    assert [(row.item, row.value) for row in world.rows(AnswerRow)] == [("stools", 3), ("pain", 1)]


def store_update(world: World, phone: Phone, number: int) -> None:
    from bot.storage.tables import InboxRow

    with world.db.write() as session:
        session.add(
            InboxRow(update_id=10_000 + number, address=phone.address, body="{}", received_at=world.now, state="done")
        )


def answer(phone: Phone) -> None:
    for label in ("Start", "3", "1 Mild", "1 Slightly", "Submit"):
        phone.tap(label)


def unanswered(world: World, at: datetime) -> int:
    return len([row for row in world.rows(MessageRow) if row.state == "planned" and row.due_at <= at])


def test_a_number_sent_before_its_question_came_up_is_not_kept(world: World) -> None:
    phone = at_the_prompt(world)
    phone.tap("Start")
    world.wait(seconds=30)
    sent = world.now
    world.wait(seconds=5)
    phone.tap("3")
    phone.type("2", sent_at=sent)
    assert [(a.item, a.value) for a in world.rows(AnswerRow)] == [("stools", 3)]
    assert "not kept" in phone.last.text
    phone.type("2")
    assert [(a.item, a.value) for a in world.rows(AnswerRow)] == [("stools", 3), ("pain", 2)]
