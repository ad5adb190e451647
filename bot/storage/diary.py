"""Cards, answers and entries: looked up by participant and diary day, and only ever added to."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlmodel import Session, col, select

from bot.storage.tables import AnswerRow, CardRow, EntryRow, HelpedRow
from bot.storage.trail import Trail, insert

ENTRY_FIELDS = ("stools", "pain", "wellbeing", "antidiarrhoeal", "timing", "source", "language", "wording_version")


def card_by_key(session: Session, key: str) -> CardRow | None:
    return session.exec(select(CardRow).where(CardRow.key == key)).first()


def card_of(session: Session, participant_id: int, day: date) -> CardRow | None:
    return session.exec(
        select(CardRow).where(CardRow.participant_id == participant_id, CardRow.diary_day == day)
    ).first()


def cards_of(session: Session, participant_id: int, days: Collection[date]) -> Mapping[date, CardRow]:
    rows = session.exec(
        select(CardRow).where(CardRow.participant_id == participant_id, col(CardRow.diary_day).in_(days))
    ).all()
    return {row.diary_day: row for row in rows}


def card_days(session: Session, participant_id: int) -> set[date]:
    """Every diary day that has a card, whether or not the calendar still asks it."""
    return set(session.exec(select(col(CardRow.diary_day)).where(CardRow.participant_id == participant_id)).all())


def answers_of(session: Session, participant_id: int, days: Collection[date]) -> Mapping[date, Mapping[str, AnswerRow]]:
    """The current answer to each item of each day; days without answers are absent."""
    rows = session.exec(
        select(AnswerRow)
        .where(AnswerRow.participant_id == participant_id, col(AnswerRow.diary_day).in_(days))
        .order_by(col(AnswerRow.ordinal))
    ).all()
    found: dict[date, dict[str, AnswerRow]] = defaultdict(dict)
    for row in rows:
        found[row.diary_day][row.item] = row
    return found


def entries_of(session: Session, participant_id: int, days: Collection[date]) -> Mapping[date, Sequence[EntryRow]]:
    """Every revision of each day's entry, oldest first; days without an entry are absent."""
    rows = session.exec(
        select(EntryRow)
        .where(EntryRow.participant_id == participant_id, col(EntryRow.diary_day).in_(days))
        .order_by(col(EntryRow.revision))
    ).all()
    found: dict[date, list[EntryRow]] = defaultdict(list)
    for row in rows:
        found[row.diary_day].append(row)
    return found


def helped_days(session: Session, participant_id: int, days: Collection[date]) -> frozenset[date]:
    return frozenset(
        session.exec(
            select(col(HelpedRow.diary_day)).where(
                HelpedRow.participant_id == participant_id, col(HelpedRow.diary_day).in_(days)
            )
        ).all()
    )


def add_answer(audit: Trail, answer: AnswerRow, *, old: int | None) -> None:
    """Store one more answer; the audit event names the value it replaces."""
    audit.session.add(answer)
    audit.session.flush()
    audit.record(
        "answer", "answer", f"{audit.participant}/{answer.diary_day}", field_name=answer.item, old=old, new=answer.value
    )


def add_entry(audit: Trail, entry: EntryRow, *, previous: EntryRow | None) -> None:
    """Store one more revision of a day's entry, with an audit event for each response that differs from before."""
    audit.session.add(entry)
    audit.session.flush()
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
