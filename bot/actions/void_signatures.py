"""Make a signature void, in the same transaction, when what it was given for has changed."""

from bot.actions.study import Study
from bot.errors import DiaryError
from bot.storage.signatures import is_current, standing_signatures
from bot.storage.tables import ParticipantRow, SignatureRow, SignatureVoidRow, StoredDraftRow
from bot.storage.trail import Trail
from bot.storage.views.draft import Drafts
from bot.storage.views.records import read_record


def void_if_changed(
    audit: Trail, participant: ParticipantRow, cause: str, *, study: Study, reason: str | None = None
) -> tuple[str, ...]:
    """Compare every standing signature of a participant with what is stored now; answers the visits it voided.

    Call it after the change, within its transaction. `cause` is entry, clinic, visit, preparation or protocol.
    All visits are compared, because week 0 stands behind the response of every later one.
    """
    standing = standing_signatures(audit.session, participant.id or 0)
    if not standing:
        return ()
    audit.session.flush()
    person, records = read_record(audit.session, participant)
    drafts = Drafts(person, records, study.protocol, audit.now)
    changed = [row for row in standing if not _is_current(audit, row, drafts)]
    for row in changed:
        void_signature(audit, row, cause, reason=reason)
    return tuple(row.visit for row in changed)


def void_signature(audit: Trail, row: SignatureRow, cause: str, *, reason: str | None) -> SignatureVoidRow:
    """Record that a signature no longer stands: who, when and why; the signature itself is kept."""
    void = SignatureVoidRow(
        signature_id=row.id or 0,
        at=audit.now,
        by=audit.actor.id,
        role=audit.actor.role,
        cause=cause,
        reason=reason,
    )
    audit.session.add(void)
    audit.session.flush()
    audit.record(
        "signature_voided", "signature", str(row.id), field_name=row.visit, old=row.hash, new=cause, reason=reason
    )
    return void


def _is_current(audit: Trail, row: SignatureRow, drafts: Drafts) -> bool:
    stored = audit.session.get(StoredDraftRow, row.stored_draft_id)
    try:
        return stored is not None and is_current(row, stored, drafts.draft(row.visit))
    except DiaryError:  # the visit no longer has a draft
        return False
