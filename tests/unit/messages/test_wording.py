"""Small promises of the wording: the instrument's lock, languages, days and times."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.diary.items import Item
from bot.i18n import (
    Message,
    format_day,
    format_deadline_relative,
    format_moment_relative,
    format_time,
    missing_catalogues,
    resolve_language,
    translate,
)
from bot.messages import instrument
from bot.messages.lines import dots
from bot.messages.profile import bot_profile, command_descriptions
from bot.messages.replies import render_reply
from tests.support.cards import DAY, T0, TZID, a_context


def test_the_wording_of_the_instrument_is_the_locked_one():
    assert instrument.check_instrument() == ()
    assert instrument.WORDING_VERSION == "1"


def test_another_wording_has_another_hash():
    assert instrument.wording_hash("en") != instrument.wording_hash("zh")
    assert len(instrument.wording_hash("zh")) == 64


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-hans", "zh"),
        ("zh_Hans", "zh"),
        ("zh-Hant", "zh"),
        ("ZH-hant-TW", "zh"),
        ("en", "en"),
        ("en-GB", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
        ("zha", "en"),
        ("not a tag", "en"),
    ],
)
def test_every_chinese_tag_is_chinese_and_anything_else_english(tag, language):
    assert resolve_language(tag) == language


def test_both_catalogues_are_found():
    assert missing_catalogues("chat", "instrument") == ()
    assert missing_catalogues("absent") == ("en/absent.po", "zh_Hans/absent.po")


def test_an_unknown_message_falls_back_to_its_english():
    assert translate(Message("chat", "no.such", "Hello %(name)s"), "zh", name="you") == "Hello you"


def test_days_and_times_are_written_as_people_do():
    assert format_day(date(2026, 6, 9), "en") == "Tue 9 Jun"
    assert format_day(date(2026, 6, 9), "zh") == "6月9日 周二"
    assert format_day(date(2026, 6, 9), "en", weekday=False) == "9 June"
    assert format_time(time(20, 2), "en") == format_time(time(20, 2), "zh") == "20:02"
    assert format_time(time(0, 5), "en") == "00:05"


@pytest.mark.parametrize(
    ("days", "english", "chinese"),
    [
        (-1, "yesterday 20:01", "昨天 20:01"),
        (0, "today 20:01", "今天 20:01"),
        (1, "tomorrow 20:01", "明天 20:01"),
        (2, "Sun 7 Jun 20:01", "6月7日 周日 20:01"),
    ],
)
def test_moments_are_told_from_where_the_reader_stands(days, english, chinese):
    moment = T0 + timedelta(days=days)
    assert format_moment_relative(moment, T0, TZID, "en") == english
    assert format_moment_relative(moment, T0, TZID, "zh") == chinese


def test_deadlines_follow_the_word_until():
    assert format_deadline_relative(T0 + timedelta(days=1), T0, TZID, "en") == "20:01 tomorrow"
    assert format_deadline_relative(T0 + timedelta(days=2), T0, TZID, "en") == "20:01 on Sun 7 Jun"
    assert format_deadline_relative(T0 + timedelta(days=2), T0, TZID, "zh") == "6月7日 周日 20:01"


def test_the_readers_own_zone_decides_what_tomorrow_is():
    moment = datetime(2026, 6, 5, 23, 30, tzinfo=ZoneInfo("Europe/London"))
    assert format_moment_relative(moment, T0, "Europe/London", "en") == "today 23:30"
    assert format_moment_relative(moment, T0, TZID, "en") == "tomorrow 06:30"


@pytest.mark.parametrize(
    ("later", "english", "chinese"),
    [
        (0, "Abdominal pain today", "今天腹痛的程度"),
        (1, "Abdominal pain yesterday", "昨天腹痛的程度"),
        (2, "Abdominal pain on Fri 5 Jun", "6月5日 周五那天腹痛的程度"),
    ],
)
def test_a_question_names_the_day_it_asks_about(later, english, chinese):
    today = DAY + timedelta(days=later)
    assert instrument.question(Item.PAIN, DAY, today, "en") == english
    assert instrument.question(Item.PAIN, DAY, today, "zh") == chinese


def test_the_week_is_drawn_with_one_sign_a_day():
    week = ("done", "late", "missed", "excluded", "open", "current", "later")
    assert dots(a_context(dots=week)) == "●●–◌◎◉○"
    assert dots(a_context(dots=())) == "○○○○○○○"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_and_descriptions_fit_the_messenger(language):
    profile = bot_profile(language)
    assert len(profile.name) <= 64
    assert len(profile.short_description) <= 120
    assert len(profile.description) <= 512
    for name, description in command_descriptions(language):
        assert len(name) <= 32
        assert 1 <= len(description) <= 256


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("message_id", ["passed_on", "typed.passed_on", "attachment", "flood"])
def test_whoever_writes_is_told_the_phone_and_that_nobody_watches(message_id, language):
    text = render_reply(message_id, {"phone": "021-5550 0100", "item": Item.PAIN}, language).text
    assert "021-5550 0100" in text
    assert ("not watched for emergencies" if language == "en" else "没有人随时值守") in text


@pytest.mark.parametrize(("item", "greatest"), [(Item.STOOLS, "50"), (Item.PAIN, "3"), (Item.WELLBEING, "4")])
def test_a_refused_number_names_the_range_of_its_question(item, greatest):
    assert f"between 0 and {greatest}" in render_reply("typed.too_large", {"item": item}, "en").text
