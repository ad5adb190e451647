"""A participant's diary days as they stand at `now`: times, state, answers, entry revisions and card, side by side."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.diary.completeness import DayState, DayTimes, Timing, day_state
from bot.storage.diary import answers_of, cards_of, cards_since, entries_of, helped_days
from bot.storage.participants import zone_history
from bot.storage.tables import AnswerRow, CardRow, EntryRow, ParticipantRow
from bot.storage.visits import calendar_of, outages
from schedules.protocol import StudyProtocol
from schedules.visits import AskedDay, VisitCalendar, day_minus_one_closing
from schedules.windows import DiaryDay, Outage, ZonePeriod, diary_day, local_day

REACH = timedelta(days=21)  # the look-back before a visit, and a week for what came late


@dataclass(frozen=True, slots=True)
class DayRecord:
    """One diary day: its times, its state at the moment of reading, and everything stored for it."""

    day: DiaryDay
    state: DayState
    answers: Mapping[str, AnswerRow]
    entries: Sequence[EntryRow]
    card: CardRow | None
    helped: bool

    @property
    def on(self) -> date:
        return self.day.on

    @property
    def entry(self) -> EntryRow | None:
        """The revision that counts."""
        return self.entries[-1] if self.entries else None

    @property
    def values(self) -> Mapping[str, int]:
        """The current answers by item, submitted or not."""
        return {item: row.value for item, row in self.answers.items()}

    @property
    def submitted_values(self) -> Mapping[str, int]:
        """The responses of the entry that counts; empty without one."""
        entry = self.entry
        if entry is None:
            return {}
        values = {"stools": entry.stools, "pain": entry.pain, "wellbeing": entry.wellbeing}
        return values if entry.antidiarrhoeal is None else {**values, "antidiarrhoeal": entry.antidiarrhoeal}

    @property
    def submitted_in_time(self) -> bool:
        return self.state in (DayState.ON_TIME, DayState.LATE)


@dataclass(frozen=True, slots=True)
class Diary:
    """A participant's calendar, zones and the records of the days asked for."""

    participant: ParticipantRow
    calendar: VisitCalendar
    zones: tuple[ZonePeriod, ...]
    records: Mapping[date, DayRecord]

    def record(self, day: date) -> DayRecord | None:
        return self.records.get(day)

    def asked(self, day: date) -> AskedDay | None:
        return self.calendar.asked(day)


def read_diary(
    session: Session,
    participant: ParticipantRow,
    protocol: StudyProtocol,
    now: datetime,
    *,
    days: Collection[date] | None = None,
) -> Diary:
    """The diary at `now` of these days.

    Without `days`, from three weeks back on: all that the calendar asks, scores or excludes, and all that have a
    card. That is as far as anything reaches that a participant can still see or do.
    """
    key = participant.id or 0
    calendar = calendar_of(session, participant, protocol)
    zones = zone_history(session, key)
    first = local_day(now, zones) - REACH if days is None else date.min
    cards = cards_since(session, key, first) if days is None else cards_of(session, key, set(days))
    wanted = {day for day in calendar_days(calendar) | set(cards) if day >= first} if days is None else set(days)
    stored = read_stored(session, key, wanted, cards)
    return assemble_diary(participant, protocol, calendar, zones, outages(session), stored, sorted(wanted), now)


def read_whole_diary(session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime) -> Diary:
    """The diary at `now` of every day that the calendar asks, scores or excludes, from the first visit on."""
    calendar = calendar_of(session, participant, protocol)
    return read_diary(session, participant, protocol, now, days=calendar_days(calendar))


@dataclass(frozen=True, slots=True)
class StoredDays:
    """What is stored for a participant's diary days; a day without anything is absent."""

    answers: Mapping[date, Mapping[str, AnswerRow]]
    entries: Mapping[date, Sequence[EntryRow]]
    cards: Mapping[date, CardRow]
    helped: Collection[date]


def read_stored(
    session: Session, participant_id: int, days: Collection[date], cards: Mapping[date, CardRow]
) -> StoredDays:
    """Read what is stored for these days besides their cards, in three queries."""
    return StoredDays(
        answers_of(session, participant_id, days),
        entries_of(session, participant_id, days),
        cards,
        helped_days(session, participant_id, days),
    )


def assemble_diary(
    participant: ParticipantRow,
    protocol: StudyProtocol,
    calendar: VisitCalendar,
    zones: tuple[ZonePeriod, ...],
    known_outages: tuple[Outage, ...],
    stored: StoredDays,
    days: Collection[date],
    now: datetime,
) -> Diary:
    """The diary of the given days from what has been read already."""
    reader = _Reader(participant, protocol, calendar, zones, known_outages, stored, now)
    return Diary(participant, calendar, zones, _Records(reader, days))


class _Records(Mapping[date, DayRecord]):
    """Day records in the order of the days given, each made when it is first looked at: most never are."""

    def __init__(self, reader: "_Reader", days: Collection[date]) -> None:
        self._reader = reader
        self._made: dict[date, DayRecord | None] = dict.fromkeys(days)

    def __getitem__(self, on: date) -> DayRecord:
        record = self._made[on]
        if record is None:
            record = self._made[on] = self._reader.record(on)
        return record

    def __iter__(self) -> Iterator[date]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __contains__(self, on: object) -> bool:
        return on in self._made


def calendar_days(calendar: VisitCalendar) -> set[date]:
    """Every day that a visit asks, scores or excludes."""
    found: set[date] = set()
    for visit in calendar.visits:
        found.update(visit.asked_days, visit.scoring_days, (day.on for day in visit.excluded))
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    participant: ParticipantRow
    protocol: StudyProtocol
    calendar: VisitCalendar
    zones: tuple[ZonePeriod, ...]
    outages: tuple[Outage, ...]
    stored: StoredDays
    now: datetime

    def record(self, on: date) -> DayRecord:
        entries, answers = self.stored.entries.get(on, ()), self.stored.answers.get(on, {})
        day = self._times(on, entries)
        state = day_state(
            DayTimes(day.opens_at, day.midnight_at, day.closes_at),
            self.now,
            excluded=self.calendar.exclusion(on) is not None,
            timing=Timing(entries[-1].timing) if entries else None,
            has_answers=bool(answers),
            outage=day.outage,
        )
        return DayRecord(day, state, answers, entries, self.stored.cards.get(on), on in self.stored.helped)

    def _times(self, on: date, entries: Sequence[EntryRow]) -> DiaryDay:
        site = self.protocol.site(self.participant.site)
        visit = self.calendar.visit_after(on)
        closing = day_minus_one_closing(visit, site.timezone) if visit is not None else None
        return diary_day(
            on,
            self.zones,
            self.protocol.diary,
            self.protocol.outages,
            day_minus_one_closing=closing,
            outages=self.outages,
            submitted_at=entries[0].submitted_at if entries else None,
        )
