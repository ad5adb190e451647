"""Change one's own password: every other session of the account ends."""

from datetime import datetime

from bot.storage.staff import Account, end_sessions
from bot.storage.trail import Trail


def change_password(audit: Trail, account: Account, *, password_hash: str, spare: int | None, at: datetime) -> None:
    """Store the new hash; the trail says that it changed, never what it is."""
    account.credential.password_hash = password_hash
    audit.session.add(account.credential)
    audit.record("change_password", "staff", str(account.id))
    end_sessions(audit.session, account.id, at=at, reason="reset", spare=spare)
