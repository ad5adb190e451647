"""Change the language a participant is spoken to in; answers are language-free and stay."""

from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update


def set_language(audit: Trail, participant: ParticipantRow, language: str) -> None:
    """Speak this language from now on."""
    update(audit, participant, "set_language", language=language)
