"""A diary week in words and marks: the cells of the grid, and what the week means for the visit."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.clinic.glyphs import DAY_MARKS, day_mark
from bot.clinic.words import say
from bot.diary.completeness import DayState
from bot.i18n import clinic_text, format_day, format_time
from bot.storage.views.board import BoardDay, BoardLine, Outlook
from bot.storage.views.standing import Sign, sign_of

EARLY_COLUMNS: Final = 2  # the window often reaches back over preparation and endoscopy
SCORED_COLUMNS: Final = 7

SAID: Final = clinic_text("day_said", "%(day)s: %(state)s")
EXTRA: Final = clinic_text("day_said", "%(day)s, extra day: %(state)s")
STILL_OPEN: Final = clinic_text("day_said", "still open until %(time)s")
ONLY_SAVING: Final = clinic_text("day_said", "all answered, not submitted, open until %(time)s")
TODAY: Final = clinic_text("day_said", "today, open until %(time)s")
THIS_EVENING: Final = clinic_text("day_said", "today, asked this evening")
AFTER_CLOSING: Final = clinic_text("day_said", "entered after closing, not scored")
NOT_SUBMITTED: Final = clinic_text("day_said", "answered in part, not submitted")
LATE_BY_STAFF: Final = clinic_text("day_said", "staff entry, late")
OUTAGE_HIT: Final = clinic_text("day_said", "%(state)s, our service was down")
EXCLUDED_FOR: Final = {
    "bowel_prep": clinic_text("day_said", "excluded, bowel preparation"),
    "endoscopy": clinic_text("day_said", "excluded, endoscopy"),
    "post_endoscopy": clinic_text("day_said", "excluded, day after endoscopy"),
}

EVALUABLE: Final = clinic_text("consequence", "Evaluable")
MORE_NEEDED: Final = clinic_text("consequence", "%(count)s more needed")
ALL_NEEDED: Final = clinic_text("consequence", "All %(count)s left needed")
AT_MOST: Final = clinic_text("consequence", "%(count)s at most")
NOT_EVALUABLE: Final = clinic_text("consequence", "Not evaluable")


@dataclass(frozen=True, slots=True)
class Cell:
    """One diary day as the grid shows it: mark, number or exclusion, word for print, sentence for the ear."""

    on: date
    back: int
    mark: str
    number: int
    exclusion: str | None
    word: str
    sentence: str
    scored: bool


@dataclass(frozen=True, slots=True)
class Consequence:
    """What the week means for the visit; `tone` is empty, `act-now` or `cannot`."""

    text: str
    tone: str = ""
    check: bool = False


def mark_of(day: BoardDay, today: date) -> str:
    """The one mark of a day."""
    return mark_of_sign(sign_of(day, today))


def mark_of_sign(sign: Sign) -> str:
    """The one mark; today's day is `today` from midnight on, whether or not it has opened."""
    if sign.state is DayState.NOT_OPEN and sign.today:
        return "today"
    return day_mark(sign.state.value, past_its_day=sign.past_its_day, by_staff=sign.by_staff, corrected=sign.corrected)


def cell(day: BoardDay, today: date, language: str, tzid: str) -> Cell:
    """A day of a week, worded in a language, its times in the reader's zone."""
    mark = mark_of(day, today)
    exclusion = {"post_endoscopy": "endoscopy"}.get(day.exclusion or "", day.exclusion)
    frame = SAID if day.scored or day.exclusion else EXTRA
    return Cell(
        on=day.on,
        back=day.back,
        mark=mark,
        number=day.on.day,
        exclusion=exclusion,
        word=say(DAY_MARKS[mark], language),
        sentence=say(frame, language, day=format_day(day.on, language), state=state_words(day, mark, language, tzid)),
        scored=day.scored,
    )


def state_words(day: BoardDay, mark: str, language: str, tzid: str) -> str:
    """The state of a day in words."""
    words = _state_words(day, mark, language, format_time(day.closes_at, language, tzid))
    hit = day.outage and day.state in (DayState.OPEN, DayState.ON_TIME, DayState.LATE)
    return say(OUTAGE_HIT, language, state=words) if hit else words


def _state_words(day: BoardDay, mark: str, language: str, closes: str) -> str:
    if day.exclusion:
        return say(EXCLUDED_FOR[day.exclusion], language)
    if day.state is DayState.OPEN:
        open_words = STILL_OPEN if day.past_its_day else TODAY
        return say(ONLY_SAVING if day.saving_left else open_words, language, time=closes)
    if mark == "today":
        return say(THIS_EVENING, language)
    if day.state is DayState.PARTIAL:
        return say(AFTER_CLOSING if day.after_closing else NOT_SUBMITTED, language)
    if mark == "staff" and day.state is DayState.LATE:
        return say(LATE_BY_STAFF, language)
    words = say(DAY_MARKS[mark], language)
    return words.lower() if language == "en" else words


def columns(lines: Iterable[BoardLine]) -> int:
    """How many days before the visit the grid must reach."""
    return max((day.back for line in lines for day in line.days if day.on_show(line.today)), default=0)


def early_columns(lines: Iterable[BoardLine]) -> int:
    """Columns before the seven: always two, more where a window reaches farther back."""
    return max(columns(lines) - SCORED_COLUMNS, EARLY_COLUMNS)


def row_of_cells(line: BoardLine, early: int, language: str, tzid: str) -> list[Cell | None]:
    """The week in its grid, oldest first, None where no day belongs to the visit."""
    found = {day.back: cell(day, line.today, language, tzid) for day in line.days if day.on_show(line.today)}
    return [found.get(back) for back in range(early + SCORED_COLUMNS, 0, -1)]


def legend_of(signs: Mapping[Sign, int]) -> dict[str, int]:
    """How many diary days bear each mark, every mark named."""
    found: Counter[str] = Counter()
    for sign, number in signs.items():
        found[mark_of_sign(sign)] += number
    found["missed"] += found.pop("partial", 0)  # the same shape: neither counts
    return {mark: found[mark] for mark in DAY_MARKS if mark != "partial"}


def consequence(outlook: Outlook, language: str, *, over: bool = False) -> Consequence:
    """What the days in hand mean: evaluable, how many more, or how many at most. `over`: the visit was held."""
    if outlook.evaluable:
        return Consequence(say(EVALUABLE, language), check=True)
    if over:
        return Consequence(say(NOT_EVALUABLE, language), "cannot")
    if not outlook.possible:
        return Consequence(say(AT_MOST, language, count=outlook.in_hand + outlook.left), "cannot")
    if outlook.spare == 0 and outlook.left > 1:
        return Consequence(say(ALL_NEEDED, language, count=outlook.left), "act-now")
    return Consequence(say(MORE_NEEDED, language, count=outlook.needed))


def local_time(at: datetime, language: str, tzid: str) -> str:
    """An instant on the wall clock of a zone."""
    return format_time(at.astimezone(ZoneInfo(tzid)), language)


def day_list(days: Sequence[date], language: str) -> str:
    """Dates one after another, as a sentence lists them."""
    return ("、" if language == "zh" else ", ").join(format_day(day, language) for day in days)
