from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest

from schedules.reminders import (
    DayFacts,
    MessageKind,
    PlannedMessage,
    ReminderFacts,
    in_quiet_hours,
    next_prompt_at,
    plan_reminders,
    snooze_options,
)
from schedules.windows import DiaryDay, Outage, instant
from tests.unit.schedules.factories import (
    DAY,
    POLICY,
    SHANGHAI,
    T0,
    living_in,
    make_day,
    make_facts,
    make_person,
    zones,
)

NEXT = DAY + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return instant(day, time(hour, minute), SHANGHAI)


def planned(
    day: DayFacts | None = None, person: ReminderFacts | None = None, now: datetime = T0
) -> dict[str, PlannedMessage]:
    found = plan_reminders(POLICY, person or make_person(), [day or make_facts()], now)
    return {message.kind.value: message for message in found}


def dues(*args: object, **kwargs: object) -> dict[str, datetime]:
    found = planned(*args, **kwargs)  # type: ignore[arg-type]
    return {kind: message.due_at for kind, message in found.items()}


def test_an_untouched_day_gets_prompt_second_last_call_and_closing() -> None:
    assert dues() == {
        "prompt": at(20),
        "second": at(21, 30),
        "last_call": at(8, 0, NEXT),
        "closing": at(12, 0, NEXT),
    }


def test_every_message_carries_wall_time_zone_limit_and_a_stable_key() -> None:
    prompt = planned()["prompt"]
    assert prompt == PlannedMessage(
        key="2025-03-24/prompt/1",
        kind=MessageKind.PROMPT,
        visit="W04",
        diary_day=DAY,
        wall_date=DAY,
        wall_time=time(20),
        tzid=SHANGHAI,
        due_at=at(20),
        not_after=at(21, 30),
    )
    assert {m.key for m in planned().values()} == {
        f"2025-03-24/{kind}/1" for kind in ("prompt", "second", "last_call", "closing")
    }


def test_each_kind_has_the_limit_of_its_policy() -> None:
    limits = {kind: message.not_after for kind, message in planned().items()}
    assert limits == {
        "prompt": at(21, 30),
        "second": at(22),
        "last_call": at(11, 30, NEXT),
        "closing": at(12, 0, NEXT + timedelta(days=1)),
    }


@pytest.mark.parametrize(
    ("hour", "second", "prompt_limit"),
    [
        (time(18), (19, 30), (19, 30)),
        (time(20), (21, 30), (21, 30)),
        (time(20, 30), (21, 45), (21, 45)),
        (time(21), (21, 45), (21, 45)),
        (time(21, 30), None, (22, 0)),
    ],
)
def test_a_second_reminder_is_drawn_out_of_quiet_hours_or_left_out(
    hour: time, second: tuple[int, int] | None, prompt_limit: tuple[int, int]
) -> None:
    found = planned(person=make_person(hour))
    assert found["prompt"].due_at == instant(DAY, hour, SHANGHAI)
    assert found["prompt"].not_after == at(*prompt_limit)
    assert (found["second"].due_at if "second" in found else None) == (at(*second) if second else None)


def test_an_entered_day_gets_only_its_closing() -> None:
    assert set(dues(make_facts(entered=True, has_card=True))) == {"closing"}


def test_before_joining_nothing_is_planned() -> None:
    assert planned(person=make_person(joined_at=None)) == {}


def test_after_stop_only_the_card_that_exists_is_closed() -> None:
    stopped = make_person(allowed=False)
    assert planned(person=stopped) == {}
    assert set(planned(make_facts(has_card=True), stopped)) == {"closing"}


def test_a_day_no_longer_asked_gets_no_reminder_and_its_card_is_closed() -> None:
    assert planned(make_facts(asked=False)) == {}
    assert set(planned(make_facts(asked=False, has_card=True))) == {"closing"}


def test_nothing_unasked_follows_the_end_of_the_last_visit() -> None:
    person = make_person(finished_at=at(21))
    assert set(planned(person=person)) == {"prompt"}
    assert set(planned(make_facts(has_card=True), person)) == {"prompt", "closing"}


