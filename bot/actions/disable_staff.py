"""Disable a staff account: its sessions end at once, its links and codes die, its history stays."""

from datetime import datetime

from bot.actions.permission import check_permission
from bot.actions.site_acts import check_reason
from bot.errors import RefusedError
from bot.people.actor import ActorKind
from bot.people.roles import Permission
from bot.storage.staff import Account, end_sessions, open_setups
from bot.storage.trail import Trail, update


def disable_staff(audit: Trail, account: Account, *, reason: str | None, at: datetime) -> int:
    """Disable the account for good and end its sessions at security time `at`; answers how many ended."""
    check_permission(audit.actor, Permission.MANAGE_STAFF)
    words = check_reason(reason, "disable an account")
    if audit.actor.kind is ActorKind.STAFF and audit.actor.id == account.staff.name:
        raise RefusedError("Nobody can disable the own account: ask another administrator, or the operator.")
    if account.staff.disabled_at is not None:
        raise RefusedError("The account %(name)s is disabled already.", name=account.staff.name)
    update(audit, account.staff, "disable_staff", disabled_at=audit.now, reason=words)
    for row in open_setups(audit.session, account.id):
        update(audit, row, "revoke_setup_link", revoked_at=at)
    return end_sessions(audit.session, account.id, at=at, reason="disabled")
