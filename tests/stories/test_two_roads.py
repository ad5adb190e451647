"""One diary, two roads to it: a day begun in the chat and finished on the page, and the other way round."""

from datetime import timedelta

from bot.chat.incoming import Tapped
from bot.storage.tables import AnswerRow, AuditRow, EntryRow
from tests.support.diary_page import Tab, browser, diary_link, page_app, walk_in
from tests.support.world import FIRST_DAY, Bubble, Phone, World

NEXT_DAY = FIRST_DAY + timedelta(days=1)


def both_roads(world: World) -> tuple[Phone, Tab]:
    """A participant at the evening prompt, with a chat and an open page."""
    phone = world.joined()
    tab = browser(page_app(world)).follow(diary_link(world))
    world.wait_for(FIRST_DAY, "20:00")
    return phone, tab.open()


def entries(world: World) -> list[tuple[int, int, int, str, int]]:
    return [(e.stools, e.pain, e.wellbeing, e.source, e.revision) for e in world.rows(EntryRow)]


def origins(world: World, action: str) -> list[str]:
    return [event.origin for event in world.rows(AuditRow) if event.action == action]


def card_of(phone: Phone) -> Bubble:
    return next(bubble for bubble in reversed(phone.bubbles) if bubble.kind == "prompt")


def test_a_day_begun_in_the_chat_is_finished_on_the_page(world: World) -> None:
    phone, tab = both_roads(world)
    phone.tap("Start")
    phone.tap("3")
    assert "question 2 of 3" in tab.open().text
    tab.tap("1 Mild")
    assert "question 3 of 3" in card_of(phone).text
    tab.tap("2 Poor").tap("Submit")
    assert entries(world) == [(3, 1, 2, "participant", 1)]
    assert origins(world, "answer") == ["chat", "page", "page"]
    assert set(origins(world, "submit")) == {"page"}
    assert "Saved 20:00" in card_of(phone).text
    assert card_of(phone).labels == ["Change", "Someone helped me"]


def test_a_day_begun_on_the_page_is_finished_in_the_chat(world: World) -> None:
    phone, tab = both_roads(world)
    tab.tap("Start").tap("3").tap("1 Mild")
    for label in ("Start", "2 Poor", "Submit"):
        phone.tap(label)
    assert entries(world) == [(3, 1, 2, "participant", 1)]
    assert origins(world, "answer") == ["page", "page", "chat"]
    assert "Saved 20:00" in tab.open().text


def test_what_is_answered_on_the_page_stays_out_of_a_chat_that_has_not_begun_the_card(world: World) -> None:
    phone, tab = both_roads(world)
    neutral = card_of(phone).text
    tab.tap("Start").tap("3").tap("1 Mild").tap("2 Poor")
    assert (card_of(phone).text, card_of(phone).labels) == (neutral, ["Start"])
    tab.tap("Submit")
    assert "Saved 20:00" in card_of(phone).text
    tab.tap("Change").tap("Change pain").tap("3 Severe")
    assert "Severe" not in card_of(phone).text
    tab.tap("Submit")
    assert entries(world)[-1] == (3, 3, 2, "participant", 2)


def test_a_button_of_the_chat_that_the_page_has_overtaken_writes_nothing(world: World) -> None:
    phone, tab = both_roads(world)
    phone.tap("Start")
    overtaken = phone.button("5")
    assert overtaken is not None
    tab.open().tap("3")
    phone.send(Tapped(overtaken[1], "callback", overtaken[0].id))
    assert [(a.item, a.value) for a in world.rows(AnswerRow)] == [("stools", 3)]
    assert "already answered" in phone.toasts[-1]


def test_reminders_know_what_was_entered_on_the_page(world: World) -> None:
    phone, tab = both_roads(world)
    since = world.now
    tab.tap("Start").tap("3").tap("1 Mild").tap("2 Poor").tap("Submit")
    world.wait_for(NEXT_DAY, "19:59")
    assert phone.unasked(since) == []


def test_a_card_in_progress_on_the_page_holds_the_reminder_back(world: World) -> None:
    phone, tab = both_roads(world)
    world.wait_for(FIRST_DAY, "21:25")
    since = world.now
    tab.tap("Start").tap("3")
    world.wait_for(FIRST_DAY, "21:34")
    assert phone.unasked(since) == []
    world.wait_for(FIRST_DAY, "21:40")
    assert [kind for _at, kind in phone.unasked(since)] == ["second"]


def test_whoever_joined_in_the_chat_is_asked_nothing_again_on_the_page(world: World) -> None:
    _phone, tab = both_roads(world)
    assert tab.labels[0] == "Start"


def test_whoever_joined_on_the_page_can_add_a_chat_and_keeps_the_diary(world: World) -> None:
    participant_id = world.enrol()
    tab = walk_in(browser(page_app(world)).follow(diary_link(world)))
    joined_at = world.participant().joined_at
    world.wait_for(FIRST_DAY, "20:00")
    tab.open().tap("Start").tap("3")
    with world.db.write() as session:
        world.invite(session, participant_id, "later")
    phone = world.phone()
    phone.start("later")
    for label in ("English", "Agree", "20:00", "OK", "Start", "1 Mild", "2 Poor", "Submit"):
        phone.tap(label)
    assert entries(world) == [(3, 1, 2, "participant", 1)]
    assert world.participant().joined_at == joined_at
    assert "Saved" in tab.open().text


def test_the_language_chosen_on_the_page_is_the_chats_too_and_keeps_the_answers(world: World) -> None:
    phone, tab = both_roads(world)
    phone.tap("Start")
    phone.tap("3")
    tab.open().tap("中文")
    assert "1 轻度" in tab.labels
    assert "1 轻度" in card_of(phone).labels
    tab.tap("1 轻度").tap("2 差").tap("提交")
    assert entries(world) == [(3, 1, 2, "participant", 1)]
    assert [a.language for a in world.rows(AnswerRow)] == ["en", "zh", "zh"]


def test_later_on_the_page_brings_the_reminder_to_the_chat(world: World) -> None:
    phone, tab = both_roads(world)
    since = world.now
    tab.tap("Start").tap("Later").tap("In 30 minutes")
    world.wait_for(FIRST_DAY, "20:31")
    assert [kind for _at, kind in phone.unasked(since)] == ["snoozed"]
