"""Links to the diary page: whom one leads to."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from bot.storage.tables import DiaryLinkRow


def link_by_hash(session: Session, token_hash: str) -> DiaryLinkRow | None:
    """The link with this hash, as long as it has not been revoked."""
    query = select(DiaryLinkRow).where(DiaryLinkRow.token_hash == token_hash, col(DiaryLinkRow.revoked_at).is_(None))
    return session.exec(query).first()


def live_links(session: Session, participant_id: int) -> Sequence[DiaryLinkRow]:
    """The participant's links that still work."""
    query = select(DiaryLinkRow).where(DiaryLinkRow.participant_id == participant_id)
    return session.exec(query.where(col(DiaryLinkRow.revoked_at).is_(None))).all()
