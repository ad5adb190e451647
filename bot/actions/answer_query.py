"""Answer a query, by the site; a value that was wrong is corrected by its own act, never here."""

from bot.actions.permission import check_permission
from bot.actions.raise_query import check_words, digest
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow, QueryRow
from bot.storage.trail import Trail, update


def answer_query(audit: Trail, row: QueryRow, participant: ParticipantRow, answer: str) -> None:
    """Store the site's answer; raises NotAllowedError, RefusedError for a query that is not open."""
    check_permission(audit.actor, Permission.ANSWER_QUERY)
    if row.state != "open":
        raise RefusedError("This query has been answered already: nothing was changed.")
    words = check_words(answer, "answer")
    audit.participant = participant.code
    update(audit, row, "answer_query", state="answered", answered_by=audit.actor.id, answered_at=audit.now)
    row.answer = words
    audit.session.add(row)
    audit.record("answer_query", "query", str(row.id), field_name="answer", new=digest(row.salt, words))
