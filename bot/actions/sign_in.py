"""Sign in with password and second factor: limits, lock-out, and the session that comes of it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlmodel import Session

from bot.actions.add_staff import SEED
from bot.actions.set_up_staff import RECOVERY
from bot.log import get_logger
from bot.people.actor import Actor, ActorKind
from bot.people.keys import token_hash
from bot.people.one_time_codes import accepted_step, plain_recovery_code, seconds_until_next_code
from bot.people.passwords import Passwords
from bot.people.sealing import Sealer
from bot.storage.access_log import record_access
from bot.storage.database import Database
from bot.storage.staff import (
    Account,
    account_by_id,
    account_by_name,
    end_sessions,
    failures_from,
    note_attempt,
    open_sessions,
    unused_recovery_codes,
)
from bot.storage.tables import StaffSessionRow

log = get_logger(__name__)

LOCK_AFTER: Final = 5  # failures in a row
LOCK_FOR: Final = timedelta(minutes=15)
IP_FAILURES: Final = 20
IP_WITHIN: Final = timedelta(minutes=15)
SESSIONS: Final = 3
SESSION_BYTES: Final = 32
NOBODY: Final = Actor(ActorKind.STAFF, "unknown", "none")


class Verdict(StrEnum):
    """How a try ended; `code_used` is a right code that has been used before."""

    PASSED = "passed"
    WRONG = "wrong"
    CODE_USED = "code_used"
    LOCKED = "locked"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed, and from where; `code` is a one-time code or a recovery code.

    `language` is the one chosen on the form itself, which then becomes the account's own.
    """

    name: str
    password: str
    code: str
    ip: str
    agent: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SignInResult:
    """The verdict, the session token when it passed, and seconds to wait where waiting helps."""

    verdict: Verdict
    token: str | None = None
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """What every check of a person needs."""

    database: Database
    passwords: Passwords
    sealer: Sealer


def sign_in(gate: Gate, attempt: Attempt, *, at: datetime) -> SignInResult:
    """Check both factors and open a session, at security time `at`.

    The password is verified outside the transaction, because its hash takes a tenth of a second.
    """
    with gate.database.read() as session:
        crowded = failures_from(session, attempt.ip, since=at - IP_WITHIN) >= IP_FAILURES
        account = None if crowded else account_by_name(session, attempt.name)
    stored = account.credential.password_hash if account else None
    right = not crowded and gate.passwords.verify(stored, attempt.password)
    fresh = gate.passwords.hash(attempt.password) if right and gate.passwords.is_outdated(stored or "") else None
    with gate.database.write() as session:
        if crowded:
            return _refuse(session, None, attempt.ip, Verdict.TOO_MANY, at)
        if account is None or account.staff.disabled_at is not None:
            return _refuse(session, None, attempt.ip, Verdict.WRONG, at)
        now = account_by_id(session, account.id)
        verdict, wait = check_factors(
            session, now, password_right=right and now.credential.password_hash == stored, code=attempt.code,
            sealer=gate.sealer, ip=attempt.ip, at=at,
        )  # fmt: skip
        if verdict is not Verdict.PASSED:
            return SignInResult(verdict, wait_seconds=wait)
        now.credential.password_hash = fresh or now.credential.password_hash
        now.credential.language = attempt.language or now.credential.language
        token = open_session(session, now, ip=attempt.ip, agent=attempt.agent, at=at)
        return SignInResult(verdict, token)


