"""Let go of a participant's chat: it gets no further study text until a new invitation binds one."""

from bot.actions.invite import revoke_invitations
from bot.actions.plan_messages import plan_participant
from bot.actions.site_acts import check_may, check_reason
from bot.actions.study import Study
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.participants import bound_chat
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update


def unlink(audit: Trail, participant: ParticipantRow, *, reason: str | None, study: Study) -> None:
    """Unbind the chat and end what is planned for it; the diary and its history stay."""
    check_may(audit.actor, Permission.ENROL, "unlink a chat")
    words = check_reason(reason, "unlink a chat")
    chat = bound_chat(audit.session, participant.id or 0)
    if chat is None:
        raise RefusedError(
            "%(who)s has no chat to unlink: `participant invite` makes a new invitation.", who=participant.code
        )
    update(audit, chat, "unlink", unbound_at=audit.now, reason=words)
    revoke_invitations(audit, participant)
    audit.session.flush()
    plan_participant(audit.session, participant, study=study, now=audit.now)
