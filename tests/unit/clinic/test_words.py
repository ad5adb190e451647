"""The clinic's catalogues: every sentence in Chinese, none left over, every placeholder kept."""

import re

import pytest

from bot.clinic.refusals import SENTENCE, TERM
from bot.clinic.words import say, words_of
from bot.i18n import clinic_text
from tests.support.clinic_words import PLACEHOLDER, entries, key_of, missing, sentences

PLACED = re.compile(r"%\(\w+\)s")  # what stands there in a refusal is often a Chinese word
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_sentence_has_chinese_words() -> None:
    assert [f"{found.place}: {found.english}" for found in missing("zh")] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_entry_is_left_over_or_given_twice(language: str) -> None:
    known = {found.key for found in sentences()}
    keys = [key_of(entry) for _path, entry in entries(language)]
    assert [key for key in keys if key not in known] == []
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_placeholders_are_the_same_in_both_languages(language: str) -> None:
    for _path, entry in entries(language):
        wordings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        english = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        for wording in wordings:
            given, kept = set(PLACEHOLDER.findall(english[-1])), set(PLACEHOLDER.findall(wording))
            shorter = entry.context == SENTENCE and kept < given  # a page leaves the options of a console out
            assert kept == given or shorter, wording


def test_chinese_sentences_use_full_width_punctuation_and_space_before_latin() -> None:
    for _path, entry in entries("zh"):
        for wording in entry.string if isinstance(entry.string, tuple) else (entry.string,):
            assert not re.search(r"[\u4e00-\u9fff][,;:!?.]", wording), wording
            bare = PLACED.sub("", wording) if entry.context in (SENTENCE, TERM) else wording
            assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", bare), wording


def test_english_plurals_follow_the_number_and_chinese_has_one_form() -> None:
    english, chinese = words_of("en"), words_of("zh")
    args = ("staff", "%(num)s account", "%(num)s accounts")
    assert english.npgettext(*args, 1) == "%(num)s account"
    assert english.npgettext(*args, 2) == "%(num)s accounts"
    assert chinese.npgettext(*args, 1) == chinese.npgettext(*args, 2)
    assert HAN.search(chinese.npgettext(*args, 1))


def test_a_sentence_in_code_is_worded_with_its_values() -> None:
    message = clinic_text("refused", "There is no participant %(code)s at your site.")
    assert say(message, "zh", code="SH-001") == "本中心没有受试者 SH-001。"
    assert say(message, "en", code="SH-001") == "There is no participant SH-001 at your site."
