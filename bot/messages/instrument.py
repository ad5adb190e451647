"""The wording of the instrument: questions, anchors, definition; versioned, and locked by hash per language.

Scale: Best WR et al., Gastroenterology 1976;70:439-444. The Chinese is a proposal for linguistic validation.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from bot.diary.items import Item
from bot.i18n import LANGUAGES, Message, format_day, instrument_text, translate

WORDING_VERSION: Final = "1"
LOCKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "2dba876d45a972d89810eb3920dbd7a934ded644c5bceb14a7785f36200b8022",
        "zh": "482afe750ed58918115c3e71763e56ef6f11f60499ba468eb9247ae215ac07fe",
    }
)

QUESTIONS: Final = MappingProxyType(
    {
        Item.STOOLS: instrument_text("cdai.stools.question", "Number of liquid or very soft stools %(day)s"),
        Item.PAIN: instrument_text("cdai.pain.question", "Abdominal pain %(day)s"),
        Item.WELLBEING: instrument_text("cdai.wellbeing.question", "General well-being %(day)s"),
        Item.ANTIDIARRHOEAL: instrument_text(
            "cdai.antidiarrhoeal.question",
            "Loperamide, diphenoxylate or an opiate taken for diarrhoea %(day)s",
        ),
    }
)
NAMES: Final = MappingProxyType(
    {
        Item.STOOLS: instrument_text("cdai.stools.name", "Stools"),
        Item.PAIN: instrument_text("cdai.pain.name", "Pain"),
        Item.WELLBEING: instrument_text("cdai.wellbeing.name", "Well-being"),
        Item.ANTIDIARRHOEAL: instrument_text("cdai.antidiarrhoeal.name", "Medicine for diarrhoea"),
    }
)
ANCHORS: Final = MappingProxyType(
    {
        Item.PAIN: (
            instrument_text("cdai.pain.0", "None"),
            instrument_text("cdai.pain.1", "Mild"),
            instrument_text("cdai.pain.2", "Moderate"),
            instrument_text("cdai.pain.3", "Severe"),
        ),
        Item.WELLBEING: (
            instrument_text("cdai.wellbeing.0", "Generally well"),
            instrument_text("cdai.wellbeing.1", "Slightly under par"),
            instrument_text("cdai.wellbeing.2", "Poor"),
            instrument_text("cdai.wellbeing.3", "Very poor"),
            instrument_text("cdai.wellbeing.4", "Terrible"),
        ),
        Item.ANTIDIARRHOEAL: (
            instrument_text("cdai.antidiarrhoeal.0", "No"),
            instrument_text("cdai.antidiarrhoeal.1", "Yes"),
        ),
    }
)
DEFINITION: Final = instrument_text(
    "cdai.stools.definition",
    "Count every stool that was mushy, without a firm shape, or like water. Formed stools do not count. "
    "The day runs from midnight to midnight; what comes after midnight belongs to the next day.",
)
DAY_TODAY: Final = instrument_text("cdai.day.today", "today")
DAY_YESTERDAY: Final = instrument_text("cdai.day.yesterday", "yesterday")
DAY_EARLIER: Final = instrument_text("cdai.day.earlier", "on %(date)s")

WORDING: Final[tuple[Message, ...]] = (
    *QUESTIONS.values(),
    *NAMES.values(),
    *(anchor for anchors in ANCHORS.values() for anchor in anchors),
    DEFINITION,
    DAY_TODAY,
    DAY_YESTERDAY,
    DAY_EARLIER,
)


def question(item: Item, diary_day: date, today: date, language: str) -> str:
    """Word a question for its diary day, as somebody reads it on `today`."""
    return translate(QUESTIONS[item], language, day=_say_day(diary_day, today, language))


def item_name(item: Item, language: str) -> str:
    """Name an item in a word or two."""
    return translate(NAMES[item], language)


def answer_label(item: Item, value: int, language: str) -> str:
    """Write a coded answer with its words, "3 Severe"; a count is its number."""
    anchors = ANCHORS.get(item)
    return f"{value} {translate(anchors[value], language)}" if anchors else str(value)


def definition(language: str) -> str:
    """Explain what counts as a liquid or very soft stool."""
    return translate(DEFINITION, language)


def wording_hash(language: str) -> str:
    """Hash the whole wording of one language (SHA-256, hex)."""
    templates = {message.context: _template(message, language) for message in WORDING}
    return hashlib.sha256(json.dumps(templates, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def check_instrument() -> tuple[str, ...]:
    """Name the languages whose wording differs from its lock; empty when every wording is the locked one."""
    return tuple(language for language in LANGUAGES if wording_hash(language) != LOCKS[language])


def _template(message: Message, language: str) -> str:
    return translate(message, language, day="{day}", date="{date}")


def _say_day(diary_day: date, today: date, language: str) -> str:
    if diary_day == today:
        return translate(DAY_TODAY, language)
    if (today - diary_day).days == 1:
        return translate(DAY_YESTERDAY, language)
    return translate(DAY_EARLIER, language, date=format_day(diary_day, language))
