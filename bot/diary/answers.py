"""What a person typed, read as the answer to one question; anything doubtful is refused with a reason."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.diary.items import GREATEST, Item

LONGEST_ANSWER: Final = 40


class Reason(StrEnum):
    """Why a typed text was not taken as an answer."""

    EMPTY = "empty"
    RANGE = "range"
    DECIMAL = "decimal"
    NEGATIVE = "negative"
    TOO_LARGE = "too_large"
    VAGUE = "vague"
    PROSE = "prose"


@dataclass(frozen=True)
class Parsed:
    """A whole number inside the item's range."""

    value: int


@dataclass(frozen=True)
class Refused:
    """Not an answer; `PROSE` alone means that the text is no quantity at all."""

    reason: Reason


def _words(*groups: str) -> MappingProxyType[str, int]:
    return MappingProxyType({word: code for code, group in enumerate(groups) for word in group.split("|")})


# Anchors of the instrument in both languages; a test compares them with the catalogues.
WORDS: Final = MappingProxyType(
    {
        Item.STOOLS: _words("none|没有|无"),
        Item.PAIN: _words("none|无|没有", "mild|轻度", "moderate|中度", "severe|重度"),
        Item.WELLBEING: _words(
            "generally well|良好",
            "slightly under par|稍差",
            "poor|差",
            "very poor|很差",
            "terrible|极差",
        ),
        Item.ANTIDIARRHOEAL: _words("no|否|没有|没用|无", "yes|是|有|用了"),
    }
)
_ENGLISH_NUMBERS: Final = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty"
)
_ENGLISH: Final = MappingProxyType({word: value for value, word in enumerate(_ENGLISH_NUMBERS.split("|"))})
_DIGITS: Final = MappingProxyType(
    {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4}
    | {"五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
)
_HAN: Final = "零〇一二两兩三四五六七八九十百"
_NUMBER: Final = rf"(?:[0-9]+|[{_HAN}]+|{_ENGLISH_NUMBERS})"
_UNIT: Final = r"(?:次|回|times?)"
_YES: Final = frozenset({"yes", "y", "是", "是的", "对", "对的"})
_NO: Final = frozenset({"no", "n", "不是", "不对", "否", "不"})

_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2060\ufe0f\u20e3]")
_PLAIN: Final = re.compile(rf"({_NUMBER})\s*({_UNIT})?")
_LABEL: Final = re.compile(r"([0-9]+)\s*(\D+)")
_NEGATIVE: Final = re.compile(rf"(?:[-−–—]|负|minus)\s*{_NUMBER}(?:\.[0-9]+)?\s*{_UNIT}?")
_DECIMAL: Final = re.compile(rf"{_NUMBER}?\s*[.点·]\s*{_NUMBER}\s*{_UNIT}?|{_NUMBER}?\s*{_UNIT}?半{_UNIT}?")
_RANGE: Final = re.compile(
    rf"{_NUMBER}\s*{_UNIT}?(?:\s*(?:[-−–—~～〜/、,，]|至|到|to|or|或者?|and|和)\s*|\s+){_NUMBER}\s*{_UNIT}?"
)
_VAGUE: Final = re.compile(
    r"(?:about|around|maybe|more than|less than|over|大约|大概|差不多|约|可能|至少|最多|超过|[<>≤≥~～])\s*"
    rf"{_NUMBER}\s*{_UNIT}?"
    rf"|{_NUMBER}\s*{_UNIT}?\s*(?:左右|多|多次|以上|以下|or so|or more|[+?？])"
    r"|十?几次?|[很好许太]多次?|不少|很少|一些|若干次?|多次|数次|无数次?"
    r"|(?:quite )?(?:a )?(?:lot|lots|few|many|several|some)(?: times)?|too many|often|once|twice"
)
_HAN_NUMBER: Final = re.compile(r"(?:([一二三四五六七八九]?)十)?([一二三四五六七八九]?)")
_HAN_HUNDREDS: Final = re.compile(rf"[一二两兩三四五六七八九]百[{_HAN}]*")


def tidy(text: str) -> str:
    """Fold full-width forms, case, invisible marks and closing punctuation away."""
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip().lower()
    return re.sub(r"\s+", " ", folded).rstrip(" 。.!！;；,，")


def parse_answer(text: str, item: Item) -> Parsed | Refused:
    """Read `text` as the whole-number answer to `item`, or refuse it with a reason; it never guesses."""
    typed = tidy(text)
    if not typed:
        return Refused(Reason.EMPTY)
    if len(typed) > LONGEST_ANSWER:
        return Refused(Reason.PROSE)
    if typed in WORDS[item]:
        return Parsed(WORDS[item][typed])
    if plain := _PLAIN.fullmatch(typed):
        return _whole_number(plain[1], plain[2], item)
    if label := _LABEL.fullmatch(typed):
        code, word = int(label[1][:9]), label[2].strip()
        if word in WORDS[item]:
            return Parsed(code) if WORDS[item][word] == code else Refused(Reason.VAGUE)
    return Refused(_why_not(typed))


def is_yes(text: str) -> bool:
    """Say whether the text is a bare yes, in either language."""
    return tidy(text) in _YES


def is_no(text: str) -> bool:
    """Say whether the text is a bare no, in either language."""
    return tidy(text) in _NO


def is_quantity(text: str) -> bool:
    """Say whether the text looks like an answer to some question, given in full or not."""
    if any(tidy(text) in words for words in WORDS.values()):
        return True
    outcome = parse_answer(text, Item.STOOLS)
    return isinstance(outcome, Parsed) or outcome.reason not in (Reason.PROSE, Reason.EMPTY)


def _whole_number(number: str, unit: str | None, item: Item) -> Parsed | Refused:
    value = _read_number(number)
    if value is None:
        return Refused(Reason.RANGE)
    if unit and item is not Item.STOOLS:
        # "3 times" cannot be meant for a question that counts nothing; it may belong to the one before.
        return Refused(Reason.VAGUE)
    return Parsed(value) if value <= GREATEST[item] else Refused(Reason.TOO_LARGE)


def _read_number(number: str) -> int | None:
    if number in _ENGLISH:
        return _ENGLISH[number]
    if number.isascii():
        return int(number.lstrip("0")[:9] or "0")
    return _read_han(number)


def _read_han(number: str) -> int | None:
    """Read Chinese numerals up to 99, and anything with hundreds as 100, which no item accepts.

    Two digits side by side (三四) are a range, not a number, hence `None`.
    """
    if number in _DIGITS:
        return _DIGITS[number]
    if _HAN_HUNDREDS.fullmatch(number):
        return 100
    match = _HAN_NUMBER.fullmatch(number)
    if match is None:
        return None
    tens, ones = match.groups()
    return (10 * _DIGITS[tens or "一"] if tens is not None else 0) + (_DIGITS[ones] if ones else 0)


def _why_not(typed: str) -> Reason:
    for pattern, reason in (
        (_NEGATIVE, Reason.NEGATIVE),
        (_DECIMAL, Reason.DECIMAL),
        (_RANGE, Reason.RANGE),
        (_VAGUE, Reason.VAGUE),
    ):
        if pattern.fullmatch(typed):
            return reason
    return Reason.PROSE
