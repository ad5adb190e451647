"""What the audit trail must hold for every insert-only row: the same values, written at the same time by the same hand.

Each row makes claims on the trail, one for each event that was written with it. An event that no row claims tells of
a row that was changed or taken away; a claim that no event meets belongs to a row that nobody recorded.
"""

import secrets
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any, Final

from sqlmodel import Session, col, select

from bot.audit import AuditEvent, as_text
from bot.scoring.record import is_intact
from bot.storage.diary import ENTRY_FIELDS
from bot.storage.signatures import is_genuine
from bot.storage.stored_drafts import record_of
from bot.storage.tables import (
    AnswerRow,
    AssessmentRow,
    EntryRow,
    ParticipantRow,
    ReviewMarkRow,
    SignatureRow,
    SignatureVoidRow,
    StoredDraftRow,
    UnlockRequestRow,
    ZoneRow,
)

Claim = tuple[Any, ...]
Claims = Generator[Claim, None, None]
ALTERED: Final = "altered"  # stands for a text that no longer has the hash it was stored with
BATCH: Final = 500
SEAL: Final = 32  # bytes

# Which parts of an event a row bears as well, by the action that wrote both.
WITNESSED: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("answer", "answer"): ("request_id",),
    ("entry", "submit"): ("request_id", "reason"),
    ("entry", "revise"): ("request_id", "reason"),
    ("assessment", "assess"): ("actor_id",),
    ("assessment", "revise_assessment"): ("actor_id",),
    ("participant_zone", "enrol"): (),
    ("participant_zone", "change_zone"): ("reason",),
    ("stored_draft", "store_draft"): ("actor_id",),
    ("signature", "sign_draft"): ("actor_id", "actor_role", "seq"),
    ("signature", "signature_voided"): ("actor_id", "actor_role", "reason"),
    ("unlock_request", "request_unlock"): ("actor_id", "actor_role", "reason"),
    ("review_mark", "mark_reviewed"): ("actor_id", "actor_role"),
}


def claim_of(event: AuditEvent) -> Claim | None:
    """What a row must say so that the event is true of it; None for events about rows that may change."""
    more = WITNESSED.get((event.entity, event.action))
    if more is None:
        return None
    return _claim(
        event.entity, event.action, event.entity_id, event.field, event.old, event.new, event.at,
        *(getattr(event, name) for name in more),
    )  # fmt: skip


def _claim(*parts: object) -> Claim:
    return parts


def seal(claim: Claim, *, key: bytes = b"") -> bytes:
    """What stands for a claim while many are kept: as short for a long text as for a number."""
    parts = tuple(part.astimezone(UTC) if isinstance(part, datetime) else part for part in claim)
    return blake2b(repr(parts).encode(), digest_size=SEAL, key=key).digest()


class Tally:
    """Whether claims and events are the same, each as often, in whatever order; nothing of them is kept.

    The seals of the ones are added up and those of the others taken away. Their key is made anew each time, so that
    nobody can plan rows whose sum comes out even.
    """

    def __init__(self) -> None:
        self._key, self._left = secrets.token_bytes(SEAL), 0

    def add(self, claim: Claim) -> None:
        """Count what a row claims."""
        self._left += int.from_bytes(seal(claim, key=self._key))

    def take(self, claim: Claim) -> None:
        """Count what an event tells."""
        self._left -= int.from_bytes(seal(claim, key=self._key))

    @property
    def even(self) -> bool:
        """Whether nothing is left on either side."""
        return self._left == 0


def claims(session: Session) -> Claims:
    """Every claim of every insert-only row."""
    for source in (_answers, _entries, _assessments, _zones, _drafts, _signatures, _voids, _unlocks, _marks):
        try:
            with closing(source(session)) as rows:
                yield from rows
        except (ValueError, TypeError):
            yield _claim(source.__name__.strip("_"), "read", "a row that cannot be read", None)


def _of_participants(session: Session, table: Any, *order: Any) -> Iterator[tuple[str, Any]]:
    """The rows of a table with the code of their participant, in this order."""
    statement = select(ParticipantRow.code, table).join(ParticipantRow, ParticipantRow.id == table.participant_id)
    with closing(session.exec(statement.order_by(*map(col, order)).execution_options(yield_per=BATCH))) as found:
        yield from found


def _answers(session: Session) -> Claims:
    table = AnswerRow
    order = (table.participant_id, table.diary_day, table.item, table.ordinal)
    found = _of_participants(session, table, *order)
    for (_person, day, item), rows in groupby(
        found, lambda one: (one[1].participant_id, one[1].diary_day, one[1].item)
    ):
        old: str | None = None
        for code, row in rows:
            new = as_text(row.value)
            yield _claim("answer", "answer", f"{code}/{day}", item, old, new, row.answered_at, row.reference)
            old = new


