"""Raise a query on one value: of a diary day, or of a component of a visit."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlmodel import Session, col, select

from bot.actions.permission import check_permission
from bot.actions.study import Study
from bot.diary.items import Item
from bot.errors import InvalidInputError
from bot.people.roles import Permission
from bot.storage.assessments import COMPONENTS
from bot.storage.tables import AssessmentRow, EntryRow, ParticipantRow, QueryRow
from bot.storage.trail import Trail, insert
from schedules.errors import Term, Terms

LONGEST: Final = 500
ITEMS: Final = tuple(item.value for item in Item)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: an item of a diary day, or a component of a visit; one of `day` and `visit` is given."""

    item: str
    day: date | None = None
    visit: str | None = None


def raise_query(audit: Trail, participant: ParticipantRow, place: Place, question: str, *, study: Study) -> QueryRow:
    """Store the query with the value as it stands now; the trail holds a salted hash of the words.

    Raises NotAllowedError, InvalidInputError for a place that there is not or words that are none.
    """
    check_permission(audit.actor, Permission.RAISE_QUERY)
    check_place(place, study)
    words = check_words(question, "question")
    audit.participant = participant.code
    row = QueryRow(
        participant_id=participant.id or 0,
        diary_day=place.day,
        visit=place.visit,
        item=place.item,
        value=value_at(audit.session, participant, place),
        question=words,
        salt=secrets.token_hex(16),
        raised_at=audit.now,
        raised_by=audit.actor.id,
        raised_role=audit.actor.role,
    )
    insert(audit, row, "raise_query", fields=("diary_day", "visit", "item", "value"))
    audit.record("raise_query", "query", str(row.id), field_name="question", new=digest(row.salt, words))
    return row


def check_place(place: Place, study: Study) -> None:
    """Refuse a place that names no value."""
    if (place.day is None) == (place.visit is None):
        raise InvalidInputError("A query is on a diary day or on a visit: name one of them.", code="place_unclear")
    if place.visit is not None:
        study.protocol.visit(place.visit)
    known = ITEMS if place.day is not None else COMPONENTS
    if place.item not in known:
        raise InvalidInputError(
            "%(item)s is no value there: choose %(known)s.", item=place.item, known=Terms(known), code="item_unknown"
        )


def check_words(words: str, name: str) -> str:
    """The words with their outer blanks trimmed; none, or too many, are refused."""
    found = words.strip()
    if not 1 <= len(found) <= LONGEST:
        raise InvalidInputError(
            "The %(name)s has 1 to %(longest)s characters.", name=Term(name), longest=LONGEST, code=f"{name}_length"
        )
    return found


def digest(salt: str, words: str) -> str:
    """What the trail holds of words that can be taken out later."""
    return "sha256:" + hashlib.sha256((salt + words).encode()).hexdigest()


def value_at(session: Session, participant: ParticipantRow, place: Place) -> str | None:
    """The value that counts there now, as text; None where nothing is stored."""
    if place.day is not None:
        entry = session.exec(
            select(EntryRow)
            .where(EntryRow.participant_id == participant.id, EntryRow.diary_day == place.day)
            .order_by(col(EntryRow.revision).desc())
        ).first()
        value = getattr(entry, place.item) if entry is not None else None
        return None if value is None else str(value)
    return session.exec(
        select(AssessmentRow.value)
        .where(
            AssessmentRow.participant_id == participant.id,
            AssessmentRow.visit == place.visit,
            AssessmentRow.component == place.item,
        )
        .order_by(col(AssessmentRow.revision).desc())
    ).first()
