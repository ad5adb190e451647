"""One diary day of each of several participants, read together: all that the last check before a reminder needs."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, select
from sqlmodel import Session, SQLModel

from bot.storage.prepared import Prepared, among, ask
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
from bot.storage.tracked import Tracked, every_column
from bot.storage.views.days import DayRecord, Diary, StoredDays, assemble_diary, ground_from
from bot.storage.visits import OUTAGES, StoredVisits, outages_of
from schedules.protocol import StudyProtocol
from schedules.windows import Outage, ZonePeriod

Day = tuple[int, date]  # participant and diary day
Row = TypeVar("Row")
Key = TypeVar("Key")

PARTICIPANTS, CHATS, ZONE_ROWS, VISIT_ROWS, PREPARATIONS, CARD_ROWS, ANSWER_ROWS, ENTRY_ROWS, HELPED_ROWS = (
    SQLModel.metadata.tables[str(kind.__tablename__)]
    for kind in (
        ParticipantRow, ChatRow, ZoneRow, VisitRow, PreparationRow, CardRow, AnswerRow, EntryRow, HelpedRow,
    )
)  # fmt: skip


def _of_days(table: Table) -> ColumnElement[bool]:
    return among(table.c.participant_id, "people") & among(table.c.diary_day, "days")


# The dispatcher reads with these in every round.
WHO = Prepared[ParticipantRow](select(PARTICIPANTS).where(among(PARTICIPANTS.c.id, "people")))
BOUND = Prepared[ChatRow](select(CHATS).where(among(CHATS.c.participant_id, "people"), CHATS.c.unbound_at.is_(None)))
ZONES = Prepared[ZoneRow](
    select(ZONE_ROWS.c.participant_id, ZONE_ROWS.c.from_on, ZONE_ROWS.c.tzid)
    .where(among(ZONE_ROWS.c.participant_id, "people"))
    .order_by(ZONE_ROWS.c.from_on, ZONE_ROWS.c.id)
)
VISITS = Prepared[VisitRow](select(VISIT_ROWS).where(among(VISIT_ROWS.c.participant_id, "people")))
PREPARATION = Prepared[PreparationRow](
    select(PREPARATIONS)
    .where(among(PREPARATIONS.c.participant_id, "people"), PREPARATIONS.c.removed_at.is_(None))
    .order_by(PREPARATIONS.c.on)
)
CARDS = Tracked(CardRow, every_column(CardRow).where(_of_days(CARD_ROWS)))  # to be changed; most reminders make one
ANSWERS = Prepared[AnswerRow](select(ANSWER_ROWS).where(_of_days(ANSWER_ROWS)).order_by(ANSWER_ROWS.c.ordinal))
ENTRIES = Prepared[EntryRow](select(ENTRY_ROWS).where(_of_days(ENTRY_ROWS)).order_by(ENTRY_ROWS.c.revision))
HELPED = Prepared[HelpedRow](select(HELPED_ROWS.c.participant_id, HELPED_ROWS.c.diary_day).where(_of_days(HELPED_ROWS)))


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
    return {
        (number, day): reading.one_day(number, day, protocol, now) for number, day in wanted if number in reading.who
    }


@dataclass(frozen=True, slots=True)
class _Reading:
    """What has been read, by participant or by participant and day."""

    who: Mapping[int, tuple[ParticipantRow, ChatRow | None]]
    zones: Mapping[int, Mapping[date, ZonePeriod]]
    visits: Mapping[int, Sequence[VisitRow]]
    preparation: Mapping[int, Sequence[PreparationRow]]
    cards: Mapping[Day, CardRow]
    answers: Mapping[Day, Sequence[AnswerRow]]
    entries: Mapping[Day, Sequence[EntryRow]]
    helped: Collection[Day]
    known: tuple[Outage, ...]

    @classmethod
    def of(cls, session: Session, people: Sequence[int], days: Sequence[date]) -> "_Reading":
        both: dict[str, Any] = {"people": people, "days": days}
        who, bound, in_zones, visits, preparation, cards, answers, entries, helped, away = ask(
            session,
            *(question.asked(people=people) for question in (WHO, BOUND, ZONES, VISITS, PREPARATION)),
            *(question.asked(**both) for question in (CARDS, ANSWERS, ENTRIES, HELPED)),
            OUTAGES.asked(),
        )
        zones: dict[int, dict[date, ZonePeriod]] = defaultdict(dict)
        for zone in in_zones:
            zones[zone.participant_id][zone.from_on] = ZonePeriod(zone.from_on, zone.tzid)
        chats = {chat.participant_id: chat for chat in bound}
        return cls(
            {row.id or 0: (row, chats.get(row.id or 0)) for row in who},
            zones,
            _grouped(visits, lambda row: row.participant_id),
            _grouped(preparation, lambda row: row.participant_id),
            {(row.participant_id, row.diary_day): row for row in CARDS.tracked(session, cards)},
            _grouped(answers, lambda row: (row.participant_id, row.diary_day)),
            _grouped(entries, lambda row: (row.participant_id, row.diary_day)),
            {(row.participant_id, row.diary_day) for row in helped},
            outages_of(away),
        )

    def one_day(self, number: int, day: date, protocol: StudyProtocol, now: datetime) -> OneDay:
        (row, chat), key = self.who[number], (number, day)
        visits = StoredVisits(tuple(self.visits.get(number, ())), tuple(self.preparation.get(number, ())))
        zones = tuple(self.zones[number].values())
        ground = ground_from(protocol, row.site, row.baseline_on, visits, zones, self.known)
        stored = StoredDays(
            answers={day: {answer.item: answer for answer in self.answers.get(key, ())}},
            entries={day: self.entries.get(key, ())},
            cards={day: self.cards[key]} if key in self.cards else {},
            helped={day} if key in self.helped else (),
        )
        diary = assemble_diary(row, ground, stored, [day], now)
        return OneDay(diary, diary.records[day], chat)


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> Mapping[Key, Sequence[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
