"""Acknowledge a participant's message: somebody of the team has read it and takes care."""

from sqlmodel import Session, col, select

from bot.actions.site_acts import check_may
from bot.actions.tasks import close_tasks
from bot.errors import NotFoundError
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow, SiteMessageRow
from bot.storage.trail import Trail, update


def site_message_by_id(session: Session, message_id: int) -> SiteMessageRow:
    """The message of this number."""
    row = session.get(SiteMessageRow, message_id)
    if row is None:
        raise NotFoundError("There is no such message.")
    return row


def acknowledge_message(audit: Trail, message: SiteMessageRow, participant: ParticipantRow) -> bool:
    """Stop the message's clock; answers False when it was acknowledged before."""
    check_may(audit.actor, Permission.RUN_DIARY, "acknowledge messages")
    if message.acknowledged_at is not None:
        return False
    update(audit, message, "acknowledge_message", acknowledged_at=audit.now, acknowledged_by=audit.actor.id)
    audit.session.flush()
    left = select(SiteMessageRow.id).where(
        SiteMessageRow.participant_id == participant.id, col(SiteMessageRow.acknowledged_at).is_(None)
    )
    if audit.session.exec(left.limit(1)).first() is None:
        close_tasks(audit, participant, "message")
    return True
