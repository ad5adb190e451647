"""Typed answers, read or refused."""

import pytest

from bot.diary.answers import Parsed, Reason, Refused, is_quantity, parse_answer
from bot.diary.items import LETTERS, Item
from bot.i18n import translate
from bot.messages.instrument import ANCHORS

READ = {
    0: ("0", "零", "〇", "none", "没有"),
    1: ("1 time",),
    2: ("两次", "兩次"),
    3: ("3次", "3 次", "3 times", "三回"),
    4: ("4", "４", "四", "④", "4️⃣", "04", "4.", "4。", " 4 "),
    10: ("十",),
    12: ("十二", "１２", "twelve"),
    20: ("二十",),
    21: ("二十一",),
    50: ("五十",),
}
REFUSED = {
    Reason.EMPTY: ("", "   ", "。"),
    Reason.RANGE: (
        "3-4",
        "3～4",
        "3—4次",
        "3到4",
        "3 to 4",
        "3 or 4",
        "三四次",
        "二三十",
        "三、四次",
        "3 4",
        "1/2",
        "一二",
    ),
    Reason.DECIMAL: ("2.5", "２．５", "三点五", ".5", "一次半"),
    Reason.NEGATIVE: ("-3", "−3", "－３", "负三", "-0"),
    Reason.TOO_LARGE: ("51", "一百", "一百零五", "9" * 30),
    Reason.VAGUE: ("a lot", "很多", "几次", "十几次", "about 3", "大约3次", "3次左右", "10+", "many times", "twice"),
    Reason.PROSE: ("hello", "便血", "I had 4 today", "今天4次", "3 mild", "٤", "4 and then some more words, at length"),
}


@pytest.mark.parametrize(("text", "value"), [(text, value) for value, texts in READ.items() for text in texts])
def test_a_plain_number_is_read(text, value):
    assert parse_answer(text, Item.STOOLS) == Parsed(value)


@pytest.mark.parametrize(("text", "reason"), [(text, why) for why, texts in REFUSED.items() for text in texts])
def test_what_is_no_plain_number_is_refused_with_its_reason(text, reason):
    assert parse_answer(text, Item.STOOLS) == Refused(reason)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("item", list(ANCHORS))
def test_every_anchor_and_every_label_is_read_as_its_code(item, language):
    for code, anchor in enumerate(ANCHORS[item]):
        words = translate(anchor, language)
        for typed in (words, words.upper(), f"{code} {words}", f"{code}{words}"):
            assert parse_answer(typed, item) == Parsed(code)


def test_a_code_that_contradicts_its_word_is_refused():
    assert parse_answer("3 mild", Item.PAIN) == Refused(Reason.VAGUE)


@pytest.mark.parametrize(("item", "text"), [(Item.PAIN, "4"), (Item.WELLBEING, "5"), (Item.ANTIDIARRHOEAL, "2")])
def test_a_code_beyond_the_scale_is_too_large(item, text):
    assert parse_answer(text, item) == Refused(Reason.TOO_LARGE)


@pytest.mark.parametrize("item", [item for item in Item if item is not Item.STOOLS])
def test_a_count_is_not_read_by_an_item_that_counts_nothing(item):
    assert parse_answer("1次", item) == Refused(Reason.VAGUE)


@pytest.mark.parametrize("text", ["4", "3-4", "很多次", "mild", "重度", "-1"])
def test_quantities_are_recognised_without_a_question(text):
    assert is_quantity(text)


@pytest.mark.parametrize("text", ["hello", "", "便血", "I have 3 questions"])
def test_other_texts_are_no_quantities(text):
    assert not is_quantity(text)


def test_each_item_has_its_own_letter():
    assert sorted(LETTERS.values()) == ["a", "p", "s", "w"]
    assert set(LETTERS) == set(Item)
