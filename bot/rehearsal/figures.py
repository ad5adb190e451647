"""What a rehearsal is summed up in: completeness, the message ledger, endpoints, and one digest of it all."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from bot.actions.study import Study
from bot.errors import RefusedError
from bot.scoring.draft_json import draft_to_json
from bot.scoring.study_table import table_to_json
from bot.storage.participants import all_participants
from bot.storage.tables import AuditRow, EntryRow, MessageRow
from bot.storage.views.draft import Drafts
from bot.storage.views.endpoints import read_study_table
from bot.storage.views.records import read_records
from bot.storage.views.visit_list import list_visits

Json = dict[str, Any]


def completeness(session: Session, study: Study, now: datetime) -> dict[str, dict[str, int]]:
    """By visit, how many scoring days stand in each state."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for person in all_participants(session):
        for listed in list_visits(session, person, study.protocol, now):
            scored = set(listed.visit.scoring_days)
            found[listed.visit.code].update(day.state.value for day in listed.days if day.on in scored)
    return {code: dict(sorted(states.items())) for code, states in sorted(found.items())}


def participant_days(session: Session, now: datetime) -> int:
    """How many whole days all participants have taken part, from enrolment on."""
    return sum((now - person.enrolled_at).days for person in all_participants(session))


def diary_days(session: Session, study: Study, now: datetime) -> int:
    """How many diary days all participants were asked."""
    people = all_participants(session)
    return sum(
        len({day for listed in list_visits(session, person, study.protocol, now) for day in listed.visit.asked_days})
        for person in people
    )


def ledger(session: Session) -> dict[str, dict[str, int]]:
    """By kind of message, how many ended in each state."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, state in session.exec(select(col(MessageRow.kind), col(MessageRow.state))).all():
        found[kind][state] += 1
    return {kind: dict(sorted(states.items())) for kind, states in sorted(found.items())}


def endpoints(session: Session, study: Study, now: datetime) -> list[Json]:
    """The study table."""
    return table_to_json(read_study_table(session, study.protocol, now))


def digest(session: Session, study: Study, now: datetime) -> str:
    """One SHA-256 over ledger, entries, drafts and audit chain: equal for equal rehearsals."""
    total = hashlib.sha256()
    for line in _lines(session, study, now):
        total.update(line.encode())
        total.update(b"\n")
    return f"sha256:{total.hexdigest()}"


def _lines(session: Session, study: Study, now: datetime) -> Iterator[str]:
    for message in session.exec(select(MessageRow).order_by(col(MessageRow.id))).all():
        yield _row(message)
    for entry in session.exec(select(EntryRow).order_by(col(EntryRow.id))).all():
        yield _row(entry)
    records = read_records(session, all_participants(session))
    for person in records.people:
        drafts = Drafts(person, records, study.protocol, now)
        for visit in study.protocol.visits:
            yield _draft(drafts, visit.code)
    yield from session.exec(select(col(AuditRow.hash)).order_by(col(AuditRow.seq))).all()


def _row(row: SQLModel) -> str:
    return json.dumps(row.model_dump(mode="json"), sort_keys=True, ensure_ascii=True)


def _draft(drafts: Drafts, visit: str) -> str:
    try:
        draft = drafts.draft(visit).draft
    except RefusedError as refusal:
        return f"{drafts.person.participant.code} {visit} {refusal.message}"
    return json.dumps(draft_to_json(draft), sort_keys=True, ensure_ascii=True)
