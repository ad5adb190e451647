"""Create a staff account and the one-time link by which its owner sets it up."""

import re
from datetime import datetime, timedelta
from typing import Final

from bot.actions.permission import check_permission
from bot.actions.study import Study
from bot.errors import InvalidInputError, RefusedError
from bot.people.keys import token_hash
from bot.people.one_time_codes import new_seed
from bot.people.roles import ALL_SITES, ONE_SITE_ONLY, Permission, Role
from bot.people.sealing import Sealer
from bot.storage.staff import Account, account_by_name, open_setups
from bot.storage.tables import StaffCredentialRow, StaffRow, StaffSetupRow
from bot.storage.trail import Trail, insert, update
from schedules.errors import Term

LINK_VALID: Final = timedelta(hours=72)
NAME_SHAPE: Final = re.compile(r"\w[\w .'’·-]{0,58}[\w.]")
SEED: Final = "totp"  # the purpose under which authenticator secrets are sealed


def add_staff(
    audit: Trail, name: str, *, role: str, site: str, language: str, study: Study, sealer: Sealer, at: datetime
) -> tuple[Account, str]:
    """Store the account and answer it with the token of its setup link, valid 72 h from security time `at`."""
    check_permission(audit.actor, Permission.MANAGE_STAFF)
    name = " ".join(name.split())
    check_name_is_free(audit, name)
    scope = check_scope(check_role(role), site, study)
    staff = StaffRow(name=name, role=role, site=scope, created_at=audit.now)
    insert(audit, staff, "add_staff", fields=("name", "role", "site"))
    credential = StaffCredentialRow(staff_id=staff.id or 0, language=language)
    audit.session.add(credential)
    account = Account(staff, credential)
    return account, issue_setup_link(audit, account, study=study, sealer=sealer, at=at)


def issue_setup_link(audit: Trail, account: Account, *, study: Study, sealer: Sealer, at: datetime) -> str:
    """Make a fresh setup link and revoke earlier ones; used anew, it replaces password, app and recovery codes."""
    check_permission(audit.actor, Permission.MANAGE_STAFF)
    if account.staff.disabled_at is not None:
        raise RefusedError("The account %(name)s is disabled: add a new account instead.", name=account.staff.name)
    for row in open_setups(audit.session, account.id):
        update(audit, row, "revoke_setup_link", revoked_at=at)
    token = study.keys.invitation_token()
    row = StaffSetupRow(
        staff_id=account.id,
        token_hash=token_hash(token),
        seed_sealed=sealer.seal(SEED, new_seed()),
        created_at=at,
        expires_at=at + LINK_VALID,
    )
    insert(audit, row, "issue_setup_link", fields=("staff_id", "expires_at"))
    return token


def check_name_is_free(audit: Trail, name: str) -> None:
    """Refuse a name that is taken or that could not be read aloud from a list."""
    if not NAME_SHAPE.fullmatch(name):
        raise InvalidInputError(
            "The name of an account is 2 to 60 letters, digits, blanks, dots or hyphens, such as Coordinator 01.",
            code="name_invalid",
        )
    if account_by_name(audit.session, name) is not None:
        raise RefusedError("There is a staff account %(name)s already: choose another name.", name=name)


def check_role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        known = ", ".join(Role)
        raise InvalidInputError(
            "%(role)s is not a role: use one of %(known)s.", role=role, known=known, code="role_unknown"
        ) from None


def check_scope(role: Role, site: str, study: Study) -> str:
    """The account's sites, joined by commas, or `all`; coordinators and clinicians belong to exactly one."""
    sites = sorted({part.strip() for part in site.split(",") if part.strip()})
    if not sites:
        raise InvalidInputError("An account needs a site: name it as the protocol file does.", code="site_missing")
    if role in ONE_SITE_ONLY and (len(sites) > 1 or sites == [ALL_SITES]):
        raise InvalidInputError(
            "A %(role)s belongs to exactly one site: name one as the protocol file does.",
            role=Term(role.value),
            code="site_invalid",
        )
    if sites == [ALL_SITES]:
        return ALL_SITES
    for part in sites:
        study.protocol.site(part)
    return ",".join(sites)
