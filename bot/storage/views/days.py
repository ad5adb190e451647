"""A participant's diary days as they stand at `now`: times, state, answers, entry revisions and card, side by side."""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam
from sqlmodel import Session, col, select

from bot.diary.completeness import DayState, Timing, day_state
from bot.storage.diary import answers_of, cards_of, cards_since, entries_of, helped_days
from bot.storage.participants import zone_history
from bot.storage.prepared import Prepared, written_out
from bot.storage.tables import (
    AnswerRow,
    CardRow,
    EntryRow,
    OutageRow,
    ParticipantRow,
    PreparationRow,
    VisitRow,
    ZoneRow,
)
from bot.storage.visits import IN_FORCE, StoredVisits, calendar_from, calendar_of, outages, stored_visits
from schedules.protocol import StudyProtocol
from schedules.visits import AskedDay, VisitCalendar, day_minus_one_closing
from schedules.windows import DiaryDay, Outage, ZonePeriod, diary_day, local_day

GROUNDS = 125  # that are kept, of no more people at one time; some six kilobytes each
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


class Ground:
    """What diary days rest on besides what is stored for them: the calendar, zones and outages of a participant.

    What follows from these for a day is worked out once.
    """

    def __init__(
        self,
        protocol: StudyProtocol,
        site: str,
        calendar: VisitCalendar,
        zones: tuple[ZonePeriod, ...],
        known_outages: tuple[Outage, ...],
    ) -> None:
        self.calendar, self.zones = calendar, zones
        self._protocol, self._outages = protocol, known_outages
        self._site_tz = protocol.site(site).timezone
        self._asked: dict[date, AskedDay | None] = {}
        self._times: dict[tuple[date, datetime | None], DiaryDay] = {}

    @cached_property
    def days(self) -> frozenset[date]:
        """Every day that a visit asks, scores or excludes."""
        return calendar_days(self.calendar)

    def asked(self, day: date) -> AskedDay | None:
        """What a day is asked for."""
        if day not in self._asked:
            self._asked[day] = self.calendar.asked(day)
        return self._asked[day]

    def times(self, on: date, submitted_at: datetime | None) -> DiaryDay:
        """The instants of a day; `submitted_at` is its first submission, after which an outage takes nothing away."""
        key = on, submitted_at if self._outages else None
        if key not in self._times:
            visit = self.calendar.visit_after(on)
            self._times[key] = diary_day(
                on,
                self.zones,
                self._protocol.diary,
                self._protocol.outages,
                day_minus_one_closing=day_minus_one_closing(visit, self._site_tz),
                outages=self._outages,
                submitted_at=submitted_at,
            )
        return self._times[key]


@lru_cache(maxsize=GROUNDS)
def ground_from(
    protocol: StudyProtocol,
    site: str,
    baseline_on: date,
    stored: StoredVisits,
    zones: tuple[ZonePeriod, ...],
    known_outages: tuple[Outage, ...],
) -> Ground:
    """The same ground as long as nothing that it follows from has changed."""
    return Ground(protocol, site, calendar_from(protocol, baseline_on, stored), zones, known_outages)


def _written(*columns: Any, of: ColumnElement[bool] | None = None) -> Any:
    query = select(written_out(*columns))
    return (query if of is None else query.where(of)).scalar_subquery()


# What the ground follows from, in one question instead of four: it hardly ever changes.
FOLLOWS_FROM = Prepared[Any](
    select(
        _written(
            col(VisitRow.code), col(VisitRow.scheduled_on), col(VisitRow.moved_against), col(VisitRow.time),
            col(VisitRow.held_at), col(VisitRow.held_on), col(VisitRow.state),
            of=col(VisitRow.participant_id) == bindparam("participant"),
        ).label("visits"),
        _written(
            col(PreparationRow.code), col(PreparationRow.on), col(PreparationRow.kind), of=and_(*IN_FORCE)
        ).label("preparation"),
        _written(
            col(ZoneRow.id), col(ZoneRow.from_on), col(ZoneRow.tzid),
            of=col(ZoneRow.participant_id) == bindparam("participant"),
        ).label("zones"),
        _written(col(OutageRow.started_at), col(OutageRow.ended_at)).label("outages"),
    )
)  # fmt: skip
_GROUNDS: OrderedDict[tuple[Any, ...], Ground] = OrderedDict()


