"""Two languages: catalogues compiled in memory, and days and times as people say them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton
from babel.messages.pofile import read_po

from bot.errors import SettingsError

LANGUAGES: Final = ("en", "zh")
DEFAULT_LANGUAGE: Final = "en"
FOLDERS: Final = MappingProxyType({"en": "en", "zh": "zh_Hans"})
# British English has the day before the month and the 24-hour clock.
_DATE_LOCALES: Final = MappingProxyType({"en": Locale("en", "GB"), "zh": Locale("zh", script="Hans")})


@dataclass(frozen=True)
class Message:
    """One sentence of a catalogue: its domain, its context (a stable id) and its English wording."""

    domain: str
    context: str
    english: str


def chat_text(context: str, english: str) -> Message:
    """Name a sentence of the conversation; the catalogue test collects the calls."""
    return Message("chat", context, english)


def instrument_text(context: str, english: str) -> Message:
    """Name a sentence of the instrument, whose wording is versioned and locked."""
    return Message("instrument", context, english)


def clinic_text(context: str, english: str) -> Message:
    """Name a sentence of the clinic pages and documents."""
    return Message("clinic", context, english)


@lru_cache(maxsize=512)
def resolve_language(tag: str | None) -> str:
    """Find the language for an IETF or POSIX tag: every kind of Chinese is "zh", anything else "en".

    Babel's own negotiation finds nothing for zh, zh-CN or zh-hans against zh_Hans, hence this small map.
    """
    try:
        language = Locale.parse((tag or "").replace("-", "_")).language
    except (ValueError, UnknownLocaleError):
        language = re.split(r"[-_]", (tag or "").lower())[0]
    return "zh" if language == "zh" else DEFAULT_LANGUAGE


def translate(message: Message, language: str, **params: object) -> str:
    """Word a message in a language, with its %(name)s filled in; English when the catalogue lacks it."""
    catalogue = read_catalogue(message.domain, resolve_language(language))
    wording = catalogue.get((message.context, message.english)) or message.english
    return wording % params


@cache
def read_catalogue(domain: str, language: str) -> MappingProxyType[tuple[str, str], str]:
    """Read a catalogue into memory as (context, English) -> wording; empty when the domain has none.

    Raises SettingsError when the file cannot be read as a catalogue.
    """
    path = catalogue_path(domain, language)
    if not path.is_file():
        return MappingProxyType({})
    try:
        with path.open("rb") as file:
            entries = list(read_po(file, locale=FOLDERS[language], domain=domain, abort_invalid=True))
    except (ValueError, OSError) as problem:
        message = f"The catalogue {path.name} for {language} cannot be read: install it anew."
        raise SettingsError(message) from problem
    usable = (entry for entry in entries if entry.id and not entry.fuzzy)
    return MappingProxyType({(str(entry.context or ""), str(entry.id)): str(entry.string) for entry in usable})


def catalogue_path(domain: str, language: str) -> Path:
    """Find a catalogue beside the package (wheel) or beside the checkout."""
    return _locales() / FOLDERS[language] / "LC_MESSAGES" / f"{domain}.po"


def missing_catalogues(*domains: str) -> tuple[str, ...]:
    """Name the catalogues, such as "zh_Hans/chat.po", that are absent or empty in this installation."""
    wanted = ((domain, language) for domain in domains for language in LANGUAGES)
    return tuple(
        f"{FOLDERS[language]}/{domain}.po" for domain, language in wanted if not read_catalogue(domain, language)
    )


def format_time(moment: datetime | time, language: str, tzid: str | None = None) -> str:
    """Write a time of day on the 24-hour clock; an instant is taken to the zone `tzid` first."""
    if isinstance(moment, datetime) and tzid is not None:
        moment = moment.astimezone(ZoneInfo(tzid))
    return _clock(moment.hour, moment.minute, resolve_language(language))


@cache  # a page prints hundreds of times, of which a day has few
def _clock(hour: int, minute: int, language: str) -> str:
    return format_skeleton("Hm", time(hour, minute), tzinfo=None, locale=_DATE_LOCALES[language])


def format_day(day: date, language: str, *, weekday: bool = True) -> str:
    """Write a date as "Tue 9 Jun" or "6月9日 周二"; without the weekday as "9 June" or "6月9日"."""
    return _day(date(day.year, day.month, day.day), resolve_language(language), "MMMEd" if weekday else "MMMMd")


@lru_cache(maxsize=16_384)  # the days of a study are few as well
def _day(day: date, language: str, skeleton: str) -> str:
    wording = format_skeleton(skeleton, day, locale=_DATE_LOCALES[language])
    return re.sub(r"日(?=周|星期)", "日 ", wording).replace(",", "")


def format_weekday(day: date, language: str) -> str:
    """Name the day of the week as "Tue" or "周二"."""
    return _day(date(day.year, day.month, day.day), resolve_language(language), "EEE")


def format_day_relative(day: date, today: date, language: str) -> str:
    """Say "today", "tomorrow", "yesterday", or the date with its weekday."""
    near = {-1: YESTERDAY, 0: TODAY, 1: TOMORROW}.get((day - today).days)
    return translate(near, language) if near else format_day(day, language)


def format_moment_relative(moment: datetime, now: datetime, tzid: str, language: str) -> str:
    """Say an instant as a person in the zone `tzid` would at `now`: "tomorrow 20:00", "Tue 9 Jun 20:00"."""
    return _say_moment(AT_MOMENT, moment, now, tzid, language)


def format_deadline_relative(moment: datetime, now: datetime, tzid: str, language: str) -> str:
    """Say a deadline, to follow the word "until": "12:00 tomorrow", "12:00 on Tue 9 Jun", "明天 12:00"."""
    far = abs((_local_date(moment, tzid) - _local_date(now, tzid)).days) > 1
    return _say_moment(DEADLINE_FAR if far else DEADLINE, moment, now, tzid, language)


TODAY: Final = chat_text("day.today", "today")
TOMORROW: Final = chat_text("day.tomorrow", "tomorrow")
YESTERDAY: Final = chat_text("day.yesterday", "yesterday")
AT_MOMENT: Final = chat_text("day.moment", "%(day)s %(time)s")
DEADLINE: Final = chat_text("day.deadline", "%(time)s %(day)s")
DEADLINE_FAR: Final = chat_text("day.deadline_far", "%(time)s on %(day)s")


def _say_moment(frame: Message, moment: datetime, now: datetime, tzid: str, language: str) -> str:
    day = format_day_relative(_local_date(moment, tzid), _local_date(now, tzid), language)
    return translate(frame, language, day=day, time=format_time(moment, language, tzid))


def _local_date(moment: datetime, tzid: str) -> date:
    return moment.astimezone(ZoneInfo(tzid)).date()


@cache
def _locales() -> Path:
    package = Path(__file__).parent
    installed = package / "locales"
    return installed if installed.is_dir() else package.parent / "locales"
