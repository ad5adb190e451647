"""Set up an account by its one-time link: name for signatures, password, authenticator app, recovery codes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from bot.actions.add_staff import SEED
from bot.errors import NotFoundError
from bot.people.keys import token_hash
from bot.people.one_time_codes import accepted_step, new_recovery_codes, plain_recovery_code
from bot.people.passwords import PasswordFault, password_fault
from bot.people.sealing import Sealer
from bot.storage.staff import Account, account_by_id, end_sessions, setup_by_hash, unused_recovery_codes
from bot.storage.tables import RecoveryCodeRow, StaffSetupRow
from bot.storage.trail import Trail, update

RECOVERY = "recovery"  # the purpose under which recovery codes are stamped


class SetUpFault(StrEnum):
    """What else can be wrong with the form, beside the password itself."""

    NAME_MISSING = "name_missing"
    NOT_REPEATED = "not_repeated"
    CODE_WRONG = "code_wrong"


@dataclass(frozen=True, slots=True)
class SetUpForm:
    """What the owner typed."""

    printed_name: str
    language: str
    password: str
    repeated: str
    code: str


def setup_of(session: Session, token: str, at: datetime) -> tuple[StaffSetupRow, Account]:
    """The link's row and account; one neutral NotFoundError for a used, revoked, expired or invented link."""
    row = setup_by_hash(session, token_hash(token))
    if row is None or row.used_at or row.revoked_at or row.expires_at <= at:
        raise NotFoundError("This setup link cannot be used: ask the administrator for a new one.")
    account = account_by_id(session, row.staff_id)
    if account.staff.disabled_at is not None:
        raise NotFoundError("This setup link cannot be used: ask the administrator for a new one.")
    return row, account


def faults_of(form: SetUpForm, *, name: str, seed: str, at: datetime) -> dict[str, SetUpFault | PasswordFault]:
    """Every fault by the field where it shows; empty when the form can be taken."""
    found: dict[str, SetUpFault | PasswordFault] = {}
    if not form.printed_name.strip():
        found["printed_name"] = SetUpFault.NAME_MISSING
    fault = password_fault(form.password, name=name)
    if fault:
        found["password"] = fault
    elif form.password != form.repeated:
        found["repeated"] = SetUpFault.NOT_REPEATED
    if accepted_step(seed, form.code, at, last_step=0) is None:
        found["code"] = SetUpFault.CODE_WRONG
    return found


def set_up_staff(
    audit: Trail, token: str, form: SetUpForm, *, password_hash: str, sealer: Sealer, at: datetime
) -> tuple[Account, tuple[str, ...]]:
    """Take a faultless form and use the link up; answers the account and its ten recovery codes, shown only now.

    `password_hash` is made before the transaction: a hash takes a tenth of a second and must not hold the writer.
    """
    row, account = setup_of(audit.session, token, at)
    seed = sealer.open(SEED, row.seed_sealed)
    credential = account.credential
    credential.password_hash = password_hash
    credential.seed_sealed = row.seed_sealed
    credential.last_step = accepted_step(seed, form.code, at, last_step=0) or 0
    credential.failures, credential.locked_until = 0, None
    rename(audit, account, form.printed_name, action="set_up_staff")
    credential.language, credential.set_up_at = form.language, at
    audit.session.add(credential)
    update(audit, row, "set_up_staff", used_at=at)
    end_sessions(audit.session, account.id, at=at, reason="reset")
    return account, renew_recovery_codes(audit, account, sealer=sealer, at=at)


def rename(audit: Trail, account: Account, printed_name: str, *, action: str) -> None:
    """Set the name that the account's signatures print from now on."""
    old, new = account.credential.printed_name, " ".join(printed_name.split())
    if old != new:
        account.credential.printed_name = new
        audit.session.add(account.credential)
        audit.record(action, "staff", str(account.id), field_name="printed_name", old=old, new=new)


def renew_recovery_codes(audit: Trail, account: Account, *, sealer: Sealer, at: datetime) -> tuple[str, ...]:
    """Replace the recovery codes by ten new ones, of which only stamps are stored."""
    for old in unused_recovery_codes(audit.session, account.id):
        old.used_at = at
        audit.session.add(old)
    codes = new_recovery_codes()
    for code in codes:
        stamp = sealer.stamp(RECOVERY, plain_recovery_code(code) or "")
        audit.session.add(RecoveryCodeRow(staff_id=account.id, stamp=stamp))
    audit.record("renew_recovery_codes", "staff", str(account.id), new=len(codes))
    return codes