def ground_of(session: Session, participant: ParticipantRow, protocol: StudyProtocol) -> Ground:
    """What the participant's days rest on now; read row by row only when something of it has changed."""
    written = FOLLOWS_FROM.first(session, participant=participant.id)
    key = (protocol, participant.site, participant.baseline_on, written)
    found = _GROUNDS.get(key)
    if found is None:
        number = participant.id or 0
        found = _GROUNDS[key] = ground_from(
            protocol, participant.site, participant.baseline_on,
            stored_visits(session, number), zone_history(session, number), outages(session),
        )  # fmt: skip
        if len(_GROUNDS) > GROUNDS:
            _GROUNDS.popitem(last=False)
    return found


@dataclass(frozen=True, slots=True)
class Diary:
    """A participant's calendar, zones and the records of the days asked for."""

    participant: ParticipantRow
    ground: Ground
    records: Mapping[date, DayRecord]

    @property
    def calendar(self) -> VisitCalendar:
        return self.ground.calendar

    @property
    def zones(self) -> tuple[ZonePeriod, ...]:
        return self.ground.zones

    def record(self, day: date) -> DayRecord | None:
        return self.records.get(day)

    def asked(self, day: date) -> AskedDay | None:
        return self.ground.asked(day)


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
    ground = ground_of(session, participant, protocol)
    if days is not None:
        return read_days(session, participant, ground, days, now)
    key, first = participant.id or 0, local_day(now, ground.zones) - REACH
    cards = cards_since(session, key, first)
    wanted = {day for day in ground.days | set(cards) if day >= first}
    return assemble_diary(participant, ground, read_stored(session, key, wanted, cards), sorted(wanted), now)


def read_days(
    session: Session, participant: ParticipantRow, ground: Ground, days: Collection[date], now: datetime
) -> Diary:
    """The diary at `now` of these days, on ground that has been read already."""
    key = participant.id or 0
    return assemble_diary(
        participant, ground, read_stored(session, key, days, cards_of(session, key, days)), sorted(days), now
    )


def read_diary_of(
    session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime, card: CardRow
) -> Diary:
    """The diary at `now` of this card's own day."""
    key, day = participant.id or 0, [card.diary_day]
    ground = ground_of(session, participant, protocol)
    return assemble_diary(participant, ground, read_stored(session, key, day, {card.diary_day: card}), day, now)


def read_diary_around(
    session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime, card: CardRow
) -> Diary:
    """The diary at `now` as this card shows it: days from three weeks back on, and their entries.

    Of cards, answers and help there is only what belongs to this card's own day. Another day that closed half answered
    therefore reads as missed, and no card shows the difference.
    """
    ground = ground_of(session, participant, protocol)
    first = local_day(now, ground.zones) - REACH
    wanted = {day for day in ground.days | {card.diary_day} if day >= first}
    key, day = participant.id or 0, [card.diary_day]
    stored = StoredDays(
        answers_of(session, key, day),
        entries_of(session, key, wanted),
        {card.diary_day: card},
        helped_days(session, key, day),
    )
    return assemble_diary(participant, ground, stored, sorted(wanted), now)


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
    participant: ParticipantRow, ground: Ground, stored: StoredDays, days: Collection[date], now: datetime
) -> Diary:
    """The diary of the given days from what has been read already."""
    return Diary(participant, ground, _Records(_Reader(ground, stored, now), days))


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


def calendar_days(calendar: VisitCalendar) -> frozenset[date]:
    """Every day that a visit asks, scores or excludes."""
    found: set[date] = set()
    for visit in calendar.visits:
        found.update(visit.asked_days, visit.scoring_days, (day.on for day in visit.excluded))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Reader:
    ground: Ground
    stored: StoredDays
    now: datetime

    def record(self, on: date) -> DayRecord:
        entries, answers = self.stored.entries.get(on, ()), self.stored.answers.get(on, {})
        day = self.ground.times(on, entries[0].submitted_at if entries else None)
        state = day_state(
            day,
            self.now,
            excluded=self.ground.calendar.exclusion(on) is not None,
            timing=Timing(entries[-1].timing) if entries else None,
            has_answers=bool(answers),
            outage=day.outage,
        )
        return DayRecord(day, state, answers, entries, self.stored.cards.get(on), on in self.stored.helped)
