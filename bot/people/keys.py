"""Random keys: cards, panels and invitations; the source can be seeded for rehearsals, never in service."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

CARD_KEY_BYTES = 12  # 16 characters of base64url, 96 bits
TOKEN_BYTES = 16  # 22 characters, 128 bits


@dataclass(frozen=True, slots=True)
class Keys:
    """Makes unguessable keys from a source of random bytes (the operating system's unless told otherwise)."""

    source: Callable[[int], bytes] = secrets.token_bytes

    def card_key(self) -> str:
        """Sixteen characters that stand for a card or panel in button data; worthless to anyone but its owner."""
        return _text(self.source(CARD_KEY_BYTES))

    def invitation_token(self) -> str:
        """Twenty-two characters for an invitation link."""
        return _text(self.source(TOKEN_BYTES))


def token_hash(token: str) -> str:
    """What is stored of a token: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
