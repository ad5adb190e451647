"""Keep a visit's draft as it stands when it is signed, printed or exported; what is kept is never overwritten."""

from bot.actions.permission import check_permission
from bot.actions.study import Study
from bot.people.roles import Permission
from bot.scoring.record import make_record
from bot.storage.stored_drafts import add_stored_draft, last_stored
from bot.storage.tables import ParticipantRow, StoredDraftRow
from bot.storage.trail import Trail
from bot.storage.views.draft import read_draft

PERMISSIONS = {
    "signed": Permission.SIGN,
    "printed": Permission.SEE_ANSWERS,
    "exported": Permission.EXPORT,
}


def store_draft(
    audit: Trail, participant: ParticipantRow, visit: str, occasion: str, *, study: Study
) -> StoredDraftRow:
    """Store the draft of a visit as of now; the same content again on the same occasion answers the row there is.

    `occasion` is signed, printed or exported. Raises NotAllowedError, ScheduleError when the study has no such
    visit, RefusedError when the visit does not take place.
    """
    check_permission(audit.actor, PERMISSIONS[occasion])
    study.protocol.visit(visit)
    found = read_draft(audit.session, participant, visit, study.protocol, audit.now)
    record = make_record(found.draft, found.protocol.fingerprint)
    last = last_stored(audit.session, participant.id or 0, visit, occasion=occasion)
    if last is not None and last.hash == record.hash:
        return last
    return add_stored_draft(audit, participant.id or 0, visit, occasion, record)
