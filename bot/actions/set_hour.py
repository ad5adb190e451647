"""Change the hour at which the daily prompt comes."""

from datetime import time

from bot.actions.plan_messages import plan_participant
from bot.actions.study import Study
from bot.errors import InvalidInputError
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update


def set_hour(audit: Trail, participant: ParticipantRow, hour: time, *, study: Study) -> None:
    """Prompt at this local time from now on; only hours the protocol offers are taken."""
    if hour not in study.protocol.reminders.hours:
        raise InvalidInputError(f"{hour:%H:%M} is not an hour this study offers for its daily question.")
    if update(audit, participant, "set_hour", hour=f"{hour:%H:%M}"):
        plan_participant(audit.session, participant, study=study, now=audit.now)
