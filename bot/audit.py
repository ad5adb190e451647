"""The audit event, its canonical form and the hash chain that binds each event to the one before (pure)."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum

CANON_VERSION = 1
WRITE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who changed which field of what, when, from which value to which, and why; `seq` counts from 1."""

    seq: int
    at: datetime
    shifted: bool
    actor_kind: str
    actor_id: str
    actor_role: str
    origin: str
    action: str
    entity: str
    entity_id: str
    participant: str | None
    field: str | None
    old: str | None
    new: str | None
    reason: str | None
    request_id: str
    app_version: str


def as_text(value: object) -> str | None:
    """Write a value the way the trail stores it: text, language-free, floats refused."""
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case datetime():
            return utc_text(value)
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="minutes")
        case str() | int():
            return unicodedata.normalize("NFC", str(value))
    raise TypeError(f"an audit value cannot be a {type(value).__name__}")


def utc_text(at: datetime) -> str:
    """An instant as UTC with microseconds; naive instants are refused."""
    if at.tzinfo is None:
        raise ValueError("an audit instant needs a time zone")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def canonical(event: AuditEvent) -> bytes:
    """Canonical JSON of version 1: UTF-8, sorted keys, UTC microseconds, NFC text, no floats."""
    document = {
        "v": CANON_VERSION,
        "seq": event.seq,
        "at": utc_text(event.at),
        "shifted": event.shifted,
        "actor": [event.actor_kind, event.actor_id, event.actor_role],
        "origin": event.origin,
        "action": event.action,
        "entity": [event.entity, event.entity_id, event.field],
        "participant": event.participant,
        "old": event.old,
        "new": event.new,
        "reason": event.reason,
        "request": event.request_id,
        "app": event.app_version,
    }
    return unicodedata.normalize("NFC", WRITE(document)).encode()


def chain_hash(previous: str, event: AuditEvent) -> str:
    """SHA-256 over the previous hash and the event's canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical(event)).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """The first thing wrong with a chain: its kind (broken, gap) and the sequence number where it shows."""

    kind: str
    seq: int


def verify_chain(rows: Iterable[tuple[AuditEvent, str, str]]) -> ChainFinding | None:
    """Walk (event, prev_hash, hash) in order of seq; answer the first finding, or None for an intact chain."""
    return next(_findings(rows), None)


def _findings(rows: Iterable[tuple[AuditEvent, str, str]]) -> Iterator[ChainFinding]:
    expected_seq, previous = 1, GENESIS
    for event, prev_hash, stored_hash in rows:
        if event.seq != expected_seq:
            yield ChainFinding("gap", expected_seq)
        if prev_hash != previous or chain_hash(previous, event) != stored_hash:
            yield ChainFinding("broken", event.seq)
        expected_seq, previous = event.seq + 1, stored_hash
