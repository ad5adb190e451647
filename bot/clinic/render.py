"""Templates by language: strict about undefined names, escaped, with dates and times as people say them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.clinic.glyphs import DAY_MARKS, EXCLUSIONS, MESSAGE_MARKS, ROLE_NAMES
from bot.clinic.words import say, words_of
from bot.i18n import LANGUAGES, format_day, format_day_relative, format_time, format_weekday

TEMPLATES: Final = Path(__file__).parent / "templates"
MINUS: Final = "\N{MINUS SIGN}"
MISSING: Final = "\N{EN DASH}"


def environments() -> dict[str, Environment]:
    """One environment per language, so that no request can see another's."""
    return {language: environment(language) for language in LANGUAGES}


def environment(language: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(**words_of(language).callables(), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    made.filters |= {
        "day": lambda day: format_day(day, language),
        "short_day": lambda day: format_day(day, language, weekday=False),
        "relative_day": lambda day, today: format_day_relative(day, today, language),
        "clock": lambda at, tzid=None: format_time(at, language, tzid),
        "moment": lambda at, tzid: moment(at, tzid, language),
        "soon_after": lambda at, tzid, day: soon_after(at, tzid, day, language),
        "offset": offset,
        "utc": utc,
        "iso": lambda day: day.isoformat(),
        "number": number,
        "signed": lambda value: str(value).replace("-", MINUS),
        "say": lambda message, **params: say(message, language, **params),
    }
    made.globals |= {
        "DAY_MARKS": DAY_MARKS,
        "MESSAGE_MARKS": MESSAGE_MARKS,
        "EXCLUSIONS": EXCLUSIONS,
        "ROLE_NAMES": ROLE_NAMES,
        "MISSING": MISSING,
    }
    return made


def moment(at: datetime, tzid: str, language: str) -> str:
    """An instant in a zone as "Tue 9 Jun, 09:12" or "6月9日 周二 09:12"."""
    local = at.astimezone(ZoneInfo(tzid))
    return f"{format_day(local.date(), language)}{', ' if language == 'en' else ' '}{format_time(local, language)}"


def soon_after(at: datetime, tzid: str, day: date, language: str) -> str:
    """An instant in the week after a day that stands beside it, as "Tue 12:00" or "周二 12:00"; else in full."""
    local = at.astimezone(ZoneInfo(tzid))
    if day <= local.date() < day + timedelta(days=7):
        return f"{format_weekday(local.date(), language)} {format_time(local, language)}"
    return moment(at, tzid, language)


def offset(at: datetime) -> str:
    """A local instant's distance from UTC as "UTC+8" or "UTC−3:30"."""
    minutes = int((at.utcoffset() or UTC.utcoffset(at)).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{MINUS if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def utc(at: datetime | date | time) -> str:
    """An instant as "2026-06-09 01:12 UTC"."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if isinstance(at, datetime) else at.isoformat()


def number(value: Decimal | float | None, digits: int = 1) -> str:
    """A number with so many decimals and a real minus sign; an en dash for one that is missing."""
    return MISSING if value is None else f"{value:.{digits}f}".replace("-", MINUS)
