"""Tasks for the site team: opened once while open, closed when the reason is gone."""

from sqlmodel import col, select

from bot.storage.tables import ParticipantRow, SiteTaskRow
from bot.storage.trail import Trail, insert, update


def open_task(audit: Trail, participant: ParticipantRow, kind: str) -> None:
    """Open a task of this kind unless one is open already."""
    if not _open(audit, participant, kind):
        row = SiteTaskRow(participant_id=participant.id or 0, kind=kind, opened_at=audit.now)
        insert(audit, row, "open_task", fields=("kind",))


def close_tasks(audit: Trail, participant: ParticipantRow, kind: str) -> None:
    """Close the open tasks of this kind."""
    for row in _open(audit, participant, kind):
        update(audit, row, "close_task", closed_at=audit.now)


def _open(audit: Trail, participant: ParticipantRow, kind: str) -> list[SiteTaskRow]:
    return list(
        audit.session.exec(
            select(SiteTaskRow).where(
                SiteTaskRow.participant_id == participant.id,
                SiteTaskRow.kind == kind,
                col(SiteTaskRow.closed_at).is_(None),
            )
        ).all()
    )
