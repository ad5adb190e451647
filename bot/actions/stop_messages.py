"""Stop every unasked message because the participant said so; it is not a withdrawal."""

from bot.actions.plan_messages import plan_participant
from bot.actions.study import Study
from bot.actions.tasks import open_task
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update


def stop_messages(audit: Trail, participant: ParticipantRow, *, study: Study) -> None:
    """End unasked messages at once and tell the site; saying it twice changes nothing."""
    if participant.stopped_at is not None:
        return
    update(audit, participant, "stop_messages", stopped_at=audit.now)
    open_task(audit, participant, "stopped")
    plan_participant(audit.session, participant, study=study, now=audit.now)
