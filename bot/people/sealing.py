"""Secrets at rest: sealed with keys derived from the instance's secret key, each purpose with its own."""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import RefusedError


class Sealer:
    """Seals and opens small texts; a seal of one purpose cannot be opened for another."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()

    def seal(self, purpose: str, text: str) -> str:
        """The text, encrypted and authenticated."""
        return self._fernet(purpose).encrypt(zlib.compress(text.encode())).decode()

    def open(self, purpose: str, sealed: str) -> str:
        """The text again; RefusedError when the secret key is no longer the one that sealed it."""
        try:
            return zlib.decompress(self._fernet(purpose).decrypt(sealed.encode())).decode()
        except InvalidToken:
            raise RefusedError(
                "A stored secret cannot be opened: set CDAI_SECRET_KEY to the key it was made with."
            ) from None

    def seal_pairs(self, purpose: str, pairs: Sequence[tuple[str, str]]) -> str:
        """Names and values of a form, sealed."""
        return self.seal(purpose, json.dumps(list(pairs), ensure_ascii=False))

    def open_pairs(self, purpose: str, sealed: str) -> tuple[tuple[str, str], ...]:
        """Names and values again, in their order."""
        return tuple((str(name), str(value)) for name, value in json.loads(self.open(purpose, sealed)))

    def stamp(self, purpose: str, text: str) -> str:
        """A text that only this instance can make for `text`: HMAC-SHA-256 in hexadecimal digits."""
        return hmac.new(self._derive(purpose), text.encode(), hashlib.sha256).hexdigest()

    def _fernet(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derive(purpose)))

    def _derive(self, purpose: str) -> bytes:
        return hmac.new(self._key, f"cdai-diary/{purpose}".encode(), hashlib.sha256).digest()
