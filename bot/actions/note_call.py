"""Note a telephone call to a participant and how it ended; the number itself is known to the site alone."""

from datetime import date, timedelta
from typing import Final

from bot.actions.site_acts import check_may
from bot.errors import InvalidInputError
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow, PhoneCallRow
from bot.storage.tables.contact import CALL_OUTCOMES
from bot.storage.trail import Trail, insert
from schedules.errors import Terms

AGAIN_AFTER: Final = timedelta(minutes=30)


def note_call(audit: Trail, participant: ParticipantRow, outcome: str, *, diary_day: date | None) -> PhoneCallRow:
    """Keep the call; one that was not answered is to be tried again after half an hour."""
    check_may(audit.actor, Permission.RUN_DIARY, "record calls")
    if outcome not in CALL_OUTCOMES:
        raise InvalidInputError("A call ends as one of %(known)s.", known=Terms(CALL_OUTCOMES), code="outcome_invalid")
    row = PhoneCallRow(
        participant_id=participant.id or 0,
        diary_day=diary_day,
        called_at=audit.now,
        called_by=audit.actor.id,
        outcome=outcome,
    )
    insert(audit, row, "phone_call", fields=("outcome", "diary_day"))
    return row