def test_joining_in_the_evening_prompts_at_once() -> None:
    found = dues(person=make_person(joined_at=at(20, 50)), now=at(20, 50))
    assert found["prompt"] == at(20, 50)
    assert found["second"] == at(21, 45)


def test_joining_shortly_before_quiet_hours_prompts_once() -> None:
    found = planned(person=make_person(joined_at=at(21, 40)), now=at(21, 40))
    assert found["prompt"].due_at == at(21, 40)
    assert found["prompt"].not_after == at(22)
    assert "second" not in found


def test_joining_in_quiet_hours_waits_for_the_morning() -> None:
    assert set(dues(person=make_person(joined_at=at(22, 10)))) == {"last_call", "closing"}


def test_joining_in_the_morning_sends_nothing_for_yesterday() -> None:
    assert set(dues(person=make_person(joined_at=at(9, 0, NEXT)))) == {"closing"}
    assert dues(person=make_person(joined_at=at(13, 0, NEXT))) == {}


def test_a_message_whose_limit_has_passed_is_no_longer_planned() -> None:
    assert set(dues(now=at(21, 31))) == {"second", "last_call", "closing"}
    assert set(dues(now=at(13, 0, NEXT))) == {"closing"}
    assert dues(now=at(12, 1, NEXT + timedelta(days=1))) == {}


def test_an_earlier_check_in_leaves_no_last_call_that_comes_too_late() -> None:
    assert "last_call" in dues(make_facts(make_day(checkin=at(8, 31, NEXT))))
    found = dues(make_facts(make_day(checkin=at(8, 30, NEXT))))
    assert "last_call" not in found
    assert found["closing"] == at(8, 30, NEXT)


def test_a_check_in_on_the_evening_itself_ends_the_reminders() -> None:
    found = planned(make_facts(make_day(checkin=at(20, 30))))
    assert set(found) == {"prompt", "closing"}
    assert found["prompt"].not_after == at(20, 30)


def test_a_snooze_replaces_the_reminders_before_it_and_shortly_after_it() -> None:
    found = planned(make_facts(snoozed_until=at(21, 5), snooze_count=2))
    assert found["snoozed"].key == "2025-03-24/snoozed/2"
    assert found["snoozed"].due_at == at(21, 5)
    assert found["snoozed"].not_after == at(22)
    assert set(found) == {"snoozed", "last_call", "closing"}


def test_a_reminder_half_an_hour_after_the_snooze_stays() -> None:
    assert dues(make_facts(snoozed_until=at(21), snooze_count=1))["second"] == at(21, 30)


def test_a_snooze_until_the_morning_takes_the_place_of_the_last_call() -> None:
    found = planned(make_facts(snoozed_until=at(8, 30, NEXT), snooze_count=1))
    assert set(found) == {"snoozed", "closing"}
    assert found["snoozed"].not_after == at(11, 30, NEXT)


def test_a_snooze_shortly_before_closing_is_kept() -> None:
    found = planned(make_facts(snoozed_until=at(11, 50, NEXT), snooze_count=1))
    assert found["snoozed"].due_at == at(11, 50, NEXT)
    assert found["snoozed"].not_after == at(12, 0, NEXT)


def test_a_snooze_that_an_earlier_check_in_overtook_gives_the_last_call_back() -> None:
    day = make_day(checkin=at(9, 0, NEXT))
    assert set(dues(make_facts(day, snoozed_until=at(9, 10, NEXT)))) == {
        "prompt",
        "second",
        "last_call",
        "closing",
    }


def test_a_reminder_waits_until_the_card_is_out_of_progress() -> None:
    assert dues(make_facts(last_touch_at=at(21, 25)))["second"] == at(21, 35)
    assert dues(make_facts(last_touch_at=at(21, 20)))["second"] == at(21, 30)


def test_a_reminder_that_would_wait_into_quiet_hours_is_dropped() -> None:
    found = dues(make_facts(last_touch_at=at(21, 52)), make_person(time(21)))
    assert "second" not in found
    assert found["last_call"] == at(8, 0, NEXT)


