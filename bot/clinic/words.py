"""The clinic's words: all `clinic*.po` of a language as one catalogue, for templates and for sentences in code."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from babel.messages.pofile import read_po

from bot.i18n import FOLDERS, Message, catalogue_path, resolve_language

HTML_LANG: Final = {"en": "en", "zh": "zh-Hans"}


@dataclass(frozen=True)
class Words:
    """One language's wording, keyed by (context, English); a plural's English is its singular."""

    language: str
    one: dict[tuple[str, str], str]
    many: dict[tuple[str, str], str]

    def gettext(self, english: str) -> str:
        return self.one.get(("", english)) or english

    def pgettext(self, context: str, english: str) -> str:
        return self.one.get((context, english)) or english

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.npgettext("", singular, plural, number)

    def npgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        """English by number; Chinese has one form for all."""
        single = number == 1 and self.language == "en"
        found = (self.one if single else self.many).get((context, singular))
        return found or (singular if single else plural)

    def callables(self) -> dict[str, Callable[..., str]]:
        """What Jinja's i18n extension is given."""
        return {
            "gettext": self.gettext,
            "ngettext": self.ngettext,
            "pgettext": self.pgettext,
            "npgettext": self.npgettext,
        }


@cache
def words_of(language: str) -> Words:
    """Read a language's catalogues into memory."""
    language = resolve_language(language)
    words = Words(language, {}, {})
    folder = catalogue_path("clinic", language).parent
    for path in sorted(folder.glob("clinic*.po")):
        with path.open("rb") as file:
            for entry in read_po(file, locale=FOLDERS[language], abort_invalid=True):
                _take(words, entry)
    return words


def _take(words: Words, entry: Any) -> None:
    if not entry.id or entry.fuzzy:
        return
    context = str(entry.context or "")
    if isinstance(entry.id, tuple):
        forms = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        words.one[context, entry.id[0]] = forms[0]
        words.many[context, entry.id[0]] = forms[-1]
    else:
        words.one[context, entry.id] = str(entry.string)


def say(message: Message, language: str, **params: object) -> str:
    """Word a sentence of the clinic in a language, its %(name)s filled in."""
    wording = words_of(language).pgettext(message.context, message.english)
    return wording % params if params else wording
