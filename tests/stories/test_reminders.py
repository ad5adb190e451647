"""Reminders: at the participant's own hour, never for a day already entered, never after stop or withdrawal."""

from datetime import date, datetime, timedelta

import pytest

from bot.chat.incoming import Blocked, Unblocked
from bot.storage.tables import EntryRow, MessageRow, OutageRow, SiteTaskRow
from bot.storage.views.days import read_diary
from tests.support.world import FIRST_DAY, W00, Phone, World

NEXT_DAY = FIRST_DAY + timedelta(days=1)


def arrivals(phone: Phone, world: World, since: datetime) -> list[tuple[str, str]]:
    """Kind and Shanghai wall time of every unasked message since an instant."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Asia/Shanghai")
    return [(kind, f"{at.astimezone(zone):%d %H:%M}") for at, kind in phone.unasked(since)]


def before_first_day(world: World, **values: object) -> tuple[Phone, datetime]:
    phone = world.joined(**values)  # type: ignore[arg-type]  # passed through to the row's defaults
    world.wait_for(FIRST_DAY, "17:59")
    return phone, world.now


def answer(phone: Phone) -> None:
    for label in ("Start", "3", "1 Mild", "1 Slightly", "Submit"):
        phone.tap(label)


def test_an_unanswered_day_gets_prompt_second_reminder_and_last_call(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(NEXT_DAY, "12:01")
    assert arrivals(phone, world, since) == [("prompt", "25 20:00"), ("second", "25 21:30"), ("last_call", "26 08:00")]


def test_an_entered_day_gets_nothing_more(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:00")
    answer(phone)
    world.wait_for(NEXT_DAY, "12:01")
    assert arrivals(phone, world, since) == [("prompt", "25 20:00")]


def test_a_day_entered_before_its_prompt_is_not_asked_again(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(FIRST_DAY, "18:30")
    phone.command("today")
    answer(phone)
    world.wait_for(NEXT_DAY, "12:01")
    assert arrivals(phone, world, since) == []


def test_planning_twice_equals_planning_once(world: World) -> None:
    before_first_day(world)
    first = [(row.dedupe_key, row.due_at, row.state) for row in world.rows(MessageRow)]
    for _again in range(3):
        world.tick()
    assert [(row.dedupe_key, row.due_at, row.state) for row in world.rows(MessageRow)] == first


def test_a_reminder_is_a_fresh_copy_and_the_older_one_loses_its_buttons(world: World) -> None:
    phone, _since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:00")
    prompt = phone.last
    world.wait_for(FIRST_DAY, "21:30")
    assert phone.last is not prompt
    assert prompt.labels == []
    assert phone.last.labels == ["Start"]


def test_a_card_in_progress_is_not_interrupted(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(FIRST_DAY, "21:27")
    phone.tap("Start")
    phone.tap("3")
    world.wait_for(FIRST_DAY, "21:36")
    assert [kind for kind, _at in arrivals(phone, world, since)] == ["prompt"]
    world.wait_for(FIRST_DAY, "21:40")
    assert arrivals(phone, world, since)[-1] == ("second", "25 21:37")
    phone.tap("Start")
    assert "question 2 of 3" in phone.last.text


def test_when_only_submit_is_missing_the_reminder_says_so_and_opens_the_review(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:00")
    for label in ("Start", "3", "1 Mild", "1 Slightly"):
        phone.tap(label)
    world.wait_for(FIRST_DAY, "21:30")
    assert "Only saving is left" in phone.last.text
    phone.tap("Start")
    phone.tap("Submit")
    assert len(world.rows(EntryRow)) == 1
    assert len(arrivals(phone, world, since)) == 2


def test_snooze_for_half_an_hour_replaces_nearby_reminders(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:50")
    for label in ("Start", "Later", "In 30 minutes"):
        phone.tap(label)
    assert phone.last.labels == ["Start"]
    world.wait_for(FIRST_DAY, "23:00")
    assert arrivals(phone, world, since) == [("prompt", "25 20:00"), ("snoozed", "25 21:20")]


def test_snooze_until_the_morning_silences_the_evening_and_the_last_call(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:10")
    for label in ("Start", "Later", "Tomorrow 08:30"):
        phone.tap(label)
    world.wait_for(NEXT_DAY, "12:01")
    assert arrivals(phone, world, since) == [("prompt", "25 20:00"), ("snoozed", "26 08:30")]


def test_snooze_is_not_offered_into_quiet_hours_or_past_closing(world: World) -> None:
    phone, _since = before_first_day(world)
    world.wait_for(FIRST_DAY, "21:45")
    phone.tap("Start")
    phone.tap("Later")
    assert phone.last.labels[0] == "Tomorrow 08:30"
    world.wait_for(NEXT_DAY, "11:40")
    phone.tap("Start")
    assert "Later" not in phone.last.labels


def test_a_late_hour_draws_the_second_reminder_forward_or_drops_it(world: World) -> None:
    late = world.joined("SH-001", 5001)
    late.command("hour")
    late.tap("21:00")
    latest = world.joined("SH-002", 5002)
    latest.command("hour")
    latest.tap("21:30")
    world.wait_for(FIRST_DAY, "17:59")
    since = world.now
    world.wait_for(FIRST_DAY, "23:00")
    assert arrivals(late, world, since) == [("prompt", "25 21:00"), ("second", "25 21:45")]
    assert arrivals(latest, world, since) == [("prompt", "25 21:30")]


def test_stop_ends_every_unasked_message_at_once_and_start_resumes(world: World) -> None:
    phone, _since = before_first_day(world)
    phone.command("stop")
    phone.tap("Stop messages")
    since = world.now
    world.wait_for(NEXT_DAY, "21:00")
    assert arrivals(phone, world, since) == []
    assert [row.kind for row in world.rows(SiteTaskRow)] == ["stopped"]
    phone.command("today")
    assert phone.last.text
    phone.start()
    world.wait_for(FIRST_DAY + timedelta(days=2), "20:01")
    assert ("prompt", "27 20:00") in arrivals(phone, world, since)


def test_a_day_saved_after_a_stop_promises_no_further_question(world: World) -> None:
    phone = world.joined()
    world.wait_for(FIRST_DAY, "20:00")
    phone.command("stop")
    phone.tap("Stop messages")
    phone.command("today")
    for label in ("Start", "4", "1 Mild", "2 Poor", "Submit"):
        phone.tap(label)
    assert "Saved" in phone.last.text
    assert "tomorrow 20:00" not in phone.last.text


def test_keep_changes_nothing(world: World) -> None:
    phone, since = before_first_day(world)
    phone.command("stop")
    phone.tap("Keep")
    world.wait_for(FIRST_DAY, "20:01")
    assert arrivals(phone, world, since) == [("prompt", "25 20:00")]


def test_a_blocked_chat_is_left_alone_and_becomes_a_task_until_it_opens_again(world: World) -> None:
    phone, _since = before_first_day(world)
    phone.send(Blocked())
    since = world.now
    world.wait_for(NEXT_DAY, "12:01")
    assert arrivals(phone, world, since) == []
    assert [row.kind for row in world.rows(SiteTaskRow)] == ["blocked"]
    phone.send(Unblocked())
    world.tick()
    world.wait_for(NEXT_DAY, "20:01")
    assert arrivals(phone, world, since) == [("prompt", "26 20:00")]
    assert all(row.closed_at for row in world.rows(SiteTaskRow))


def test_a_short_outage_sends_the_prompt_late_and_a_long_one_leaves_it_out(world: World) -> None:
    phone, since = before_first_day(world)
    world.be_away_until(world.local(FIRST_DAY, "20:45"))
    assert arrivals(phone, world, since) == [("prompt", "25 20:45")]
    world.be_away_until(world.local(NEXT_DAY, "03:00"))
    assert len(arrivals(phone, world, since)) == 1
    world.wait_for(NEXT_DAY, "08:01")
    assert arrivals(phone, world, since)[-1] == ("last_call", "26 08:00")


def test_an_outage_over_an_open_day_extends_it_by_six_hours(world: World) -> None:
    phone, _since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:30")
    world.be_away_until(world.local(NEXT_DAY, "11:30"))
    assert [(row.started_at, row.ended_at) for row in world.rows(OutageRow)] == [
        (world.local(FIRST_DAY, "20:30"), world.local(NEXT_DAY, "11:30"))
    ]
    world.wait_for(NEXT_DAY, "17:00")
    phone.command("today")
    answer(phone)
    assert [(row.diary_day, row.timing) for row in world.rows(EntryRow)] == [(FIRST_DAY, "late")]


def test_after_a_silence_open_cards_are_redrawn_in_place_and_work(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:00")
    phone.tap("Start")
    phone.tap("3")
    card, arrived = phone.last, len(phone.arrivals)
    world.wait_for(FIRST_DAY, "20:20")
    world.be_away_until(world.local(FIRST_DAY, "20:24"))
    assert "We were away" in card.text
    assert len(phone.arrivals) == arrived
    for label in ("1 Mild", "1 Slightly", "Submit"):
        phone.tap(label, card)
    assert "We were away" not in card.text
    assert len(world.rows(EntryRow)) == 1
    assert len(arrivals(phone, world, since)) == 1


def test_after_a_silence_the_card_of_everybody_is_redrawn(world: World) -> None:
    phones = [world.joined(f"SH-00{number}", 5000 + number) for number in (1, 2, 3)]
    world.wait_for(FIRST_DAY, "20:00")
    for phone in phones:
        phone.tap("Start")
    world.wait_for(FIRST_DAY, "20:20")
    world.be_away_until(world.local(FIRST_DAY, "20:24"))
    assert ["We were away" in phone.last.text for phone in phones] == [True, True, True]


def test_whoever_was_in_the_middle_of_a_card_is_written_to_once(world: World) -> None:
    phone, since = before_first_day(world)
    world.wait_for(NEXT_DAY, "09:20")
    phone.tap("Start")
    phone.tap("3")
    world.be_away_until(world.local(NEXT_DAY, "09:25"))
    world.be_away_until(world.local(NEXT_DAY, "09:29"))
    assert [kind for kind, _at in arrivals(phone, world, since)] == ["prompt", "second", "last_call", "outage"]
    phone.tap("Start")
    assert "question 2 of 3" in phone.last.text


def test_stepping_from_due_instant_to_due_instant_is_no_outage(world: World) -> None:
    before_first_day(world)
    world.wait_for(NEXT_DAY, "12:01")
    assert world.rows(OutageRow) == []


@pytest.mark.parametrize(
    ("tzid", "on", "wall"),
    [("Europe/London", date(2026, 6, 1), "20:00"), ("America/New_York", date(2026, 6, 1), "20:00")],
)
def test_prompts_come_at_the_participants_own_hour_in_their_own_zone(
    world: World, tzid: str, on: date, wall: str
) -> None:
    phone = world.joined(tzid=tzid, baseline_on=on)
    world.wait_for(FIRST_DAY, "23:59", tzid)
    assert (world.local(FIRST_DAY, wall, tzid), "prompt") in phone.unasked()


def test_no_unasked_message_ever_comes_in_quiet_hours_or_between_windows(world: World) -> None:
    from zoneinfo import ZoneInfo

    phone = world.joined()
    world.wait_until(world.local(W00 + timedelta(days=40), "12:00"))
    walls = [at.astimezone(ZoneInfo("Asia/Shanghai")) for at, _kind in phone.unasked()]
    assert walls
    assert all(8 <= wall.hour < 22 for wall in walls)
    asked = {row.diary_day for row in world.rows(MessageRow) if row.kind == "prompt" and row.state == "sent"}
    with world.db.read() as session:
        diary = read_diary(session, world.participant(), world.study.protocol, world.now)
    assert asked <= set(diary.calendar.days())


def test_every_planned_row_that_is_past_has_an_end_and_a_reason(world: World) -> None:
    phone = world.joined()
    world.wait_for(FIRST_DAY, "20:00")
    answer(phone)
    world.wait_for(FIRST_DAY + timedelta(days=4), "13:00")
    past = [row for row in world.rows(MessageRow) if row.due_at < world.now]
    assert {row.state for row in past} <= {"sent", "cancelled", "expired"}
    assert all(row.reason for row in past if row.state in ("cancelled", "expired"))
