"""One diary day of each of several participants, read together: all that the last check before a reminder needs."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select

from bot.storage.tables import (
    AnswerRow,
    CardRow,
    ChatRow,
    EntryRow,
    HelpedRow,
    ParticipantRow,
    PreparationRow,
    VisitRow,
    ZoneRow,
)
from bot.storage.views.days import DayRecord, Diary, StoredDays, assemble_diary
from bot.storage.visits import facts_of, outages
from schedules.protocol import StudyProtocol
from schedules.visits import plan_calendar
from schedules.windows import Outage, ZonePeriod

Day = tuple[int, date]  # participant and diary day
Row = TypeVar("Row")
Key = TypeVar("Key")

# Made once: the dispatcher reads with these in every round.
PEOPLE: BindParameter[Any] = bindparam("people", expanding=True)
DAYS: BindParameter[Any] = bindparam("days", expanding=True)
WHO = (
    select(ParticipantRow, ChatRow)
    .outerjoin(ChatRow, (col(ChatRow.participant_id) == col(ParticipantRow.id)) & col(ChatRow.unbound_at).is_(None))
    .where(col(ParticipantRow.id).in_(PEOPLE))
)
ZONES = (
    select(col(ZoneRow.participant_id), col(ZoneRow.from_on), col(ZoneRow.tzid))
    .where(col(ZoneRow.participant_id).in_(PEOPLE))
    .order_by(col(ZoneRow.from_on), col(ZoneRow.id))
)
VISITS = select(VisitRow).where(col(VisitRow.participant_id).in_(PEOPLE))
PREPARATION = (
    select(PreparationRow)
    .where(col(PreparationRow.participant_id).in_(PEOPLE), col(PreparationRow.removed_at).is_(None))
    .order_by(col(PreparationRow.on))
)
CARDS = select(CardRow).where(col(CardRow.participant_id).in_(PEOPLE), col(CardRow.diary_day).in_(DAYS))
ANSWERS = (
    select(AnswerRow)
    .where(col(AnswerRow.participant_id).in_(PEOPLE), col(AnswerRow.diary_day).in_(DAYS))
    .order_by(col(AnswerRow.ordinal))
)
ENTRIES = (
    select(EntryRow)
    .where(col(EntryRow.participant_id).in_(PEOPLE), col(EntryRow.diary_day).in_(DAYS))
    .order_by(col(EntryRow.revision))
)
HELPED = select(col(HelpedRow.participant_id), col(HelpedRow.diary_day)).where(
    col(HelpedRow.participant_id).in_(PEOPLE), col(HelpedRow.diary_day).in_(DAYS)
)


@dataclass(frozen=True, slots=True)
class OneDay:
    """A participant's diary with the record of one day only, and the chat that is bound now."""

    diary: Diary
    record: DayRecord
    chat: ChatRow | None

    @property
    def key(self) -> Day:
        """The participant and the day."""
        return self.diary.participant.id or 0, self.record.on

    @property
    def card(self) -> CardRow | None:
        return self.record.card

    @property
    def address(self) -> int:
        """Where messages go; 0 when there is no chat."""
        return self.chat.address if self.chat is not None else 0


def read_one_days(
    session: Session, wanted: Collection[Day], protocol: StudyProtocol, now: datetime
) -> Mapping[Day, OneDay]:
    """These days as they stand at `now`, in ten questions however many there are; nobody unknown is answered for."""
    if not wanted:
        return {}
    people = sorted({participant for participant, _ in wanted})
    reading = _Reading.of(session, people, sorted({day for _, day in wanted}))
    known = outages(session)
    return {
        (number, day): reading.one_day(number, day, protocol, known, now)
        for number, day in wanted
        if number in reading.who
    }


@dataclass(frozen=True, slots=True)
class _Reading:
    """What has been read, by participant or by participant and day."""

    who: Mapping[int, tuple[ParticipantRow, ChatRow | None]]
    zones: Mapping[int, Mapping[date, ZonePeriod]]
    visits: Mapping[int, Mapping[str, VisitRow]]
    preparation: Mapping[int, Sequence[PreparationRow]]
    cards: Mapping[Day, CardRow]
    answers: Mapping[Day, Sequence[AnswerRow]]
    entries: Mapping[Day, Sequence[EntryRow]]
    helped: Collection[Day]

    @classmethod
    def of(cls, session: Session, people: Sequence[int], days: Sequence[date]) -> "_Reading":
        one, both = {"people": people}, {"people": people, "days": days}
        zones: dict[int, dict[date, ZonePeriod]] = defaultdict(dict)
        for number, from_on, tzid in session.exec(ZONES, params=one):
            zones[number][from_on] = ZonePeriod(from_on, tzid)
        visits: dict[int, dict[str, VisitRow]] = defaultdict(dict)
        for visit in session.exec(VISITS, params=one):
            visits[visit.participant_id][visit.code] = visit
        return cls(
            {row.id or 0: (row, chat) for row, chat in session.exec(WHO, params=one)},
            zones,
            visits,
            _grouped(session.exec(PREPARATION, params=one), lambda row: row.participant_id),
            {(row.participant_id, row.diary_day): row for row in session.exec(CARDS, params=both)},
            _grouped(session.exec(ANSWERS, params=both), lambda row: (row.participant_id, row.diary_day)),
            _grouped(session.exec(ENTRIES, params=both), lambda row: (row.participant_id, row.diary_day)),
            {(number, on) for number, on in session.exec(HELPED, params=both)},
        )

    def one_day(
        self, number: int, day: date, protocol: StudyProtocol, known: tuple[Outage, ...], now: datetime
    ) -> OneDay:
        (row, chat), key = self.who[number], (number, day)
        facts = facts_of(protocol, self.visits.get(number, {}), self.preparation.get(number, ()))
        calendar = plan_calendar(protocol, row.baseline_on, facts)
        stored = StoredDays(
            answers={day: {answer.item: answer for answer in self.answers.get(key, ())}},
            entries={day: self.entries.get(key, ())},
            cards={day: self.cards[key]} if key in self.cards else {},
            helped={day} if key in self.helped else (),
        )
        zones = tuple(self.zones[number].values())
        diary = assemble_diary(row, protocol, calendar, zones, known, stored, [day], now)
        return OneDay(diary, diary.records[day], chat)


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> Mapping[Key, Sequence[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
