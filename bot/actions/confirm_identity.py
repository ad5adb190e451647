"""Confirm who acts before a signature, an unlocking or an export: the step-up within a session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.actions.sign_in import Gate, Verdict, actor_of, check_factors, wait_for_code
from bot.storage.access_log import record_access
from bot.storage.staff import account_by_id
from bot.storage.tables import StaffSessionRow

BOTH_AFTER_IDLE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Factors:
    """Which factors a page must ask: always the password, the code too the first time and after five idle minutes.

    `wait_seconds` says when the app shows a code that is not used yet; 0 when the present one is fresh.
    """

    code: bool
    wait_seconds: int = 0

    @property
    def method(self) -> str:
        """How the person was confirmed, as a signature records it."""
        return "password_and_code" if self.code else "password"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How a confirmation ended; `factors` are what was asked, or what to ask next when it did not pass."""

    verdict: Verdict
    factors: Factors
    at: datetime


def factors_needed(gate: Gate, row: StaffSessionRow, *, at: datetime) -> Factors:
    """What to ask of this session at security time `at`."""
    with gate.database.read() as session:
        wait = wait_for_code(account_by_id(session, row.staff_id), at)
    return Factors(_both(row, at), wait)


def confirm_identity(
    gate: Gate, row: StaffSessionRow, *, password: str, code: str, act: str, ip: str, at: datetime
) -> Confirmation:
    """Check the factors that this session owes; on success the session remembers it."""
    both = _both(row, at)
    with gate.database.read() as session:
        stored = account_by_id(session, row.staff_id).credential.password_hash
    right = gate.passwords.verify(stored, password)
    with gate.database.write() as session:
        account = account_by_id(session, row.staff_id)
        verdict, wait = check_factors(
            session, account, password_right=right and account.credential.password_hash == stored,
            code=code if both else None, sealer=gate.sealer, ip=ip, at=at,
        )  # fmt: skip
        if verdict is Verdict.PASSED:
            kept = session.get(StaffSessionRow, row.id)
            if kept is not None:
                kept.step_up_at = at
                session.add(kept)
        record_access(session, actor_of(account), f"confirm_{act}", at=at, detail=verdict.value)
        return Confirmation(verdict, Factors(both, wait or wait_for_code(account, at)), at)


def _both(row: StaffSessionRow, at: datetime) -> bool:
    return row.step_up_at is None or at - row.seen_at > BOTH_AFTER_IDLE
