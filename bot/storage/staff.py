"""Staff accounts: their credentials, setup links, recovery codes, sessions, attempts and kept forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from bot.errors import NotFoundError
from bot.storage.tables import (
    KeptFormRow,
    RecoveryCodeRow,
    SignInAttemptRow,
    StaffCredentialRow,
    StaffRow,
    StaffSessionRow,
    StaffSetupRow,
)


@dataclass(frozen=True, slots=True)
class Account:
    """A staff account with what it signs in with."""

    staff: StaffRow
    credential: StaffCredentialRow

    @property
    def id(self) -> int:
        return self.staff.id or 0

    @property
    def printed_name(self) -> str:
        """The name that a signature prints; the account's name until one is given."""
        return self.credential.printed_name or self.staff.name


def account_by_id(session: Session, staff_id: int) -> Account:
    """The account; a row made before accounts could sign in gets its credential now (unsaved when reading)."""
    staff = session.get(StaffRow, staff_id)
    if staff is None:
        raise NotFoundError("This staff account no longer exists in the study database.")
    return Account(staff, credential_of(session, staff))


def account_by_name(session: Session, name: str) -> Account | None:
    """The account of this name, whatever its capitals and blanks."""
    wanted = " ".join(name.split()).lower()
    staff = session.exec(select(StaffRow).where(func.lower(StaffRow.name) == wanted)).first()
    return Account(staff, credential_of(session, staff)) if staff else None


def account_to_manage(session: Session, name: str) -> Account:
    """The account of this name; NotFoundError when there is none."""
    found = account_by_name(session, name)
    if found is None:
        raise NotFoundError("There is no staff account %(name)s: `staff list` shows those that exist.", name=name)
    return found


def credential_of(session: Session, staff: StaffRow) -> StaffCredentialRow:
    return _or_new(session.get(StaffCredentialRow, staff.id), staff)


def _or_new(found: StaffCredentialRow | None, staff: StaffRow) -> StaffCredentialRow:
    return StaffCredentialRow(staff_id=staff.id or 0) if found is None else found


def all_accounts(session: Session) -> Sequence[Account]:
    """Every account, by name, in one query."""
    rows = session.exec(
        select(StaffRow, StaffCredentialRow)
        .join(StaffCredentialRow, col(StaffCredentialRow.staff_id) == StaffRow.id, isouter=True)
        .order_by(StaffRow.name)
    ).all()
    return [Account(staff, _or_new(found, staff)) for staff, found in rows]


def setup_by_hash(session: Session, token_hash: str) -> StaffSetupRow | None:
    return session.exec(select(StaffSetupRow).where(StaffSetupRow.token_hash == token_hash)).first()


def open_setups(session: Session, staff_id: int) -> Sequence[StaffSetupRow]:
    """Setup links neither used nor revoked, expired ones included."""
    return session.exec(
        select(StaffSetupRow).where(
            StaffSetupRow.staff_id == staff_id,
            col(StaffSetupRow.used_at).is_(None),
            col(StaffSetupRow.revoked_at).is_(None),
        )
    ).all()


def unused_recovery_codes(session: Session, staff_id: int) -> Sequence[RecoveryCodeRow]:
    return session.exec(
        select(RecoveryCodeRow).where(RecoveryCodeRow.staff_id == staff_id, col(RecoveryCodeRow.used_at).is_(None))
    ).all()


def session_by_hash(session: Session, id_hash: str) -> StaffSessionRow | None:
    return session.exec(select(StaffSessionRow).where(StaffSessionRow.id_hash == id_hash)).first()


def open_sessions(session: Session, staff_id: int) -> Sequence[StaffSessionRow]:
    """Sessions that nobody has ended, oldest first; some may be idle too long already."""
    return session.exec(
        select(StaffSessionRow)
        .where(StaffSessionRow.staff_id == staff_id, col(StaffSessionRow.ended_at).is_(None))
        .order_by(col(StaffSessionRow.created_at), col(StaffSessionRow.id))
    ).all()


def end_sessions(session: Session, staff_id: int, *, at: datetime, reason: str, spare: int | None = None) -> int:
    """End every open session of an account but the spared one; answers how many."""
    ended = [row for row in open_sessions(session, staff_id) if row.id != spare]
    for row in ended:
        row.ended_at, row.end_reason = at, reason
        session.add(row)
    return len(ended)


def note_attempt(session: Session, *, at: datetime, staff_id: int | None, ip: str, outcome: str) -> None:
    session.add(SignInAttemptRow(at=at, staff_id=staff_id, ip=ip, outcome=outcome))


def failures_from(session: Session, ip: str, *, since: datetime) -> int:
    """How many tries from an address failed since an instant."""
    query = select(func.count()).where(
        SignInAttemptRow.ip == ip, SignInAttemptRow.at >= since, SignInAttemptRow.outcome == "failed"
    )
    return session.exec(query).one()


def kept_forms(session: Session, staff_id: int, at: datetime) -> Sequence[KeptFormRow]:
    """The forms of an account that wait to be shown again, latest first."""
    return session.exec(
        select(KeptFormRow)
        .where(
            KeptFormRow.staff_id == staff_id,
            KeptFormRow.expires_at > at,
            col(KeptFormRow.settled_at).is_(None),
        )
        .order_by(col(KeptFormRow.id).desc())
    ).all()


def forget_expired_forms(session: Session, at: datetime) -> None:
    """Delete kept forms whose hour is over or that were settled."""
    for row in session.exec(
        select(KeptFormRow).where(or_(col(KeptFormRow.expires_at) <= at, col(KeptFormRow.settled_at).is_not(None)))
    ).all():
        session.delete(row)
