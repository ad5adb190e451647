"""Resume messages after a stop, by the participant's /start or by the site."""

from bot.actions.plan_messages import plan_participant
from bot.actions.study import Study
from bot.actions.tasks import close_tasks
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update


def resume_messages(audit: Trail, participant: ParticipantRow, *, study: Study) -> None:
    """Let reminders be planned again; after a withdrawal nothing resumes."""
    if participant.stopped_at is None or participant.withdrawn_at is not None:
        return
    update(audit, participant, "resume_messages", stopped_at=None)
    close_tasks(audit, participant, "stopped")
    plan_participant(audit.session, participant, study=study, now=audit.now)
