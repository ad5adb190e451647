"""Sessions on the server: found by the hash of a cookie, idle after 15 minutes, over after 10 hours."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.people.keys import token_hash
from bot.storage.database import Database
from bot.storage.staff import Account, account_by_id, session_by_hash
from bot.storage.tables import StaffSessionRow

IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=10)
TOUCH_EVERY: Final = timedelta(seconds=30)
TOKEN_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{20,64}")
BACKGROUND: Final = "x-background"  # a page that refreshes itself sends this, and so keeps nobody signed in


@dataclass(frozen=True, slots=True)
class Found:
    """The session a cookie leads to, its account, and why it no longer counts (None while it does)."""

    row: StaffSessionRow
    account: Account
    over: str | None


def cookie_name(*, https: bool, kind: str = "clinic") -> str:
    """The `__Host-` prefix binds the cookie to this very host, but browsers take it only over https."""
    return f"__Host-{kind}" if https else kind


def read_cookie(request: Request, *, https: bool, kind: str = "clinic") -> str | None:
    """The random value a cookie holds; anything of another shape counts as none."""
    value = request.cookies.get(cookie_name(https=https, kind=kind), "")
    return value if TOKEN_SHAPE.fullmatch(value) else None


def put_cookie(
    response: Response, value: str, *, https: bool, kind: str = "clinic", seconds: int | None = None
) -> None:
    """Give the browser a cookie that no script can read."""
    response.set_cookie(
        cookie_name(https=https, kind=kind),
        value,
        max_age=seconds,
        path="/",
        secure=https,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, *, https: bool, kind: str = "clinic") -> None:
    response.delete_cookie(cookie_name(https=https, kind=kind), path="/", secure=https, httponly=True, samesite="lax")


def find_session(session: Session, token: str | None, at: datetime) -> Found | None:
    """What the cookie's token leads to, at security time `at`; None for a token that was never given out."""
    row = session_by_hash(session, token_hash(token)) if token else None
    if row is None:
        return None
    account = account_by_id(session, row.staff_id)
    return Found(row, account, reason_over(row, account, at))


def reason_over(row: StaffSessionRow, account: Account, at: datetime) -> str | None:
    """Why a session no longer counts, or None."""
    if row.ended_at is not None:
        return row.end_reason
    if account.staff.disabled_at is not None:
        return "disabled"
    if at - row.created_at >= LONGEST:
        return "expired"
    return "idle" if at - row.seen_at >= IDLE else None


def touch(database: Database, row: StaffSessionRow, at: datetime) -> None:
    """Remember that the session is in use; written at most twice a minute."""
    if at - row.seen_at < TOUCH_EVERY:
        return
    with database.write() as session:
        kept = session.get(StaffSessionRow, row.id)
        if kept is not None and kept.ended_at is None:
            kept.seen_at = at
            session.add(kept)
