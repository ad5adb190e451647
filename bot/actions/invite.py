"""Make a new single-use invitation; the ones before it stop working."""

from bot.actions.site_acts import check_may, check_not_withdrawn
from bot.actions.study import Study
from bot.people.keys import token_hash
from bot.people.roles import Permission
from bot.storage.participants import open_invitations
from bot.storage.tables import InvitationRow, ParticipantRow
from bot.storage.trail import Trail, insert, update


def invite(audit: Trail, participant: ParticipantRow, *, study: Study) -> str:
    """Return the token of a new invitation; it is shown once, only its hash is kept."""
    check_may(audit.actor, Permission.ENROL, "invite participants")
    check_not_withdrawn(participant, "an invitation would lead nowhere")
    revoke_invitations(audit, participant)
    token = study.keys.invitation_token()
    row = InvitationRow(
        participant_id=participant.id or 0,
        token_hash=token_hash(token),
        created_at=audit.now,
        expires_at=audit.now + study.protocol.invitations.valid,
    )
    insert(audit, row, "invite", fields=("expires_at",))
    return token


def revoke_invitations(audit: Trail, participant: ParticipantRow) -> None:
    """Make every invitation that was not used yet worthless."""
    for row in open_invitations(audit.session, participant.id or 0):
        update(audit, row, "revoke_invitation", revoked_at=audit.now)
