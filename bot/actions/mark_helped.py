"""Mark that someone helped the participant enter a day; it is scored as usual."""

from bot.errors import RefusedError
from bot.storage.diary import add_helped
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.cards import is_open
from bot.storage.views.days import DayRecord


def mark_helped(audit: Trail, participant: ParticipantRow, record: DayRecord) -> None:
    """Set the mark while the day is open and submitted; saying it twice changes nothing."""
    if record.entry is None or not is_open(record, audit.now):
        raise RefusedError(f"The diary day {record.on} cannot be marked as helped: it is not saved or no longer open.")
    add_helped(audit, participant.id or 0, record.on, audit.now)
