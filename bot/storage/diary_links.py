"""Links to the diary page: whom one leads to, and whose turn it is to write."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session, col, select

from bot.storage.tables import ChatRow, DiaryLinkRow


def link_by_hash(session: Session, token_hash: str) -> DiaryLinkRow | None:
    """The link with this hash, as long as it has not been revoked."""
    query = select(DiaryLinkRow).where(DiaryLinkRow.token_hash == token_hash, col(DiaryLinkRow.revoked_at).is_(None))
    return session.exec(query).first()


def live_links(session: Session, participant_id: int) -> Sequence[DiaryLinkRow]:
    """The participant's links that still work."""
    query = select(DiaryLinkRow).where(DiaryLinkRow.participant_id == participant_id)
    return session.exec(query.where(col(DiaryLinkRow.revoked_at).is_(None))).all()


def await_turn(session: Session, participant_id: int, chat: ChatRow | None) -> None:
    """Wait until nobody else writes to this participant's diary, from another tab or from the chat.

    On SQLite the transaction itself lets nobody else in. On PostgreSQL the chat's own turn is a lock on its address,
    a positive number; the page's is one on the participant, made negative to keep the two apart.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for key in (-participant_id, *((chat.address,) if chat else ())):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
