"""Signatures as stored: those of a visit with what made them void, and the text that a signature is bound to."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, exists, func
from sqlmodel import Session, col, select

from bot.scoring.record import canonical, inputs_of
from bot.storage.prepared import Prepared
from bot.storage.tables import AuditRow, SignatureRow, SignatureVoidRow, StoredDraftRow, UnlockRequestRow
from bot.storage.tracked import every_column
from bot.storage.views.draft import DraftSources

CANON_VERSION = 1
STANDING = Prepared[SignatureRow](  # every submission asks whether there are any
    every_column(SignatureRow)
    .where(
        col(SignatureRow.participant_id) == bindparam("participant"),
        ~exists().where(col(SignatureVoidRow.signature_id) == col(SignatureRow.id)),
    )
    .order_by(col(SignatureRow.id))
)


@dataclass(frozen=True, slots=True)
class SignedOnce:
    """One signature, and what made it void if anything did."""

    row: SignatureRow
    void: SignatureVoidRow | None

    @property
    def stands(self) -> bool:
        return self.void is None


def signatures_of(session: Session, participant_id: int, visit: str | None = None) -> list[SignedOnce]:
    """Every signature of a participant, or of one visit, oldest first."""
    return _found(session, SignatureRow.participant_id == participant_id, visit)


def signatures_of_all(session: Session, participants: Collection[int]) -> list[SignedOnce]:
    """Every signature of these participants, oldest first, in one query."""
    return _found(session, col(SignatureRow.participant_id).in_(participants), None)


def _found(session: Session, where: object, visit: str | None) -> list[SignedOnce]:
    statement = (
        select(SignatureRow, SignatureVoidRow)
        .join(SignatureVoidRow, col(SignatureVoidRow.signature_id) == SignatureRow.id, isouter=True)
        .where(where)  # type: ignore[arg-type]  # SQLModel types columns as values
        .order_by(col(SignatureRow.id))
    )
    if visit is not None:
        statement = statement.where(SignatureRow.visit == visit)
    return [SignedOnce(row, void) for row, void in session.exec(statement).all()]


def standing_signatures(session: Session, participant_id: int) -> list[SignatureRow]:
    """The signatures of a participant that nothing has made void, oldest first, as plain rows."""
    return STANDING.all(session, participant=participant_id)


def latest_signature(session: Session, participant_id: int, visit: str) -> SignedOnce | None:
    """The signature of a visit that was given last, void or not."""
    found = signatures_of(session, participant_id, visit)
    return found[-1] if found else None


def last_signed(session: Session, participant_id: int) -> Mapping[str, tuple[SignedOnce, Mapping[str, object]]]:
    """The latest signature of each visit that has one, with the result as it was stored when it was signed."""
    last = {one.row.visit: one for one in signatures_of(session, participant_id)}
    documents = signed_documents(session, {one.row.stored_draft_id for one in last.values()})
    return {visit: (one, documents[one.row.stored_draft_id]) for visit, one in last.items()}


def open_unlock(session: Session, signature_id: int) -> UnlockRequestRow | None:
    """The newest request to unlock a signature."""
    return session.exec(
        select(UnlockRequestRow)
        .where(UnlockRequestRow.signature_id == signature_id)
        .order_by(col(UnlockRequestRow.id).desc())
        .limit(1)
    ).first()


def signed_documents(session: Session, stored: Collection[int]) -> Mapping[int, Mapping[str, object]]:
    """The result of each stored draft by its id, as the JSON document it was stored with."""
    rows: Sequence[tuple[int | None, str]] = session.exec(
        select(StoredDraftRow.id, StoredDraftRow.result).where(col(StoredDraftRow.id).in_(stored))
    ).all()
    return {key or 0: json.loads(text) for key, text in rows}


def head_of_trail(session: Session) -> int:
    """The sequence number of the latest audit event."""
    return int(session.exec(select(func.max(AuditRow.seq))).one() or 0)


def bundle_of(sources: DraftSources, record_hash: str) -> str:
    """The canonical text a signature is bound to, in the spelling of CANON_VERSION.

    It holds the hash of the stored draft (values, rules, protocol, result) and which revision, wording and
    language stand behind every scored day and clinic value.
    """
    return canonical({"canon": CANON_VERSION, "draft": record_hash, **revisions_of(sources)})


def revisions_of(sources: DraftSources) -> dict[str, object]:
    """Which stored revisions a draft rests on: entries of its scored days, and clinic components."""
    records = (sources.diary.records.get(day.on) for day in sources.draft.diary.scored)
    entries = {
        record.on.isoformat(): [record.entry.revision, record.entry.wording_version, record.entry.language]
        for record in records
        if record is not None and record.entry is not None
    }
    clinic = {key: [row.visit, row.revision] for key, row in sources.clinic.items()}
    return {"entries": entries, "clinic": clinic}


def hash_of(bundle: str) -> str:
    """The SHA-256 of a bundle's text."""
    return "sha256:" + hashlib.sha256(bundle.encode()).hexdigest()


def is_current(row: SignatureRow, stored: StoredDraftRow, sources: DraftSources) -> bool:
    """Say whether what was signed is what is stored now.

    Compared is what the draft was read from, not how a version of the product words or works out its result: an
    upgrade never makes a signature void. A later spelling of the bundle keeps reading this one.
    """
    signed = json.loads(row.bundle)
    now = {"inputs": inputs_of(sources.draft), **revisions_of(sources)}
    then = {"inputs": json.loads(stored.inputs), "entries": signed["entries"], "clinic": signed["clinic"]}
    return canonical(now) == canonical(then)


def is_genuine(row: SignatureRow, stored: StoredDraftRow) -> bool:
    """Say whether a signature belongs to this stored draft and neither has been altered since."""
    signed = json.loads(row.bundle)
    same_record = stored.id == row.stored_draft_id and signed["draft"] == stored.hash
    same_visit = (stored.participant_id, stored.visit) == (row.participant_id, row.visit)
    return hash_of(row.bundle) == row.hash and same_record and same_visit
