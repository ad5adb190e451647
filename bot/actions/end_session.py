"""End sessions: signing out, and revoking another browser of one's own."""

from datetime import datetime

from sqlmodel import Session

from bot.actions.sign_in import actor_of
from bot.errors import NotFoundError
from bot.storage.access_log import record_access
from bot.storage.staff import account_by_id
from bot.storage.tables import StaffSessionRow


def end_session(session: Session, session_id: int, *, staff_id: int, reason: str, at: datetime) -> None:
    """End one session of the account; another account's is not found."""
    row = session.get(StaffSessionRow, session_id)
    if row is None or row.staff_id != staff_id:
        raise NotFoundError("There is no such session: it may have ended already.")
    if row.ended_at is None:
        row.ended_at, row.end_reason = at, reason
        session.add(row)
        record_access(session, actor_of(account_by_id(session, staff_id)), "end_session", at=at, detail=reason)