def _entries(session: Session) -> Claims:
    found = _of_participants(session, EntryRow, EntryRow.participant_id, EntryRow.diary_day, EntryRow.revision)
    for (_person, day), rows in groupby(found, lambda one: (one[1].participant_id, one[1].diary_day)):
        previous: EntryRow | None = None
        for code, row in rows:
            action = "submit" if previous is None else "revise"
            for name in ENTRY_FIELDS:
                old, new = (getattr(previous, name) if previous else None), getattr(row, name)
                if old != new:
                    yield _claim(
                        "entry", action, f"{code}/{day}/{row.revision}", name, as_text(old), as_text(new),
                        row.submitted_at, row.reference, as_text(row.reason),
                    )  # fmt: skip
            previous = row


def _assessments(session: Session) -> Claims:
    table = AssessmentRow
    found = _of_participants(session, table, table.participant_id, table.visit, table.component, table.revision)
    for (_person, visit, part), rows in groupby(
        found, lambda one: (one[1].participant_id, one[1].visit, one[1].component)
    ):
        previous: AssessmentRow | None = None
        for code, row in rows:
            action = "assess" if previous is None else "revise_assessment"
            for name in ("value", "measured_on"):
                old, new = (getattr(previous, name) if previous else None), getattr(row, name)
                if old != new:
                    yield _claim(
                        "assessment", action, f"{code}/{visit}/{part}/{row.revision}", name, as_text(old),
                        as_text(new), row.entered_at, row.entered_by,
                    )  # fmt: skip
            previous = row


def _zones(session: Session) -> Claims:
    statement = select(ZoneRow).order_by(col(ZoneRow.participant_id), col(ZoneRow.id))
    before: int | None = None
    with closing(session.exec(statement.execution_options(yield_per=BATCH))) as rows:
        for row in rows:
            changed, before = row.participant_id == before, row.participant_id
            action, more = ("change_zone", (as_text(row.reason),)) if changed else ("enrol", ())
            for name in ("from_on", "tzid"):
                new = as_text(getattr(row, name))
                yield _claim("participant_zone", action, str(row.id), name, None, new, row.set_at, *more)


def _drafts(session: Session) -> Claims:
    with closing(session.exec(select(StoredDraftRow).execution_options(yield_per=BATCH))) as rows:
        for row in rows:
            shown = {"visit": row.visit, "occasion": row.occasion, "hash": row.hash if _intact(row) else ALTERED}
            for name, new in shown.items():
                yield _claim("stored_draft", "store_draft", str(row.id), name, None, as_text(new), row.at, row.actor)


def _intact(row: StoredDraftRow) -> bool:
    try:
        return is_intact(record_of(row))
    except ValueError:
        return False


def _signatures(session: Session) -> Claims:
    drafts: Any = select(SignatureRow, StoredDraftRow).join(
        StoredDraftRow, col(StoredDraftRow.id) == SignatureRow.stored_draft_id, isouter=True
    )
    codes = dict(session.exec(select(ParticipantRow.id, ParticipantRow.code)).all())
    for row, stored in session.exec(drafts):
        new = row.hash if stored is not None and _genuine(row, stored) else ALTERED
        yield _claim(
            "signature", "sign_draft", f"{codes.get(row.participant_id)}/{row.visit}", row.meaning, None, new, row.at,
            row.username, row.role, row.audit_seq,
        )  # fmt: skip


def _genuine(row: SignatureRow, stored: StoredDraftRow) -> bool:
    try:
        return is_genuine(row, stored)
    except (ValueError, KeyError, TypeError):  # the bundle is no longer what a signature is bound to
        return False


def _voids(session: Session) -> Claims:
    pairs: Any = select(SignatureVoidRow, SignatureRow).join(
        SignatureRow, col(SignatureRow.id) == SignatureVoidRow.signature_id, isouter=True
    )
    for row, signature in session.exec(pairs):
        visit, old = (signature.visit, signature.hash) if signature is not None else (None, None)
        yield _claim(
            "signature", "signature_voided", str(row.signature_id), visit, old, row.cause, row.at, row.by, row.role,
            as_text(row.reason),
        )  # fmt: skip


def _unlocks(session: Session) -> Claims:
    for row in session.exec(select(UnlockRequestRow)):
        yield _claim(
            "unlock_request", "request_unlock", str(row.id), "signature_id", None, as_text(row.signature_id), row.at,
            row.by, row.role, as_text(row.reason),
        )  # fmt: skip


def _marks(session: Session) -> Claims:
    for code, row in _of_participants(session, ReviewMarkRow, ReviewMarkRow.id):
        yield _claim(
            "review_mark", "mark_reviewed", f"{code}/{row.diary_day}/{row.revision}", row.kind, None, row.kind,
            row.marked_at, row.marked_by, row.marked_role,
        )  # fmt: skip