def check_factors(
    session: Session, account: Account, *, password_right: bool, code: str | None, sealer: Sealer, ip: str, at: datetime
) -> tuple[Verdict, int]:
    """Judge a try and keep the count; `code` None means that only the password was asked. Answers seconds to wait."""
    credential = account.credential
    if credential.locked_until is not None and at < credential.locked_until:
        wait = int((credential.locked_until - at).total_seconds()) if password_right else 0
        _refuse(session, account, ip, Verdict.LOCKED if password_right else Verdict.WRONG, at)
        return (Verdict.LOCKED if password_right else Verdict.WRONG), wait
    if not password_right:
        return _fail(session, account, ip, at), 0
    if code is not None and not _accept_code(session, account, code, sealer=sealer, at=at):
        wait = wait_for_code(account, at)
        if wait and _is_used_code(account, code, sealer=sealer, at=at):
            _refuse(session, account, ip, Verdict.CODE_USED, at)
            return Verdict.CODE_USED, wait
        return _fail(session, account, ip, at), 0
    credential.failures, credential.locked_until = 0, None
    session.add(credential)
    note_attempt(session, at=at, staff_id=account.id, ip=ip, outcome="passed")
    return Verdict.PASSED, 0


def wait_for_code(account: Account, at: datetime) -> int:
    """Seconds until the account's app shows a code that was not used yet; 0 when the present one is fresh."""
    return seconds_until_next_code(at, last_step=account.credential.last_step)


def open_session(session: Session, account: Account, *, ip: str, agent: str, at: datetime) -> str:
    """Start a session and answer its token; the oldest beyond three in all end."""
    token = secrets.token_urlsafe(SESSION_BYTES)
    standing = open_sessions(session, account.id)
    for row in standing[: max(0, len(standing) - (SESSIONS - 1))]:
        row.ended_at, row.end_reason = at, "displaced"
        session.add(row)
    session.add(
        StaffSessionRow(
            id_hash=token_hash(token), staff_id=account.id, created_at=at, seen_at=at, ip=ip, agent=agent[:120]
        )
    )
    record_access(session, actor_of(account), "sign_in", at=at, entity="staff", entity_id=str(account.id))
    return token


def actor_of(account: Account) -> Actor:
    """The account as the one who acts."""
    return Actor(ActorKind.STAFF, account.staff.name, account.staff.role)


def _accept_code(session: Session, account: Account, code: str, *, sealer: Sealer, at: datetime) -> bool:
    credential = account.credential
    if credential.seed_sealed is None:
        return False
    step = accepted_step(sealer.open(SEED, credential.seed_sealed), code, at, last_step=credential.last_step)
    if step is not None:
        credential.last_step = step
        session.add(credential)
        return True
    return _use_recovery_code(session, account, code, sealer=sealer, at=at)


def _is_used_code(account: Account, code: str, *, sealer: Sealer, at: datetime) -> bool:
    seed = sealer.open(SEED, account.credential.seed_sealed or "")
    return accepted_step(seed, code, at, last_step=0) is not None


def _use_recovery_code(session: Session, account: Account, code: str, *, sealer: Sealer, at: datetime) -> bool:
    plain = plain_recovery_code(code)
    if plain is None:
        return False
    stamp = sealer.stamp(RECOVERY, plain)
    for row in unused_recovery_codes(session, account.id):
        if row.stamp == stamp:
            row.used_at = at
            session.add(row)
            record_access(
                session, actor_of(account), "use_recovery_code", at=at, entity="staff", entity_id=str(account.id)
            )
            return True
    return False


def _fail(session: Session, account: Account, ip: str, at: datetime) -> Verdict:
    credential = account.credential
    credential.failures += 1
    if credential.failures >= LOCK_AFTER:
        credential.failures, credential.locked_until = 0, at + LOCK_FOR
        end_sessions(session, account.id, at=at, reason="locked")
        record_access(session, actor_of(account), "lock_account", at=at, entity="staff", entity_id=str(account.id))
        log.warning("staff_account_locked")
    session.add(credential)
    _refuse(session, account, ip, Verdict.WRONG, at)
    return Verdict.WRONG


def _refuse(session: Session, account: Account | None, ip: str, verdict: Verdict, at: datetime) -> SignInResult:
    outcome = "locked" if verdict in {Verdict.LOCKED, Verdict.TOO_MANY} else "failed"
    note_attempt(session, at=at, staff_id=account.id if account else None, ip=ip, outcome=outcome)
    actor = actor_of(account) if account else NOBODY
    record_access(session, actor, "refuse_sign_in", at=at, detail=verdict.value)
    return SignInResult(verdict)
