"""One-time codes of an authenticator app (RFC 6238, six digits, 30 s), each accepted once; and recovery codes."""

import hmac
import re
import secrets
from datetime import datetime
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
RECOVERY_CODES: Final = 10
RECOVERY_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is easily misread
RECOVERY_LENGTH: Final = 12
CODE_SHAPE: Final = re.compile(r"[0-9]{6}")


def new_seed() -> str:
    """A fresh secret of 160 bits in base 32."""
    return pyotp.random_base32(32)


def provisioning_uri(seed: str, *, account: str, issuer: str) -> str:
    """What the QR code for the authenticator app holds."""
    return pyotp.TOTP(seed).provisioning_uri(name=account, issuer_name=issuer)


def step_at(at: datetime) -> int:
    """The number of the 30-second step that an instant lies in."""
    return int(at.timestamp()) // STEP_SECONDS


def code_at(seed: str, at: datetime) -> str:
    """The code that the app shows at an instant."""
    return pyotp.TOTP(seed).generate_otp(step_at(at))


def accepted_step(seed: str, code: str, at: datetime, *, last_step: int) -> int | None:
    """The step of a right code that was not used before, one step of drift allowed either way; else None."""
    given = re.sub(r"\s", "", code)
    if not CODE_SHAPE.fullmatch(given):
        return None
    now = step_at(at)
    totp = pyotp.TOTP(seed)
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if step > last_step and hmac.compare_digest(totp.generate_otp(step), given):
            return step
    return None


def seconds_until_next_code(at: datetime, *, last_step: int) -> int:
    """Seconds until the app shows a code that is not used yet; 0 when the one it shows now is fresh."""
    fresh_from = (last_step + 1) * STEP_SECONDS
    return max(0, fresh_from - int(at.timestamp()))


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes, each good for one sign-in without the app."""
    return tuple(_recovery_code() for _ in range(RECOVERY_CODES))


def _recovery_code() -> str:
    letters = "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4))


def plain_recovery_code(code: str) -> str | None:
    """The letters of a typed recovery code, to be compared by their stamp; None for a text that cannot be one."""
    given = re.sub(r"[\s-]", "", code.lower())
    return given if len(given) == RECOVERY_LENGTH else None
