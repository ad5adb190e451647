"""The catalogues are fresh, complete, well-formed, and say the same thing with the same words."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po

from bot.i18n import FOLDERS, LANGUAGES, catalogue_path
from bot.messages.replies import LONGEST_TOAST, REPLIES, TOASTS

ROOT = Path(__file__).parents[2]
KEYWORDS = {"chat_text": "chat", "instrument_text": "instrument"}  # pages and documents have tests of their own
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
HAN = re.compile(r"[\u4e00-\u9fff]")
# The button that offers English says so in English, and these frames hold no words.
WITHOUT_HAN = {"button.english", "card.answer", "day.moment", "day.deadline", "day.deadline_far"}
LANGUAGE_FREE = {"button.chinese", "button.english"}


def extracted() -> dict[str, set[tuple[str, str]]]:
    """Collect what the code says, by domain, as (context, English)."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in sorted((ROOT / "bot").rglob("*.py")):
        with path.open("rb") as file:
            for _, keyword, words, _ in extract_python(file, list(KEYWORDS), (), {}):
                if isinstance(words, tuple) and all(words[:2]):  # a trailing comma counts as a third word, None
                    found.setdefault(KEYWORDS[keyword], set()).add(words[:2])
    return found


def catalogue(domain: str, language: str) -> Catalog:
    with catalogue_path(domain, language).open("rb") as file:
        return read_po(file, locale=FOLDERS[language], domain=domain, abort_invalid=True)


def entries(language: str) -> list[tuple[str, str, str]]:
    """List (context, English, wording) of every catalogue of a language."""
    return [
        (message.context, message.id, message.string)
        for domain in DOMAINS
        for message in catalogue(domain, language)
        if message.id
    ]


DOMAINS = tuple(sorted(extracted()))
FOLDER = catalogue_path("chat", "en").parent
PAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.po") if path.stem not in DOMAINS))


def page_wordings(language: str) -> list[tuple[str, str, str]]:
    """List (context, English, wording) of the catalogues of pages and documents, every plural form by itself."""
    found = []
    for domain in PAGES:
        for message in catalogue(domain, language):
            english = message.id if isinstance(message.id, tuple) else (message.id,)
            wordings = message.string if isinstance(message.string, tuple) else (message.string,)
            found += [(f"{domain}:{message.context}", english[-1], wording) for wording in wordings if english[0]]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", DOMAINS)
def test_a_catalogue_holds_exactly_what_the_code_says(domain, language):
    held = {(message.context, message.id) for message in catalogue(domain, language) if message.id}
    assert held == extracted()[domain]


def test_the_conversation_and_the_instrument_were_found_in_the_code():
    assert {"chat", "instrument"} <= set(DOMAINS)
    assert len(extracted()["chat"]) > 100
    assert len(extracted()["instrument"]) == 23


def test_a_context_means_one_sentence():
    contexts = [context for pairs in extracted().values() for context, _ in pairs]
    assert len(contexts) == len(set(contexts))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_fuzzy_or_obsolete(language):
    for domain in DOMAINS:
        read = catalogue(domain, language)
        assert [message.id for message in read if message.id and not message.string] == []
        assert [message.id for message in read if message.fuzzy and message.id] == []
        assert dict(read.obsolete) == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same_in_every_wording(language):
    for context, english, wording in entries(language):
        assert sorted(PLACEHOLDER.findall(wording)) == sorted(PLACEHOLDER.findall(english)), context
        assert "%" not in PLACEHOLDER.sub("", wording), context


def test_the_english_catalogue_is_the_wording_of_the_code():
    assert [context for context, english, wording in entries("en") if wording != english] == []


def test_no_chinese_wording_is_left_in_english():
    for context, english, wording in entries("zh"):
        if context not in WITHOUT_HAN:
            assert HAN.search(PLACEHOLDER.sub("", wording)), context
        assert wording != english or context in WITHOUT_HAN | LANGUAGE_FREE, context


def test_chinese_is_punctuated_and_spaced_as_chinese():
    for context, _, wording in entries("zh"):
        bare = PLACEHOLDER.sub("0", wording)
        assert not re.search(r"[\u4e00-\u9fff][,;:?!.()]", bare), context
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z/]|[A-Za-z][\u4e00-\u9fff]", bare), context
        assert not re.search(r"[\u4e00-\u9fff][0-9]|[0-9][\u4e00-\u9fff]", re.sub(PLACEHOLDER, "", wording)), context


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_documents_are_worded_whole(language):
    for context, english, wording in page_wordings(language):
        assert wording, (context, english)
        assert set(PLACEHOLDER.findall(wording)) <= set(PLACEHOLDER.findall(english)), (context, english)
    for domain in PAGES:
        assert [message.id for message in catalogue(domain, language) if message.fuzzy and message.id] == []


def test_pages_and_documents_leave_no_chinese_wording_in_english():
    left = [
        (context, english)
        for context, english, wording in page_wordings("zh")
        if re.search(r"[A-Za-z]{4,} [a-z]{3,}", english) and not HAN.search(wording)
    ]
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_is_too_long_for_its_place(language):
    toasts = {message.context for message in TOASTS.values()}
    replies = {message.context for message in REPLIES.values()}
    for context, _, wording in entries(language):
        limit = 20 if context.startswith("button.") else LONGEST_TOAST if context in toasts else 320
        assert len(PLACEHOLDER.sub("00", wording)) <= limit, context
        assert context not in replies or wording.endswith((".", "。")), context


def glossary() -> list[tuple[str, tuple[str, ...], frozenset[str]]]:
    """Read the table of the glossary: English word, Chinese words, contexts where another word is meant."""
    rows = []
    for line in (ROOT / "locales" / "GLOSSARY.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] not in ("English", "---"):
            rows.append((cells[0], tuple(cells[1].split("、")), frozenset(re.findall(r"`([\w.]+)`", cells[2]))))
    return rows


def test_the_glossary_is_kept_to():
    conversation = entries("zh")
    for english, chinese, apart in glossary():
        word = re.compile(rf"\b{re.escape(english)}\b", re.IGNORECASE)
        uses = [entry for entry in conversation if word.search(PLACEHOLDER.sub("", entry[1]))]
        assert uses, f"{english} is nowhere used"
        strays = [context for context, _, wording in uses if not any(one in wording for one in chinese)]
        assert set(strays) == apart, f"{english}: the glossary excepts {sorted(apart)}, the catalogues {strays}"


def test_every_reply_and_toast_is_named_by_the_steps_or_the_desk():
    """A message id that the pure steps name exists; the code is read, not run."""
    known = set(REPLIES) | set(TOASTS)
    for path in sorted((ROOT / "bot" / "chat").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and re.fullmatch(r"(?:toast|number|correction|joining)\.\w+", value):
                assert value in known, f"{path.name}: {value}"
