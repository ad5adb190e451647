"""The diary days of the printed page as data: one column a day, oldest first, and what is remarkable in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel import Locale
from babel.dates import format_skeleton

from bot.documents.draft_days import GAP, ITEMS
from bot.documents.draft_header import Speaker, decimal, label
from bot.documents.pdf import words
from bot.documents.pdf.parts import Background, DayChange
from bot.documents.words import DAYS_USED, EXCLUSIONS, EXTENDED, NO, SOURCES, YES
from bot.i18n import Message
from bot.scoring.diary_part import SUM_DAYS, answer_sums, needed_days
from bot.scoring.draft import STOMA, Draft
from bot.scoring.inputs import DiaryDayInput
from bot.scoring.numbers import shown

Json = dict[str, object]
SCALED_PLACES = 2
DATE_LOCALES = {"zh": Locale("zh", script="Hans"), "en": Locale("en", "GB")}
STAFF_SOURCES = frozenset({"staff", "operator"})
PLAIN_MARKS = {"late": "late", "open": "open", "not_open": "not_yet", "on_time": "entered"}


@dataclass(frozen=True, slots=True)
class Column:
    """One date of the table: a scored or asked day, or an excluded one with its reason."""

    on: date
    day: DiaryDayInput | None
    excluded: str | None


def days_part(draft: Draft, background: Background, say: Speaker) -> Json:
    """The table with its columns, one row for each item, and the remarks beneath."""
    columns = columns_of(draft)
    return {
        "title": say(words.SCORED),
        "heads": [say(words.DATE), say(words.STATE), say(words.SUM), _scaled_head(draft, say)],
        "columns": [_head(column, draft, say) for column in columns],
        "rows": [_row(item, columns, draft, background, say) for item in _items(draft)],
        "notes": day_notes(draft, background, say),
    }


def columns_of(draft: Draft) -> tuple[Column, ...]:
    """Every date from the first scoring day to the last, excluded and replaced days in their places."""
    diary, stated = draft.diary, {day.on: day for day in draft.given.days}
    excluded = {day.on: day.reason for day in diary.excluded}
    every = sorted({*diary.scoring_days, *excluded})
    if not every:
        return ()
    dates = (every[0] + timedelta(days=n) for n in range((every[-1] - every[0]).days + 1))
    found = (Column(on, None if on in excluded else stated.get(on), excluded.get(on)) for on in dates)
    return tuple(column for column in found if column.day is not None or column.excluded is not None)


def mark_of(column: Column) -> str:
    """The one glyph of a day, first that applies: excluded, staff, late, corrected, entered, or why there is none."""
    day = column.day
    if day is None:
        return "excluded"
    if day.state not in ("on_time", "late"):
        return PLAIN_MARKS.get(str(day.state), str(day.state))
    if day.source in STAFF_SOURCES:
        return "staff"
    return "corrected" if day.state == "on_time" and day.corrected else PLAIN_MARKS[str(day.state)]


def _head(column: Column, draft: Draft, say: Speaker) -> Json:
    mark = mark_of(column)
    word = words.MARKS[mark] if column.excluded is None else words.EXCLUDED[column.excluded]
    return {
        "label": label(draft.given.visit_on, column.on),
        "date": short_date(column.on, say.language),
        "mark": mark,
        "word": say(word),
        "excluded": column.excluded is not None,
    }


def short_date(on: date, language: str) -> str:
    """The date of a narrow column: 6/9 in Chinese, 9 Jun in English."""
    return format_skeleton("Md" if language == "zh" else "MMMd", on, locale=DATE_LOCALES[language])


def _items(draft: Draft) -> tuple[str, ...]:
    asked = draft.given.rules.antidiarrhoeal_from_diary
    return (*ITEMS, "antidiarrhoeal") if asked else ITEMS


def _row(item: str, columns: Sequence[Column], draft: Draft, background: Background, say: Speaker) -> Json:
    before = {change.on: change.before for change in background.changes if change.item == item}
    cells = [_cell(item, column, draft, before.get(column.on), say) for column in columns]
    total, scaled = _sums(item, draft)
    return {"name": say(words.GRADED[item]), "cells": cells, "sum": total, "scaled": scaled}


def _cell(item: str, column: Column, draft: Draft, before: int | None, say: Speaker) -> Json:
    value = None if column.day is None else getattr(column.day, item)
    if column.day is None or value is None:
        return {"text": GAP, "before": None}
    text = say(words_of(value)) if isinstance(value, bool) else str(value)
    text = text if column.day in draft.diary.used else f"({text})"
    return {"text": text, "before": None if before is None else str(before)}


def words_of(answer: bool) -> Message:  # noqa: FBT001  # the answer itself is what is worded
    """Yes or no."""
    return YES if answer else NO


def _sums(item: str, draft: Draft) -> tuple[str, str]:
    """The plain sum over the used days, and seven times their mean once it is final."""
    if item not in ITEMS or not draft.diary.used:
        return ("" if item not in ITEMS else GAP), ""
    total = answer_sums(draft.diary.used)[ITEMS.index(item)]
    if draft.diary.sums is None or draft.reason == STOMA:
        return str(total), GAP
    return str(total), decimal(shown(getattr(draft.diary.sums, item), SCALED_PLACES), 1, SCALED_PLACES)


def _scaled_head(draft: Draft, say: Speaker) -> str:
    used = len(draft.diary.used)
    return say(words.SCALED) + (f"\n× {SUM_DAYS}/{used}" if used else "")


def day_notes(draft: Draft, background: Background, say: Speaker) -> list[str]:
    """What a reader must know of these days: how many count, which do not and why, and every mark in words."""
    diary, visit_on = draft.diary, draft.given.visit_on
    used = say(DAYS_USED, used=len(diary.used), of=len(diary.scoring_days), needed=needed_days(draft.given.rules))
    lines = [used, *_excluded_note(draft, say)]
    if diary.extended:
        lines.append(say(EXTENDED, day=say.day(diary.scoring_days[0])))
    lines += _late_note(draft, background, say)
    lines += _corrected_note(draft, background, say)
    marks: tuple[tuple[Message, Callable[[DiaryDayInput], bool]], ...] = (
        (words.BY_STAFF, lambda day: day.source in STAFF_SOURCES and day.answers is not None),
        (words.HELPED, lambda day: day.helped),
        (words.OUTAGE, lambda day: day.outage or str(day.state) == "outage"),
        (words.NOT_SCORED, lambda day: day not in diary.used and _has_answer(day)),
    )
    for message, holds in marks:
        days = [label(visit_on, day.on) for day in diary.scored if holds(day)]
        lines += [say(message, days=say.list(days))] if days else []
    return lines


def _has_answer(day: DiaryDayInput) -> bool:
    return any(value is not None for value in (day.stools, day.pain, day.wellbeing))


def _excluded_note(draft: Draft, say: Speaker) -> list[str]:
    """Days by reason, the reasons in the order in which they are met."""
    by_reason: dict[str, list[str]] = {}
    for day in draft.diary.excluded:
        by_reason.setdefault(day.reason, []).append(label(draft.given.visit_on, day.on))
    groups = [
        say(words.DAYS_AND_WORD, days=say.list(days), word=say(EXCLUSIONS[reason]))
        for reason, days in by_reason.items()
    ]
    return [say(words.NOT_COUNTED, days=say(words.NOTE_SEPARATOR).join(groups))] if groups else []


def _late_note(draft: Draft, background: Background, say: Speaker) -> list[str]:
    late = [day.on for day in draft.diary.scored if str(day.state) == "late"]
    named = [_with_time(on, draft, background, say) for on in late]
    return [say(words.ENTERED_LATE, days=say.list(named))] if named else []


def _with_time(on: date, draft: Draft, background: Background, say: Speaker) -> str:
    name, at = label(draft.given.visit_on, on), background.late_at.get(on)
    return name if at is None else say(words.DAY_AND_TIME, label=name, at=say.moment(at))


def _corrected_note(draft: Draft, background: Background, say: Speaker) -> list[str]:
    corrected = [day.on for day in draft.diary.scored if day.corrected]
    changes = {on: [change for change in background.changes if change.on == on] for on in corrected}
    named = [
        text
        for on in corrected
        for text in ([_change(change, draft, say) for change in changes[on]] or [label(draft.given.visit_on, on)])
    ]
    return [say(words.CORRECTED, days=say(words.NOTE_SEPARATOR).join(named))] if named else []


def _change(change: DayChange, draft: Draft, say: Speaker) -> str:
    return say(
        words.CHANGED,
        label=label(draft.given.visit_on, change.on),
        item=say(words.ITEM[change.item]),
        before=change.before,
        after=change.after,
        by=say(SOURCES[change.by]),
        at=say.moment(change.at),
    )
