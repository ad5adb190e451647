"""Stored drafts: the record of each draft that was signed, printed or exported; only ever added to."""

import json
from collections.abc import Sequence

from sqlmodel import Session, col, select

from bot.scoring.changes import SinceStored, changes_between
from bot.scoring.draft import Draft
from bot.scoring.record import DraftRecord, inputs_of, make_record
from bot.storage.tables import StoredDraftRow
from bot.storage.trail import APP_VERSION, Trail, insert


def stored_drafts_of(session: Session, participant_id: int, visit: str) -> Sequence[StoredDraftRow]:
    """Every stored draft of a visit, oldest first."""
    return session.exec(
        select(StoredDraftRow)
        .where(StoredDraftRow.participant_id == participant_id, StoredDraftRow.visit == visit)
        .order_by(col(StoredDraftRow.id))
    ).all()


def last_stored(
    session: Session, participant_id: int, visit: str, *, occasion: str | None = None
) -> StoredDraftRow | None:
    """The draft of a visit that was stored last, on any occasion or on one; None when there is none."""
    rows = stored_drafts_of(session, participant_id, visit)
    return next((row for row in reversed(rows) if occasion in (None, row.occasion)), None)


def since_last_stored(session: Session, participant_id: int, draft: Draft, protocol: str) -> SinceStored | None:
    """What has changed since the last stored draft of the same visit; None when none was stored."""
    row = last_stored(session, participant_id, draft.given.visit)
    if row is None:
        return None
    record = make_record(draft, protocol)
    changes = changes_between(
        json.loads(row.inputs), inputs_of(draft), json.loads(row.result), json.loads(record.result)
    )
    return SinceStored(row.at, row.occasion, row.hash, changes)


def record_of(row: StoredDraftRow) -> DraftRecord:
    """The record as it was stored, to be checked against its own hash."""
    return DraftRecord(row.inputs, row.result, row.rules, row.protocol, row.hash, row.canon_version)


def add_stored_draft(
    audit: Trail, participant_id: int, visit: str, occasion: str, record: DraftRecord
) -> StoredDraftRow:
    """Store a record, with audit events that name its visit, occasion and hash."""
    row = StoredDraftRow(
        participant_id=participant_id,
        visit=visit,
        occasion=occasion,
        at=audit.now,
        actor=audit.actor.id,
        inputs=record.inputs,
        result=record.result,
        canon_version=record.canon_version,
        hash=record.hash,
        rules=record.rules,
        protocol=record.protocol,
        app_version=APP_VERSION,
    )
    insert(audit, row, "store_draft", fields=("visit", "occasion", "hash"))
    return row
