"""Refusals of actions, worded in the reader's language: the sentence by its English, what it is about by its kind."""

from typing import Final

from bot.clinic.words import words_of
from schedules.errors import AnyOf, ScheduleError, Term, Terms

SENTENCE: Final = "refusal"  # the catalogue's context for whole sentences
TERM: Final = "refusal term"  # and for what stands inside them


def worded(error: ScheduleError, language: str) -> str:
    """The refusal as a page says it. The English catalogue words what reads differently on a page and in a console."""
    return _fill(SENTENCE, error.template, error.params, language)


def _fill(context: str, template: str, params: dict[str, object], language: str) -> str:
    wording = words_of(language).pgettext(context, template)
    return wording % {name: _say(value, language) for name, value in params.items()} if params else wording


def _say(value: object, language: str) -> str:
    if isinstance(value, Term):
        return _fill(TERM, value.template, value.params, language)
    if isinstance(value, Terms):
        return _between(value, language).join(_say(Term.of(word), language) for word in value)
    return str(value)  # a date as in fields, with its year: what is refused is often a slip in the year


def _between(terms: Terms, language: str) -> str:
    """What stands between the words of a list: " or " becomes "或", a comma the comma of a Chinese list."""
    if language == "en":
        return terms.between
    return "或" if isinstance(terms, AnyOf) else "、"
