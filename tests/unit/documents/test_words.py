import re

import pytest

from bot.documents import change_words, signing_words, words
from bot.i18n import LANGUAGES, Message, read_catalogue

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
SAME_IN_BOTH = {"PRO2", "PRO3", "SES-CD"}


def all_words() -> list[Message]:
    found: list[Message] = []
    for value in [value for module in (words, change_words, signing_words) for value in vars(module).values()]:
        inside = value.values() if hasattr(value, "values") and not isinstance(value, type) else [value]
        found += [one for one in inside if isinstance(one, Message)]
    return found


def test_every_sentence_has_an_id_of_its_own() -> None:
    contexts = [message.context for message in all_words()]
    assert len(contexts) > 100
    assert len(contexts) == len(set(contexts))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_hold_exactly_the_sentences_of_the_documents(language: str) -> None:
    catalogue = read_catalogue("documents", language)
    assert set(catalogue) == {(message.context, message.english) for message in all_words()}
    assert all(catalogue.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wording_has_the_placeholders_of_its_sentence(language: str) -> None:
    catalogue = read_catalogue("documents", language)
    for message in all_words():
        wording = catalogue[message.context, message.english]
        assert set(PLACEHOLDER.findall(wording)) == set(PLACEHOLDER.findall(message.english)), message.context
        rest = PLACEHOLDER.sub("", wording).replace("%%", "")
        assert "%" not in rest, message.context


def test_no_chinese_sentence_is_left_in_english() -> None:
    catalogue = read_catalogue("documents", "zh")
    left = [
        message.english
        for message in all_words()
        if catalogue[message.context, message.english] == message.english
        and re.search("[A-Za-z]{2}", PLACEHOLDER.sub("", message.english))
    ]
    assert set(left) == SAME_IN_BOTH
