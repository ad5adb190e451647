"""Join on the diary page: whoever holds the personal link agrees to the notice, without any chat."""

from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update


def join_on_page(audit: Trail, participant: ParticipantRow, *, notice_version: str) -> None:
    """Keep the agreement and the version that was read; a second one, or one after a withdrawal, changes nothing."""
    if participant.withdrawn_at is not None or participant.joined_at is not None:
        return
    update(audit, participant, "join", notice_version=notice_version, joined_at=audit.now)
    audit.record("agree_notice", "participant", str(participant.id), field_name="notice_version", new=notice_version)
