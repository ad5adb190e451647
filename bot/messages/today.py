"""The answer to /today: how far along, what is open, what comes next."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from bot.diary.card import Code
from bot.i18n import (
    Message,
    chat_text,
    format_day_relative,
    format_deadline_relative,
    translate,
)
from bot.messages.labels import ASK_CORRECTION, CHANGE, START
from bot.messages.lines import next_line
from bot.messages.rendered import Button, Rendered, bold, button, escape, stack


class TodayStatus(StrEnum):
    """What /today finds."""

    OPEN = "open"
    SAVING = "saving"
    SAVED = "saved"
    RESTING = "resting"
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class TodayView:
    """What /today says.

    `done` of `of` scoring days are saved in the present window (`of` 0: none has begun); `key`, `revision`,
    `diary_day` and `closes_at` belong to the open day's card; `correction_on` and `correction_key` to the
    latest closed day for which a correction may be asked, or has been (`correction_asked`); instants are aware,
    `tzid` is the reader's zone.
    """

    status: TodayStatus
    now: datetime
    tzid: str
    done: int = 0
    of: int = 0
    diary_day: date | None = None
    key: str | None = None
    revision: int = 0
    closes_at: datetime | None = None
    next_prompt_at: datetime | None = None
    correction_on: date | None = None
    correction_key: str | None = None
    correction_asked: bool = False
    stopped: bool = False


DAYS: Final = chat_text("today.days", "%(done)s of %(of)s days")
HEAD: Final = chat_text("today.head", "Today")
OPEN: Final = chat_text("today.open", "Your questions for %(day)s are open until %(deadline)s.")
SAVING: Final = chat_text(
    "today.saving", "Only saving is left for %(day)s: tap Start, then Submit. Open until %(deadline)s."
)
SAVED: Final = chat_text("today.saved", "Saved for %(day)s; you can change it until %(deadline)s.")
FINISHED: Final = chat_text("today.finished", "All questions have been asked. Thank you for your time and care.")
WITHDRAWN: Final = chat_text("today.withdrawn", "You have left, and no more messages will come.")
CORRECTION: Final = chat_text(
    "today.correction",
    "Your questions for %(day)s are closed. If something is wrong or missing there, tap Ask for a correction.",
)
CORRECTION_ASKED: Final = chat_text("today.correction_asked", "Your wish to correct %(day)s is with the team.")
STOPPED: Final = chat_text("today.stopped", "Messages are stopped; /start brings them back.")
_OPEN_TEXTS: Final = MappingProxyType({TodayStatus.OPEN: OPEN, TodayStatus.SAVING: SAVING, TodayStatus.SAVED: SAVED})


def render_today(view: TodayView, language: str) -> Rendered:
    """Render the view of today, with a button for the open day and one to ask for a correction."""
    if view.status is TodayStatus.WITHDRAWN:
        return Rendered(escape(translate(WITHDRAWN, language)))
    lines = [bold(_head(view, language)), *(escape(line) for line in _lines(view, language) if line)]
    return Rendered("\n".join(lines), stack(_open_button(view, language), _correction_button(view, language)))


def _head(view: TodayView, language: str) -> str:
    return translate(DAYS, language, done=view.done, of=view.of) if view.of else translate(HEAD, language)


def _lines(view: TodayView, language: str) -> tuple[str, ...]:
    coming = "" if view.status is TodayStatus.FINISHED or view.stopped else _next(view, language)
    stopped = translate(STOPPED, language) if view.stopped else ""
    return _state_line(view, language), coming, stopped, _correction_line(view, language)


def _state_line(view: TodayView, language: str) -> str:
    if view.status is TodayStatus.FINISHED:
        return translate(FINISHED, language)
    frame = _OPEN_TEXTS.get(view.status)
    if frame is None or view.diary_day is None or view.closes_at is None:
        return ""
    deadline = format_deadline_relative(view.closes_at, view.now, view.tzid, language)
    return translate(frame, language, day=_day(view.diary_day, view, language), deadline=deadline)


def _next(view: TodayView, language: str) -> str:
    is_waiting = view.status in (TodayStatus.OPEN, TodayStatus.SAVING)
    return "" if is_waiting else next_line(view.next_prompt_at, view.now, view.tzid, language)


def _correction_line(view: TodayView, language: str) -> str:
    if view.correction_on is None or view.correction_key is None:
        return ""
    frame = CORRECTION_ASKED if view.correction_asked else CORRECTION
    return translate(frame, language, day=_day(view.correction_on, view, language))


def _day(day: date, view: TodayView, language: str) -> str:
    return format_day_relative(day, view.now.astimezone(ZoneInfo(view.tzid)).date(), language)


def _open_button(view: TodayView, language: str) -> Button | None:
    if view.key is None or view.status not in _OPEN_TEXTS:
        return None
    if view.status is TodayStatus.SAVED:
        return _button(view.key, view.revision, CHANGE, language, Code.CHANGE)
    return _button(view.key, view.revision, START, language, Code.START)


def _correction_button(view: TodayView, language: str) -> Button | None:
    if view.correction_on is None or view.correction_key is None or view.correction_asked:
        return None
    return _button(view.correction_key, 0, ASK_CORRECTION, language, Code.CORRECTION)


def _button(key: str, revision: int, message: Message, language: str, code: str) -> Button:
    return button(translate(message, language), key, revision, code)