def test_a_prompt_that_had_to_wait_gives_way_to_the_second_reminder() -> None:
    found = dues(make_facts(last_touch_at=at(21, 10)), make_person(time(21)))
    assert "prompt" not in found
    assert found["second"] == at(21, 45)


def test_when_only_submit_is_missing_the_message_knows() -> None:
    assert all(message.saving_left for message in planned(make_facts(only_submit_missing=True)).values())


def test_an_outage_extension_moves_the_closing_and_keeps_the_last_call_out_of_quiet_hours() -> None:
    outage = Outage(at(10, 0, NEXT), at(23, 0, NEXT))
    found = planned(make_facts(make_day(outages=[outage])))
    assert found["closing"].due_at == at(5, 0, NEXT + timedelta(days=1))
    assert found["last_call"].not_after == at(22, 0, NEXT)


def test_after_a_zone_change_the_morning_must_suit_both_zones() -> None:
    history = zones((date(2025, 1, 1), "Asia/Shanghai"), (NEXT, "Europe/London"))
    assert set(dues(make_facts(make_day(history=history)))) == {"prompt", "second", "closing"}


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(22, 0, True), (21, 59, False), (7, 59, True), (8, 0, False), (0, 0, True)],
)
def test_quiet_hours_run_from_ten_to_eight(hour: int, minute: int, *, quiet: bool) -> None:
    assert in_quiet_hours(at(hour, minute), SHANGHAI, POLICY) is quiet


def codes(day: DiaryDay, now: datetime) -> list[str]:
    return [code for code, _ in snooze_options(day, now, POLICY)]


@pytest.mark.parametrize(
    ("hour", "minute", "next_day", "expected"),
    [
        (20, 0, False, ["30", "830"]),
        (21, 29, False, ["30", "830"]),
        (21, 30, False, ["830"]),
        (23, 50, False, ["830"]),
        (0, 10, True, []),
        (7, 40, True, ["30"]),
        (11, 29, True, ["30"]),
        (11, 30, True, []),
    ],
)
def test_a_snooze_is_offered_only_before_closing_and_outside_quiet_hours(
    hour: int, minute: int, *, next_day: bool, expected: list[str]
) -> None:
    assert codes(make_day(), at(hour, minute, NEXT if next_day else DAY)) == expected


def test_no_snooze_reaches_past_an_early_check_in() -> None:
    assert codes(make_day(checkin=at(8, 30, NEXT)), at(20)) == ["30"]
    assert dict(snooze_options(make_day(), at(20), POLICY))["830"] == at(8, 30, NEXT)


def test_the_next_prompt_is_the_first_one_still_to_come() -> None:
    days = [make_facts(make_day(DAY + timedelta(days=n)), entered=n == 1) for n in range(3)]
    person = make_person()
    assert next_prompt_at(POLICY, person, days, at(19)) == at(20)
    assert next_prompt_at(POLICY, person, days, at(20)) == at(20, 0, DAY + timedelta(days=2))
    assert next_prompt_at(POLICY, replace(person, messages_allowed=False), days, at(19)) is None


def test_messages_of_several_days_come_in_order() -> None:
    days = [make_facts(make_day(DAY + timedelta(days=n))) for n in (1, 0)]
    found = plan_reminders(POLICY, make_person(), days, T0)
    assert [message.due_at for message in found] == sorted(message.due_at for message in found)
    assert len({message.key for message in found}) == 8


def test_the_prompt_keeps_its_wall_time_over_a_clock_change() -> None:
    days = [make_facts(make_day(date(2025, 3, n), history=living_in("America/New_York"))) for n in (7, 8, 9, 10)]
    found = plan_reminders(POLICY, make_person(joined_at=T0 - timedelta(days=9)), days, T0)
    prompts = [message for message in found if message.kind is MessageKind.PROMPT]
    assert {message.wall_time for message in prompts} == {time(20)}
    assert [b.due_at - a.due_at for a, b in pairwise(prompts)] == [
        timedelta(hours=24),
        timedelta(hours=23),
        timedelta(hours=24),
    ]
