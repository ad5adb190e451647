"""Revoke a participant's link to the diary page, at once and in whatever browser it is open."""

from bot.actions.site_acts import check_may
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.diary_links import live_links
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update


def revoke_diary_link(audit: Trail, participant: ParticipantRow) -> None:
    """Let the link open nothing any more; refused when there is none."""
    check_may(audit.actor, Permission.ENROL, "revoke diary links")
    if not revoke_links(audit, participant):
        raise RefusedError("%(who)s has no diary link: `participant link %(who)s` makes one.", who=participant.code)


def revoke_links(audit: Trail, participant: ParticipantRow) -> bool:
    """Revoke every link that works; answers whether there was one."""
    rows = live_links(audit.session, participant.id or 0)
    for row in rows:
        update(audit, row, "revoke_diary_link", revoked_at=audit.now)
    return bool(rows)
