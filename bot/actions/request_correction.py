"""Ask the site to correct a closed day; the site decides, both values will stay readable."""

from datetime import date

from sqlmodel import select

from bot.actions.tasks import open_task
from bot.storage.tables import CorrectionRow, ParticipantRow
from bot.storage.trail import Trail, insert


def request_correction(audit: Trail, participant: ParticipantRow, day: date) -> bool:
    """Open a request for this day; answers False when one is open already."""
    query = select(CorrectionRow).where(
        CorrectionRow.participant_id == participant.id, CorrectionRow.diary_day == day, CorrectionRow.state == "open"
    )
    if audit.session.exec(query).first() is not None:
        return False
    row = CorrectionRow(
        participant_id=participant.id or 0, diary_day=day, requested_at=audit.now, reference=audit.request_id
    )
    insert(audit, row, "request_correction", fields=("diary_day",))
    open_task(audit, participant, "correction")
    return True
