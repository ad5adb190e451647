"""Pass a participant's own words to the site team; they are a message, never an answer."""

from bot.actions.tasks import open_task
from bot.storage.tables import ParticipantRow, SiteMessageRow
from bot.storage.trail import Trail

LONGEST = 4096


def pass_to_site(audit: Trail, participant: ParticipantRow, text: str) -> None:
    """Keep the words for the site; the audit event says that something came, not what."""
    row = SiteMessageRow(
        participant_id=participant.id or 0,
        received_at=audit.now,
        text=text.replace("\x00", "")[:LONGEST],
        reference=audit.request_id,
    )
    audit.session.add(row)
    audit.session.flush()
    audit.record("message_to_site", "site_message", str(row.id))
    open_task(audit, participant, "message")
