"""Mark a diary day as reviewed, or as verified against its source; a later revision of the day asks for a new mark."""

from datetime import date
from typing import Final

from sqlmodel import Session, col, select

from bot.actions.permission import check_permission
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.tables import EntryRow, ParticipantRow, ReviewMarkRow
from bot.storage.trail import Trail

REVIEWED: Final = "reviewed"
VERIFIED: Final = "verified"
PERMISSIONS: Final = {REVIEWED: Permission.MARK_REVIEWED, VERIFIED: Permission.VERIFY_SOURCE}


def mark_reviewed(audit: Trail, participant: ParticipantRow, day: date, *, kind: str = REVIEWED) -> bool:
    """Mark the revision of the day that counts; False when it bears this mark already.

    `kind` is reviewed (site team) or verified (monitor, against the source). Raises NotAllowedError for another role,
    RefusedError for a day without an entry.
    """
    check_permission(audit.actor, PERMISSIONS[kind])
    entry = _entry(audit.session, participant, day)
    if entry is None:
        raise RefusedError(
            "The diary day %(day)s of %(who)s has no entry: there is nothing to review.", day=day, who=participant.code
        )
    if _marked(audit.session, entry, kind):
        return False
    row = ReviewMarkRow(
        participant_id=participant.id or 0,
        diary_day=day,
        revision=entry.revision,
        kind=kind,
        marked_at=audit.now,
        marked_by=audit.actor.id,
        marked_role=audit.actor.role,
    )
    audit.participant = participant.code
    audit.session.add(row)
    audit.session.flush()
    where = f"{participant.code}/{day}/{entry.revision}"
    audit.record("mark_reviewed", "review_mark", where, field_name=kind, new=kind)
    return True


def _entry(session: Session, participant: ParticipantRow, day: date) -> EntryRow | None:
    return session.exec(
        select(EntryRow)
        .where(EntryRow.participant_id == participant.id, EntryRow.diary_day == day)
        .order_by(col(EntryRow.revision).desc())
        .limit(1)
    ).first()


def _marked(session: Session, entry: EntryRow, kind: str) -> bool:
    found = select(ReviewMarkRow.id).where(
        ReviewMarkRow.participant_id == entry.participant_id,
        ReviewMarkRow.diary_day == entry.diary_day,
        ReviewMarkRow.revision == entry.revision,
        ReviewMarkRow.kind == kind,
    )
    return session.exec(found.limit(1)).first() is not None
