"""Verify the audit trail with everything that belongs to it, and note when and with what result."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.actions.anchor_audit import ANCHORED
from bot.errors import RefusedError
from bot.storage.anchors import Anchor, read_anchors
from bot.storage.chain import Finding, Verification, go_on, verify_database
from bot.storage.database import Database
from bot.storage.facts import note_fact
from bot.storage.tables import InstanceRow

EVERY: Final = timedelta(hours=24)
VERIFIED: Final = "audit_verified"


def verify_audit(database: Database, *, at: datetime, watch: Callable[[], None] = go_on) -> Verification:
    """Verify against the anchors that were written last, where they can be seen, and note the result.

    `at` is security time; `watch` is called at every row and may stop it with VerificationStoppedError. Anchors that
    cannot be read are a finding of their own.
    """
    try:
        anchors = last_anchors(database)
    except RefusedError as error:
        plain = verify_database(database, watch=watch)
        head = plain.events["audit_event"]
        bad = Finding("anchor", head, "audit_event", f"anchor: {error.message}")
        found = Verification(plain.events, 0, (*plain.findings, bad))
    else:
        found = verify_database(database, anchors, watch=watch)
    note_verified(database, found, at=at)
    return found


def last_anchors(database: Database) -> tuple[Anchor, ...]:
    """The anchors of the file that was written to last; none where none were written, or the file is not at hand."""
    with database.read() as session:
        fact = session.get(InstanceRow, ANCHORED)
    file = Path(json.loads(fact.value)["file"]) if fact is not None else None
    return tuple(read_anchors(file)) if file is not None and file.is_file() else ()


def note_verified(database: Database, found: Verification, *, at: datetime) -> None:
    """Remember the result, for the page that shows the state of the chain."""
    first = found.findings[0] if found.findings else None
    fact = {
        "seq": found.events["audit_event"],
        "anchors": found.anchors,
        "kind": first.kind if first else None,
        "at": first.seq if first else None,
        "chain": first.chain if first else None,
    }
    with database.write() as session:
        note_fact(session, VERIFIED, json.dumps(fact, sort_keys=True), at=at)


def verify_if_due(database: Database, *, at: datetime, watch: Callable[[], None] = go_on) -> Verification | None:
    """Verify when a day has passed since the last time."""
    with database.read() as session:
        last = session.get(InstanceRow, VERIFIED)
    if last is not None and at - last.learnt_at < EVERY:
        return None
    return verify_audit(database, at=at, watch=watch)
