"""Lines that several messages share: the day's header, its dots, its deadline, what comes next."""

from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from bot.diary.card import CardContext, CardState
from bot.i18n import (
    TODAY,
    YESTERDAY,
    chat_text,
    format_day,
    format_deadline_relative,
    format_moment_relative,
    format_time,
    translate,
)

# Seven signs in a row need no legend: filled is in, ringed is now, hollow is to come, a dash has nothing.
DOTS: Final = MappingProxyType(
    {
        "done": "●",
        "late": "●",
        "current": "◉",
        "open": "◎",
        "later": "○",
        "missed": "–",
        "excluded": "◌",
    }
)

DAY_NUMBER: Final = chat_text("card.day_number", "Day %(number)s of %(of)s")
EXTRA_DAY: Final = chat_text("card.extra_day", "Extra day")
READ_TODAY: Final = chat_text("card.read_today", "Today, %(date)s.")
READ_YESTERDAY: Final = chat_text("card.read_yesterday", "Yesterday, %(date)s.")
READ_EARLIER: Final = chat_text("card.read_earlier", "For %(date)s.")
TO_SUBMIT: Final = chat_text("card.to_submit", "%(day)s Submit to finish. Open until %(deadline)s.")
TO_RESUBMIT: Final = chat_text(
    "card.to_resubmit", "%(day)s Changed, not yet submitted: what you saved stands. Open until %(deadline)s."
)
TO_CHANGE: Final = chat_text(
    "card.to_change", "%(day)s Saved; you can change it until %(deadline)s. A change needs Submit again."
)
SAVED_AT: Final = chat_text("card.saved_at", "✓ Saved %(time)s.")
SAVED: Final = chat_text("card.saved", "✓ Saved.")
NEXT_QUESTION: Final = chat_text("next.question", "Next question: %(moment)s.")
NO_QUESTIONS_UNTIL: Final = chat_text("next.none_until", "No questions until %(day)s.")
NO_QUESTIONS: Final = chat_text("next.none", "No questions are planned for now.")


def day_header(context: CardContext, language: str) -> str:
    """Name the day by its place in the window."""
    if context.number is None:
        return translate(EXTRA_DAY, language)
    return translate(DAY_NUMBER, language, number=context.number, of=context.of)


def dots(context: CardContext) -> str:
    """Draw the window, oldest day first."""
    return "".join(DOTS[dot] for dot in context.dots or ("later",) * context.of)


def status_line(state: CardState, context: CardContext, language: str) -> str:
    """Say which day this is, what Submit still has to do, and until when."""
    saved_frame = TO_RESUBMIT if state.changed else TO_CHANGE
    frame = saved_frame if state.submitted else TO_SUBMIT
    return translate(frame, language, day=_read_day(context, language), deadline=deadline(context, language))


def deadline(context: CardContext, language: str) -> str:
    """Word the closing time as the reader says it."""
    return format_deadline_relative(context.closes_at, context.now, context.tzid, language)


def spoken_day(context: CardContext, language: str) -> str:
    """Say today, yesterday, or the date."""
    age = (context.today - context.diary_day).days
    near = {0: TODAY, 1: YESTERDAY}.get(age)
    return translate(near, language) if near else format_day(context.diary_day, language)


def saved_line(context: CardContext, language: str) -> str:
    """Say that the day is saved, and when; with the date when that was not on the day itself."""
    if context.saved_at is None:
        return translate(SAVED, language)
    local = context.saved_at.astimezone(ZoneInfo(context.tzid))
    clock = format_time(local, language)
    if local.date() != context.diary_day:
        clock = f"{format_day(local.date(), language)} {clock}"
    return translate(SAVED_AT, language, time=clock)


def next_line(next_prompt_at: datetime | None, now: datetime, tzid: str, language: str) -> str:
    """Say when the next question comes: its time within a day, else the date until which nothing comes."""
    if next_prompt_at is None:
        return translate(NO_QUESTIONS, language)
    zone = ZoneInfo(tzid)
    day = next_prompt_at.astimezone(zone).date()
    if (day - now.astimezone(zone).date()).days <= 1:
        moment = format_moment_relative(next_prompt_at, now, tzid, language)
        return translate(NEXT_QUESTION, language, moment=moment)
    return translate(NO_QUESTIONS_UNTIL, language, day=format_day(day, language))


def _read_day(context: CardContext, language: str) -> str:
    age = (context.today - context.diary_day).days
    frame = {0: READ_TODAY, 1: READ_YESTERDAY}.get(age, READ_EARLIER)
    return translate(frame, language, date=format_day(context.diary_day, language))
