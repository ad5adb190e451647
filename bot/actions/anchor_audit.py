"""Anchor the audit trail: write the heads of both chains to a file, hourly and at once after a signature."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, select

from bot.storage.anchors import FILE_NAME, Anchor, append_anchor, heads
from bot.storage.database import Database
from bot.storage.facts import note_fact
from bot.storage.tables import AuditRow, InstanceRow, SignatureRow

EVERY: Final = timedelta(hours=1)
ANCHORED: Final = "audit_anchored"


def anchor_audit(database: Database, file: Path, *, at: datetime) -> Anchor:
    """Append the heads as they stand to the file, then note that it was done; `at` is security time."""
    with database.read() as session:
        anchor = heads(session, at)
    append_anchor(file, anchor)
    with database.write() as session:
        place = str(file.resolve())
        fact = json.dumps({"seq": anchor.audit.seq, "hash": anchor.audit.hash, "file": place}, sort_keys=True)
        note_fact(session, ANCHORED, fact, at=at)
    return anchor


def anchor_if_due(database: Database, folder: Path, *, at: datetime) -> Anchor | None:
    """Anchor in the data folder when an hour has passed or a signature is newer than the last anchor.

    Without new events since, and without a folder, nothing is written. Call it often: it reads one row.
    """
    if not folder.is_dir():
        return None
    with database.read() as session:
        due = is_due(session, at)
    return anchor_audit(database, folder / FILE_NAME, at=at) if due else None


def is_due(session: Session, at: datetime) -> bool:
    """Whether what has happened since the last anchor asks for another."""
    last = session.get(InstanceRow, ANCHORED)
    anchored = int(json.loads(last.value)["seq"]) if last is not None else 0
    head = int(session.exec(select(func.max(AuditRow.seq))).one() or 0)
    if head <= anchored:
        return False
    signed = int(session.exec(select(func.max(SignatureRow.audit_seq))).one() or 0)
    return last is None or signed > anchored or at - last.learnt_at >= EVERY
