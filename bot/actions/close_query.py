"""Close a query whose answer settles it; who answered it does not close it."""

from bot.actions.permission import check_permission
from bot.errors import NotAllowedError, RefusedError
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow, QueryRow
from bot.storage.trail import Trail, update


def close_query(audit: Trail, row: QueryRow, participant: ParticipantRow) -> None:
    """Close the query; raises NotAllowedError for its answerer, RefusedError for one that was not answered."""
    check_permission(audit.actor, Permission.RAISE_QUERY)
    if row.state != "answered":
        raise RefusedError("Only a query that has been answered can be closed: nothing was changed.")
    if row.answered_by == audit.actor.id:
        raise NotAllowedError("A query is closed by somebody else than the person who answered it.")
    audit.participant = participant.code
    update(audit, row, "close_query", state="closed", closed_by=audit.actor.id, closed_at=audit.now)
