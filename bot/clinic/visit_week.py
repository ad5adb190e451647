"""One visit's diary on the participant page: each day with its revisions, and what a move would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.clinic.glyphs import day_mark
from bot.clinic.weeks import Cell, cell
from bot.diary.completeness import SCORED, DayState, Timing
from bot.storage.tables import EntryRow
from bot.storage.views.board import BoardDay, Outlook, outlook_of
from bot.storage.views.cards import asked_items
from bot.storage.views.cohort import visit_days
from bot.storage.views.days import DayRecord, Diary
from schedules.protocol import StudyProtocol
from schedules.visits import MovePreview, ScheduledVisit
from schedules.windows import local_day

ITEMS = ("stools", "pain", "wellbeing")


@dataclass(frozen=True, slots=True)
class Value:
    """A response that counts, and the one before it where it was changed; None is missing."""

    now: int | None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class VisitDayRow:
    """One diary day as a row of the table."""

    cell: Cell
    record: DayRecord
    values: Mapping[str, Value]
    times: Sequence[tuple[datetime, bool]]  # of each revision, and whether that was on another date
    author: tuple[str, str] | None
    reason: str | None
    after_closing: bool
    can_enter: bool
    can_correct: bool

    @property
    def on(self) -> date:
        return self.record.on


def week_days(diary: Diary, visit: ScheduledVisit, protocol: StudyProtocol, now: datetime) -> list[BoardDay]:
    """The visit's days in the board's terms."""
    return [board_day(diary, visit, diary.records[on], protocol, now) for on in visit_days(visit)]


def board_day(
    diary: Diary, visit: ScheduledVisit, record: DayRecord, protocol: StudyProtocol, now: datetime
) -> BoardDay:
    """A stored day as the board sees it."""
    entry, exclusion = record.entry, diary.calendar.exclusion(record.on)
    asked = {item.value for item in asked_items(protocol)}
    return BoardDay(
        on=record.on,
        back=(visit.on - record.on).days,
        state=record.state,
        closes_at=record.day.closes_at,
        past_its_day=now >= record.day.midnight_at,
        scored=record.on in visit.scoring_days,
        exclusion=exclusion.value if exclusion else None,
        by_staff=entry is not None and entry.source != "participant",
        corrected=entry is not None and entry.revision > 1,
        outage=record.day.outage,
        after_closing=entry is not None and entry.timing == Timing.AFTER_CLOSING,
        saving_left=record.state is DayState.OPEN and entry is None and asked <= set(record.answers),
    )


def outlook(diary: Diary, visit: ScheduledVisit, protocol: StudyProtocol, now: datetime) -> Outlook:
    """What is in hand for a visit."""
    return outlook_of(week_days(diary, visit, protocol, now), protocol)


def day_rows(
    diary: Diary,
    visit: ScheduledVisit,
    protocol: StudyProtocol,
    now: datetime,
    authors: Mapping[str, tuple[str, str]],
    *,
    language: str,
    tzid: str,
) -> list[VisitDayRow]:
    """The visit's days, oldest first."""
    today = local_day(now, diary.zones)
    rows = []
    for day in week_days(diary, visit, protocol, now):
        record = diary.records[day.on]
        rows.append(_row(cell(day, today, language, tzid), record, day, authors, now))
    return rows


def _row(
    found: Cell, record: DayRecord, day: BoardDay, authors: Mapping[str, tuple[str, str]], now: datetime
) -> VisitDayRow:
    entry = record.entry
    closed = now >= record.day.closes_at
    begun = now >= record.day.opens_at and day.exclusion is None
    return VisitDayRow(
        cell=found,
        record=record,
        values={item: _value(record, item) for item in ITEMS},
        times=[(one.submitted_at, _local_date(one) != record.on) for one in record.entries],
        author=authors.get(f"{record.on}/{entry.revision}") if entry else None,
        reason=entry.reason if entry else None,
        after_closing=day.after_closing,
        can_enter=begun and (entry is None or not closed),
        can_correct=begun and closed and entry is not None,
    )


def _local_date(entry: EntryRow) -> date:
    return entry.submitted_at.astimezone(ZoneInfo(entry.tzid)).date()


def _value(record: DayRecord, item: str) -> Value:
    if not record.entries:
        answers = record.values if record.state is DayState.PARTIAL else {}
        return Value(answers.get(item))
    history: list[int] = []
    for entry in record.entries:
        value = int(getattr(entry, item))
        if not history or history[-1] != value:
            history.append(value)
    return Value(history[-1], history[-2] if len(history) > 1 else None)


def revisions(rows: Sequence[VisitDayRow]) -> list[EntryRow]:
    """Every revision of every day, in order."""
    return [entry for row in rows for entry in row.record.entries]


@dataclass(frozen=True, slots=True)
class MoveDay:
    """A date in the before and after of a move: its mark (or none), and `counts`, `new`, `lost`, `visit` or nothing."""

    on: date
    mark: str | None
    role: str


@dataclass(frozen=True, slots=True)
class MoveStrip:
    """Before and after of a move over the same dates, and the dates that change their meaning."""

    dates: Sequence[date]
    before: Sequence[MoveDay]
    after: Sequence[MoveDay]
    new: Sequence[date]
    lost: Sequence[date]


def move_strip(preview: MovePreview, diary: Diary, now: datetime) -> MoveStrip:
    """The days around both dates of a visit, oldest first."""
    today = local_day(now, diary.zones)
    scoring = {*preview.before.scoring_days, *preview.after.scoring_days}
    first, last = min(scoring | {preview.from_on}), max(preview.from_on, preview.to_on)
    dates = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    entered = {on for on, record in diary.records.items() if record.state in SCORED}
    asked = (on for on in preview.after.asked_days if on not in preview.before.asked_days and on not in entered)
    new = [on for on in asked if on >= today or _is_open(diary, on)]
    lost = [on for on in preview.before.scoring_days if on in entered and on not in preview.after.scoring_days]
    gone = [on for on in preview.before.scoring_days if on not in preview.after.scoring_days]
    before = [MoveDay(on, _mark(diary, on, today), _role(on, preview.before, (), ())) for on in dates]
    after = [MoveDay(on, _mark(diary, on, today), _role(on, preview.after, new, gone)) for on in dates]
    return MoveStrip(dates, before, after, [on for on in new if on in dates], lost)


def _is_open(diary: Diary, on: date) -> bool:
    record = diary.record(on)
    return record is not None and record.state is DayState.OPEN


def _mark(diary: Diary, on: date, today: date) -> str | None:
    """The mark of a date: of its record, or today and the days to come as the board shows them."""
    record = diary.record(on)
    if record is None or record.state is DayState.NOT_OPEN:
        return "today" if on == today else "not_yet" if on > today else None
    entry = record.entry
    staff = entry is not None and entry.source != "participant"
    corrected = entry is not None and entry.revision > 1
    return day_mark(record.state.value, past_its_day=on < today, by_staff=staff, corrected=corrected)


def _role(on: date, visit: ScheduledVisit, new: Sequence[date], gone: Sequence[date]) -> str:
    if on == visit.on:
        return "visit"
    if on in new:
        return "new"
    if on in gone:
        return "lost"
    return "counts" if on in visit.scoring_days else ""
