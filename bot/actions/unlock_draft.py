"""Unlock a signed CDAI: a clinician asks with a reason, a second person confirms, and the signature is void."""

from bot.actions.permission import check_permission
from bot.actions.site_acts import check_reason
from bot.actions.void_signatures import void_signature
from bot.errors import NotAllowedError, RefusedError
from bot.people.roles import Permission
from bot.storage.signatures import latest_signature, open_unlock
from bot.storage.tables import ParticipantRow, SignatureRow, SignatureVoidRow, UnlockRequestRow
from bot.storage.trail import Trail, insert


def request_unlock(audit: Trail, participant: ParticipantRow, visit: str, *, reason: str | None) -> UnlockRequestRow:
    """Ask to unlock the signed CDAI of a visit; nothing changes until a second person confirms."""
    check_permission(audit.actor, Permission.UNLOCK)
    words = check_reason(reason, "unlock a signed CDAI")
    signature = _standing(audit, participant, visit)
    if open_unlock(audit.session, signature.id or 0) is not None:
        raise RefusedError(
            "Unlocking %(visit)s of %(who)s has been asked for already: it awaits a second person.",
            visit=visit,
            who=participant.code,
        )
    row = UnlockRequestRow(
        signature_id=signature.id or 0, at=audit.now, by=audit.actor.id, role=audit.actor.role, reason=words
    )
    insert(audit, row, "request_unlock", fields=("signature_id",), reason=words)
    return row


def confirm_unlock(audit: Trail, participant: ParticipantRow, visit: str) -> SignatureVoidRow:
    """Confirm as the second person, never the one who asked: the signature is void from now on."""
    check_permission(audit.actor, Permission.CONFIRM_UNLOCK)
    signature = _standing(audit, participant, visit)
    request = open_unlock(audit.session, signature.id or 0)
    if request is None:
        raise RefusedError("Nobody has asked to unlock %(visit)s of %(who)s.", visit=visit, who=participant.code)
    if request.by == audit.actor.id:
        raise NotAllowedError("Unlocking needs a second person: ask a data manager or another clinician to confirm.")
    audit.record(
        "confirm_unlock", "unlock_request", str(request.id), field_name="by", old=request.by, new=audit.actor.id
    )
    return void_signature(audit, signature, "unlock", reason=request.reason)


def _standing(audit: Trail, participant: ParticipantRow, visit: str) -> SignatureRow:
    latest = latest_signature(audit.session, participant.id or 0, visit)
    if latest is None or not latest.stands:
        raise RefusedError(
            "%(visit)s of %(who)s is not signed: there is nothing to unlock.", visit=visit, who=participant.code
        )
    return latest.row
