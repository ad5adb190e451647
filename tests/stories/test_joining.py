"""Joining: at most five taps, one neutral sentence for anything else, and a new phone keeps the history."""

from datetime import timedelta

from sqlmodel import select

from bot.storage.tables import ChatRow, EntryRow, InvitationRow, MessageRow, ZoneRow
from tests.support.world import FIRST_DAY, Phone, World

DISEASE_WORDS = ("crohn", "克罗恩", "cdai", "trial", "试验", "study", "stool", "便", "pain", "痛")


def test_joining_takes_five_taps_and_proves_reach(world: World) -> None:
    world.enrol()
    phone = world.phone()
    phone.start("invitation")
    for label in ("中文", "同意", "20:00", "收到"):
        phone.tap(label)
    row = world.participant()
    assert (row.language, row.hour, row.joined_at) == ("zh", "20:00", world.now)
    assert [chat.reach_at for chat in world.rows(ChatRow)] == [world.now]
    assert row.notice_version


def test_the_notice_names_hospital_and_how_to_stop_but_neither_disease_nor_trial(world: World) -> None:
    for language in ("English", "中文"):
        code = f"SH-{len(world.phones) + 1:03d}"
        world.enrol(code, token=code)
        phone = world.phone(7000 + len(world.phones))
        phone.start(code)
        phone.tap(language)
        notice = phone.last.text.lower()
        assert "/stop" in notice
        assert not [word for word in DISEASE_WORDS if word in notice]


def test_not_now_leaves_the_invitation_usable(world: World) -> None:
    world.enrol()
    phone = world.phone()
    phone.start("invitation")
    phone.tap("English")
    phone.tap("Not now")
    assert world.rows(ChatRow) == []
    phone.start("invitation")
    for label in ("English", "Agree", "20:00", "OK"):
        phone.tap(label)
    assert world.participant().joined_at is not None


def test_used_expired_revoked_and_foreign_invitations_get_the_same_sentence(world: World) -> None:
    world.joined("SH-001", 5001)
    world.enrol("SH-002", token="expired")
    with world.db.write() as session:
        row = session.exec(select(InvitationRow).where(InvitationRow.used_at == None)).one()  # noqa: E711  # SQL's IS NULL
        row.expires_at = world.now - timedelta(seconds=1)
    answers = []
    for address, token in ((6001, "token-SH-001"), (6002, "expired"), (6003, "never-issued")):
        phone = world.phone(address)
        phone.start(token)
        answers.append(phone.last.text)
    assert len(set(answers)) == 1
    assert len(world.rows(ChatRow)) == 1


def test_a_second_phone_cannot_slip_into_a_half_finished_joining(world: World) -> None:
    world.enrol()
    world.phone(5001).start("invitation")
    other = world.phone(5002)
    other.start("invitation")
    assert other.last.labels == []


def test_after_not_now_any_word_is_answered_with_the_way_back(world: World) -> None:
    world.enrol()
    phone = world.phone()
    phone.start("invitation")
    phone.type("4")
    for label in ("English", "Not now"):
        phone.tap(label)
    phone.command("today")
    assert "open your personal link again" in phone.last.text


def test_a_stranger_is_answered_once_a_day(world: World) -> None:
    stranger = world.phone(9001)
    for text in ("hello", "4", "hello?"):
        stranger.type(text)
    stranger.command("today")
    assert len(stranger.bubbles) == 1
    world.wait(hours=25)
    stranger.type("hello")
    assert len(stranger.bubbles) == 2


def test_a_new_phone_keeps_the_history_and_silences_the_old_one(world: World) -> None:
    old = world.joined()
    world.wait_for(FIRST_DAY, "20:05")
    answer_day(old)
    with world.db.write() as session:
        world.invite(session, world.participant().id or 0, "second")
    new = world.phone(5002)
    new.start("second")
    for label in ("English", "Agree", "20:00", "OK"):
        new.tap(label)
    seen = len(old.bubbles)
    world.wait_for(FIRST_DAY + timedelta(days=2), "21:00")
    assert len(old.bubbles) == seen
    assert all(bubble.rows == () for bubble in old.bubbles)
    assert next(kind for _at, kind in new.unasked()) == "prompt"
    assert [entry.diary_day for entry in world.rows(EntryRow)] == [FIRST_DAY]
    old.type("am I still here?")
    assert old.last.labels == []


def test_a_new_phone_in_the_middle_of_an_open_day_brings_its_card_along(world: World) -> None:
    old = world.joined()
    world.wait_for(FIRST_DAY, "20:05")
    old.tap("Start")
    old.tap("3")
    with world.db.write() as session:
        world.invite(session, world.participant().id or 0, "second")
    new = world.phone(5002)
    new.start("second")
    for label in ("English", "Agree", "20:00", "OK"):
        new.tap(label)
    assert "3" not in old.last.text
    new.tap("Start")
    for label in ("1 Mild", "0 Generally", "Submit"):
        new.tap(label)
    assert [(entry.stools, entry.pain) for entry in world.rows(EntryRow)] == [(3, 1)]


def test_joining_late_in_the_evening_asks_today_only_while_the_night_is_not_begun(world: World) -> None:
    world.wait_for(FIRST_DAY, "20:40")
    evening = world.joined("SH-001", 5001)
    world.wait(minutes=1)
    assert [kind for _at, kind in evening.unasked()] == ["prompt"]
    world.wait_for(FIRST_DAY, "22:30")
    night = world.joined("SH-002", 5002)
    world.wait(hours=2)
    assert night.unasked() == []


def test_whoever_joins_past_their_hour_is_told_that_the_day_is_open_and_asked_once(world: World) -> None:
    for number, wall in enumerate(("20:30", "21:40", "22:30"), 1):
        world.wait_for(FIRST_DAY, wall)
        phone = world.joined(f"SH-00{number}", 5000 + number)
        world.wait(minutes=1)
        assert [bubble.labels for bubble in phone.bubbles[2:]] == [["Start"]], wall
        assert "Your questions for today are open until 12:00 tomorrow" in phone.bubbles[1].text
        assert len(phone.unasked()) == (wall < "22:00"), wall


def test_whoever_joins_before_their_hour_is_asked_at_that_hour(world: World) -> None:
    world.wait_for(FIRST_DAY, "19:00")
    phone = world.joined()
    assert "Next questions: today 20:00. Until then there is nothing to do." in phone.last.text
    world.wait_for(FIRST_DAY, "20:00")
    assert [kind for _at, kind in phone.unasked()] == ["prompt"]


def test_no_planned_message_exists_before_a_chat_is_bound(world: World) -> None:
    world.enrol()
    world.tick()
    assert world.rows(MessageRow) == []
    assert len(world.rows(ZoneRow)) == 1


def answer_day(phone: Phone) -> None:
    for label in ("Start", "3", "1 Mild", "1 Slightly", "Submit"):
        phone.tap(label)
