"""Cards, answers and entries: looked up by participant and diary day, and only ever added to."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from bot.storage.prepared import Prepared, adding
from bot.storage.tables import AnswerRow, CardRow, EntryRow, HelpedRow
from bot.storage.tracked import Tracked, every_column, table_of
from bot.storage.trail import Trail, insert

# What a diary is read with runs for every tap and every message. Only cards are ever changed, so only they are tracked.
PARTICIPANT: BindParameter[Any] = bindparam("participant")
FIRST: BindParameter[Any] = bindparam("first")
LAST: BindParameter[Any] = bindparam("last")
ANSWERS = Prepared[AnswerRow](
    every_column(AnswerRow)
    .with_only_columns(*(table_of(AnswerRow).c[name] for name in ("diary_day", "item", "ordinal", "value", "source")))
    .where(col(AnswerRow.participant_id) == PARTICIPANT, col(AnswerRow.diary_day).between(FIRST, LAST))
    .order_by(col(AnswerRow.diary_day), col(AnswerRow.item), col(AnswerRow.ordinal))  # as the index has them
)
ENTRIES = Prepared[EntryRow](
    every_column(EntryRow)
    .where(col(EntryRow.participant_id) == PARTICIPANT, col(EntryRow.diary_day).between(FIRST, LAST))
    .order_by(col(EntryRow.diary_day), col(EntryRow.revision))
)
CARDS = Tracked(
    CardRow,
    every_column(CardRow)
    .where(col(CardRow.participant_id) == PARTICIPANT, col(CardRow.diary_day).between(FIRST, LAST))
    .order_by(col(CardRow.diary_day)),
)
HELPED = Prepared[HelpedRow](
    select(col(HelpedRow.diary_day)).where(
        col(HelpedRow.participant_id) == PARTICIPANT, col(HelpedRow.diary_day).between(FIRST, LAST)
    )
)
NEW_CARD = {"revision": 0, "snooze_count": 0}
GIVEN = ("participant_id", "diary_day", "visit", "key", "shown", *NEW_CARD)
ADD_ANSWER, ADD_ENTRY = adding(AnswerRow), adding(EntryRow)
CARD_BY_KEY = Tracked(CardRow, every_column(CardRow).where(col(CardRow.key) == bindparam("key")))
ENTRY_FIELDS = ("stools", "pain", "wellbeing", "antidiarrhoeal", "timing", "source", "language", "wording_version")


def card_by_key(session: Session, key: str) -> CardRow | None:
    return CARD_BY_KEY.first(session, key=key)


def card_of(session: Session, participant_id: int, day: date) -> CardRow | None:
    return CARDS.first(session, **_span(participant_id, [day]))


def cards_of(session: Session, participant_id: int, days: Collection[date]) -> Mapping[date, CardRow]:
    if not days:
        return {}
    rows = CARDS.all(session, **_span(participant_id, days))
    return {row.diary_day: row for row in rows if row.diary_day in days}


def cards_since(session: Session, participant_id: int, first: date) -> Mapping[date, CardRow]:
    """Every card from a diary day on, whether or not the calendar still asks its day."""
    rows = CARDS.all(session, **_span(participant_id, [first, date.max]))
    return {row.diary_day: row for row in rows}


def add_cards(session: Session, cards: Sequence[Mapping[str, Any]]) -> Mapping[tuple[int, date], CardRow]:
    """Store new cards and answer them as stored; one that another process has just made is read instead."""
    if not cards:
        return {}
    given = {
        f"{name}_{number}": value for number, card in enumerate(cards) for name, value in {**NEW_CARD, **card}.items()
    }
    rows = _adding_once(session.get_bind().dialect.name, len(cards)).all(session, **given)
    stored = {(row.participant_id, row.diary_day): row for row in rows}
    for day in ((card["participant_id"], card["diary_day"]) for card in cards):
        if day not in stored and (there := card_of(session, *day)):
            stored[day] = there
    return stored


@cache
def _adding_once(dialect: str, count: int) -> Prepared[CardRow]:
    """The statement that adds so many cards, but for days that have one."""
    insert_into: Any = sqlite_insert if dialect == "sqlite" else postgres_insert
    adding_all = insert_into(CardRow).values(
        [{name: bindparam(f"{name}_{number}") for name in GIVEN} for number in range(count)]
    )
    once = adding_all.on_conflict_do_nothing(index_elements=["participant_id", "diary_day"])
    return Prepared(once.returning(*table_of(CardRow).columns))


def answers_of(session: Session, participant_id: int, days: Collection[date]) -> Mapping[date, Mapping[str, AnswerRow]]:
    """The current answer to each item of each day: ordinal, value and source; days without answers are absent."""
    found: dict[date, dict[str, AnswerRow]] = defaultdict(dict)
    if days:
        for row in ANSWERS.all(session, **_span(participant_id, days)):
            if row.diary_day in days:
                found[row.diary_day][row.item] = row
    return found


def entries_of(session: Session, participant_id: int, days: Collection[date]) -> Mapping[date, Sequence[EntryRow]]:
    """Every revision of each day's entry, oldest first; days without an entry are absent."""
    found: dict[date, list[EntryRow]] = defaultdict(list)
    if days:
        for row in ENTRIES.all(session, **_span(participant_id, days)):
            if row.diary_day in days:
                found[row.diary_day].append(row)
    return found


def helped_days(session: Session, participant_id: int, days: Collection[date]) -> frozenset[date]:
    if not days:
        return frozenset()
    found = HELPED.all(session, **_span(participant_id, days))
    return frozenset(row.diary_day for row in found) & frozenset(days)


def _span(participant_id: int, days: Collection[date]) -> dict[str, Any]:
    """One range for all days: a list of them would have to be written out in every statement."""
    return {"participant": participant_id, "first": min(days), "last": max(days)}


def add_answer(audit: Trail, answer: AnswerRow, *, old: int | None) -> None:
    """Store one more answer; the audit event names the value it replaces."""
    ADD_ANSWER.run(audit.session, **answer.__dict__)
    audit.record(
        "answer", "answer", f"{audit.participant}/{answer.diary_day}", field_name=answer.item, old=old, new=answer.value
    )


def add_entry(audit: Trail, entry: EntryRow, *, previous: EntryRow | None) -> None:
    """Store one more revision of a day's entry, with an audit event for each response that differs from before."""
    ADD_ENTRY.run(audit.session, **entry.__dict__)
    action = "submit" if previous is None else "revise"
    for name in ENTRY_FIELDS:
        old = getattr(previous, name) if previous else None
        new = getattr(entry, name)
        if new != old:
            audit.record(
                action,
                "entry",
                f"{audit.participant}/{entry.diary_day}/{entry.revision}",
                field_name=name,
                old=old,
                new=new,
                reason=entry.reason,
            )


def add_helped(audit: Trail, participant_id: int, day: date, said_at: datetime) -> None:
    """Mark that someone helped with this day; saying so twice changes nothing."""
    if day not in helped_days(audit.session, participant_id, [day]):
        insert(
            audit,
            HelpedRow(participant_id=participant_id, diary_day=day, said_at=said_at),
            "mark_helped",
            fields=("diary_day",),
        )


def all_cards_with_copies(session: Session, participant_id: int) -> Sequence[CardRow]:
    """Every card that has a copy in a chat."""
    return session.exec(
        select(CardRow).where(CardRow.participant_id == participant_id, col(CardRow.provider_msg_id).is_not(None))
    ).all()
