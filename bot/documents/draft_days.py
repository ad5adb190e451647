"""The diary part of a draft's document: the scored days, their marks, and what is left out and why."""

from bot.documents import words
from bot.documents.draft_header import Speaker, label
from bot.documents.sheet import Section, Sentences, Table
from bot.scoring.diary_part import needed_days
from bot.scoring.draft import Draft
from bot.scoring.inputs import DiaryDayInput

GAP = "–"
ITEMS = ("stools", "pain", "wellbeing")


def days_section(draft: Draft, say: Speaker) -> Section:
    """The table of scored days, the count, and every excluded day with its reason."""
    return Section("days", say(words.DAYS), (_table(draft, say), Sentences(tuple(_remarks(draft, say)))))


def _table(draft: Draft, say: Speaker) -> Table:
    asks_fourth = draft.given.rules.antidiarrhoeal_from_diary or any(
        day.antidiarrhoeal is not None for day in draft.diary.scored
    )
    items = (*ITEMS, "antidiarrhoeal") if asks_fourth else ITEMS
    head = (say(words.DAY), say(words.DATE), say(words.STATE), *(say(words.SHORT[item]) for item in items))
    rows = tuple(_row(day, draft, items, say) for day in draft.diary.scored)
    return Table((*head, say(words.SOURCE)), rows, frozenset({3, 4, 5}))


def _row(day: DiaryDayInput, draft: Draft, items: tuple[str, ...], say: Speaker) -> tuple[str, ...]:
    answers = (_answer(getattr(day, item), say) for item in items)
    state = say(words.STATES[str(day.state)])
    return (label(draft.given.visit_on, day.on), say.day(day.on), state, *answers, _marks(day, draft, say))


def _answer(value: object, say: Speaker) -> str:
    if value is None:
        return GAP
    return say(words.YES if value else words.NO) if isinstance(value, bool) else str(value)


def _marks(day: DiaryDayInput, draft: Draft, say: Speaker) -> str:
    marks = [say(words.SOURCES[day.source])] if day.source else []
    if day.corrected:
        marks.append(say(words.CORRECTED, revision=day.revision))
    if day.helped:
        marks.append(say(words.HELPED))
    if day.outage:
        marks.append(say(words.OUTAGE))
    if day.after_closing:
        marks.append(say(words.AFTER_CLOSING))
    if day.answers is not None and not day.is_scored(draft.given.rules):
        marks.append(say(words.NOT_SCORED))
    return say.list(marks)


def _remarks(draft: Draft, say: Speaker) -> list[str]:
    rules, visit_on, diary = draft.given.rules, draft.given.visit_on, draft.diary
    lines = [say(words.DAYS_USED, used=len(diary.used), of=len(diary.scoring_days), needed=needed_days(rules))]
    for day in diary.excluded:
        reason = say(words.EXCLUSIONS[day.reason])
        lines.append(say(words.EXCLUDED_DAY, label=label(visit_on, day.on), day=say.day(day.on), reason=reason))
    if not diary.excluded:
        lines.append(say(words.NO_DAYS_EXCLUDED))
    if diary.extended:
        lines.append(say(words.EXTENDED, day=say.day(diary.scoring_days[0])))
    return lines
