"""Passwords: what is accepted, and Argon2id hashes of them."""

import base64
import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 8  # NIST SP 800-63B-4: 8 where a second factor is always asked, as here
LONGEST: Final = 128
COMMON_FILE: Final = Path(__file__).with_name("common_passwords.txt")


class PasswordFault(StrEnum):
    """Why a password is not accepted."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    HOLDS_NAME = "holds_name"


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """What one Argon2id hash costs: memory in KiB, passes, lanes."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 1


class Passwords:
    """Makes and verifies Argon2id hashes (RFC 9106) of one cost."""

    def __init__(self, cost: PasswordCost | None = None) -> None:
        cost = cost or PasswordCost()
        self._hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes, type=Type.ID)
        self._nobody = nobodys_hash(cost)

    def hash(self, password: str) -> str:
        """A salted hash in the usual text form."""
        return self._hasher.hash(normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; takes as long when there is no account."""
        try:
            self._hasher.verify(stored or self._nobody, normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made at another cost and should be made anew at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)


def nobodys_hash(cost: PasswordCost) -> str:
    """A hash of this cost that no password has: its digest is drawn by lot, which takes no time at the start."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"


def password_fault(password: str, *, name: str) -> PasswordFault | None:
    """The first reason to refuse a new password of the account `name`, or None.

    There is no rule on kinds of characters and no expiry.
    """
    plain = normal(password)
    if len(plain) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(plain) > LONGEST:
        return PasswordFault.TOO_LONG
    if plain.casefold() in common_passwords() or len(set(plain.casefold())) <= 2:
        return PasswordFault.COMMON
    squeezed = "".join(name.casefold().split())
    return PasswordFault.HOLDS_NAME if squeezed in "".join(plain.casefold().split()) else None


def normal(password: str) -> str:
    """One form for one password, however the keyboard composed it."""
    return unicodedata.normalize("NFKC", password)


@cache
def common_passwords() -> frozenset[str]:
    """Passwords that guessers try first, of those that are long enough at all."""
    return frozenset(COMMON_FILE.read_text(encoding="utf-8").split("\n"))
