"""After an unknown outcome: what goes out once more, when, and until when; kind by kind."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import col, select

from bot.actions.record_delivery import unknown
from bot.storage.outbox import enqueue
from bot.storage.tables import EntryRow, MessageRow
from bot.storage.tables.traffic import UNASKED
from tests.stories.test_reminders import NEXT_DAY, answer, arrivals, before_first_day
from tests.support.database import message_row
from tests.support.world import FIRST_DAY, World

MINUTE = timedelta(minutes=1)


def ends(world: World, kind: str) -> list[tuple[str, str | None, bool]]:
    """State, reason and whether it is a copy, of every row of a kind for the first day."""
    rows = [row for row in world.rows(MessageRow) if row.kind == kind and row.diary_day == FIRST_DAY]
    return [(row.state, row.reason, row.resend_of is not None) for row in sorted(rows, key=lambda row: row.id or 0)]


def test_a_prompt_goes_once_more_after_a_minute_and_both_copies_act_on_the_same_card(world: World) -> None:
    phone, since = before_first_day(world)
    world.unclear = {"prompt"}
    world.wait_for(FIRST_DAY, "20:00")
    first = phone.last
    world.wait_for(FIRST_DAY, "20:30")
    assert arrivals(phone, world, since) == [("prompt", "25 20:00"), ("prompt", "25 20:01")]
    assert ends(world, "prompt") == [("unknown", "no_receipt", False), ("unknown", "no_receipt", True)]
    second = phone.last
    phone.tap("Start", first)
    phone.tap("Start", second)
    world.unclear = set()
    phone.command("today")
    answer(phone)
    assert len(world.rows(EntryRow)) == 1


def test_a_prompt_is_not_repeated_once_the_card_is_touched_or_the_day_entered(world: World) -> None:
    phone, since = before_first_day(world)
    world.unclear = {"prompt"}
    world.wait_for(FIRST_DAY, "20:00")
    phone.command("today")
    phone.tap("Start")
    phone.tap("3")
    world.wait_for(FIRST_DAY, "20:30")
    assert arrivals(phone, world, since) == [("prompt", "25 20:00")]
    assert ends(world, "prompt")[1][0] == "cancelled"


def test_a_prompt_is_not_repeated_at_or_after_the_second_reminder(world: World) -> None:
    phone, since = before_first_day(world)
    world.unclear = {"prompt"}
    world.be_away_until(world.local(FIRST_DAY, "21:29") + timedelta(seconds=30))
    world.wait_for(FIRST_DAY, "21:59")
    assert arrivals(phone, world, since) == [("prompt", "25 21:29"), ("second", "25 21:30")]
    assert ends(world, "prompt") == [("unknown", "no_receipt", False)]


def test_a_second_reminder_is_never_repeated_and_the_last_call_covers_it(world: World) -> None:
    phone, since = before_first_day(world)
    world.unclear = {"second"}
    world.wait_for(NEXT_DAY, "08:01")
    assert [kind for kind, _at in arrivals(phone, world, since)] == ["prompt", "second", "last_call"]
    assert ends(world, "second") == [("unknown", "no_receipt", False)]


def test_a_last_call_goes_once_more_after_two_minutes(world: World) -> None:
    phone, since = before_first_day(world)
    world.unclear = {"last_call"}
    world.wait_for(NEXT_DAY, "12:30")
    assert arrivals(phone, world, since)[-2:] == [("last_call", "26 08:00"), ("last_call", "26 08:02")]


@pytest.mark.parametrize(("back", "calls"), [("11:27", 2), ("11:29", 1), ("11:31", 0)])
def test_no_last_call_in_the_last_half_hour(world: World, back: str, calls: int) -> None:
    """An outage of less than thirty minutes extends no day, so it closes at noon."""
    phone, since = before_first_day(world)
    world.wait_for(NEXT_DAY, "07:59")
    for minute in range(8 * 60, int(back[:2]) * 60 + int(back[3:]), 25):
        world.now, world.system_now = world.local(NEXT_DAY, f"{minute // 60:02d}:{minute % 60:02d}"), world.system_now
        beat_only(world)
    world.unclear = {"last_call"}
    world.now = world.local(NEXT_DAY, back)
    world.tick()
    world.wait_for(NEXT_DAY, "12:30")
    assert [kind for kind, _at in arrivals(phone, world, since)].count("last_call") == calls


def beat_only(world: World) -> None:
    """The service hears, but nothing can be sent."""
    from bot.actions.keep_time import note_alive

    with world.db.write() as session:
        policy = world.study.protocol.outages
        note_alive(session, policy, system_now=world.system_now, now=world.now, shifted=True)


@pytest.mark.parametrize(
    ("kind", "wait", "copies"),
    [("reply", 0, 1), ("staff", 0, 1), ("thank_you", None, 0), ("second", None, 0), ("outage", None, 0)],
)
def test_what_is_not_about_an_untouched_day_follows_the_table(
    world: World, kind: str, wait: int | None, copies: int
) -> None:
    with world.db.write() as session:
        enqueue(session, message_row(dedupe_key="x", kind=kind, due_at=world.now, not_after=world.now + 30 * MINUTE))
    for _time in range(3):
        with world.db.write() as session:
            query = select(MessageRow).where(MessageRow.kind == kind, col(MessageRow.state) == "planned")
            for row in session.exec(query).all():
                row.state = "unknown"
                session.add(row)
                unknown(session, row, now=world.now)
    rows = [row for row in world.rows(MessageRow) if row.dedupe_key.startswith("x")]
    assert [row.dedupe_key for row in rows] == ["x", "x#2"][: 1 + copies]
    assert all(row.due_at == world.now + timedelta(seconds=wait or 0) for row in rows[1:])
    assert all(row.resend_of == rows[0].id and row.not_after == rows[0].not_after for row in rows[1:])


@pytest.mark.parametrize("kind", ["reply", "staff"])
def test_nothing_is_repeated_after_its_time(world: World, kind: str) -> None:
    with world.db.write() as session:
        enqueue(session, message_row(dedupe_key="x", kind=kind, due_at=world.now, not_after=world.now - MINUTE))
        row = session.exec(select(MessageRow).where(MessageRow.dedupe_key == "x")).one()
        unknown(session, row, now=world.now)
    assert [row.dedupe_key for row in world.rows(MessageRow) if row.kind == kind] == ["x"]


@pytest.mark.parametrize(("hours", "state"), [(23.9, "sent"), (24.1, "expired")])
def test_an_edit_of_a_card_is_made_until_a_day_after_closing_and_then_only_takes_the_buttons_away(
    world: World, hours: float, state: str
) -> None:
    phone, _since = before_first_day(world)
    world.wait_for(FIRST_DAY, "20:00")
    phone.tap("Start")
    with world.db.write() as session:
        for row in session.exec(select(MessageRow).where(col(MessageRow.state) == "planned")).all():
            row.state, row.reason = "cancelled", "this test is about one edit"
            session.add(row)
    card = phone.last
    send, world.deliver = world.deliver, lambda: None  # type: ignore[method-assign]  # the network is gone
    phone.tap("3")
    closes = world.local(NEXT_DAY, "12:00")
    world.now = closes + timedelta(hours=hours)
    world.deliver = send  # type: ignore[method-assign]
    world.deliver()
    edits = [row for row in world.rows(MessageRow) if row.kind == "edit" and row.diary_day == FIRST_DAY]
    assert edits[-1].state == state
    assert bool(card.labels) == (state == "expired")


@pytest.mark.parametrize("begins", ["19:50", "20:05", "21:20", "21:40", "07:50"])
@pytest.mark.parametrize("minutes", [20, 100, 760])
def test_after_an_outage_at_most_one_reminder_of_a_day_comes_and_later_ones_as_planned(
    world: World, begins: str, minutes: int
) -> None:
    before_first_day(world)
    world.wait_for(NEXT_DAY if begins < "12:00" else FIRST_DAY, begins)
    back = world.now + timedelta(minutes=minutes)
    world.be_away_until(back)
    world.wait_until(back + timedelta(hours=14))
    unasked = [row for row in world.rows(MessageRow) if row.kind in UNASKED and row.sent_at and row.sent_at >= back]
    at_once = Counter(row.diary_day for row in unasked if row.sent_at == back)
    assert max(at_once.values(), default=0) <= 1
    later = [row for row in unasked if row.sent_at != back]
    assert later
    assert all(row.sent_at == row.due_at for row in later)
