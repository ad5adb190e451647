"""What a signature means, how the person was confirmed, and why a signature became void, in both languages."""

from types import MappingProxyType
from typing import Final

from bot.documents.words import document_text

MEANINGS: Final = MappingProxyType(
    {
        "reviewed": document_text(
            "signature.reviewed", "I have reviewed this CDAI, and it agrees with the source records."
        ),
    }
)
METHODS: Final = MappingProxyType(
    {
        "password_and_code": document_text("signature.password_and_code", "password + six-digit code"),
        "password": document_text("signature.password", "password, within a session confirmed by both factors"),
    }
)
CAUSES: Final = MappingProxyType(
    {
        "entry": document_text("void.entry", "a diary entry changed"),
        "clinic": document_text("void.clinic", "a clinic value changed"),
        "visit": document_text("void.visit", "the date or check-in of a visit changed"),
        "preparation": document_text("void.preparation", "preparation days changed"),
        "protocol": document_text("void.protocol", "another protocol version came into force"),
        "unlock": document_text("void.unlock", "unlocked by a second person"),
    }
)
BECAUSE: Final = document_text("void.because", "%(cause)s: %(reason)s")
