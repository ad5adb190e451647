"""Link a member of staff's own chat, by a single-use token, for the morning list; or let it go."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from bot.actions.queue import REPLY_LIFE
from bot.actions.study import Study
from bot.people.keys import token_hash
from bot.storage.outbox import enqueue
from bot.storage.participants import chat_at
from bot.storage.tables import MessageRow, StaffChatRow, StaffCredentialRow, StaffRow
from bot.storage.trail import Trail, insert, update

VALID: Final = timedelta(minutes=30)
LINKED: Final = "linked"


def make_staff_chat_link(audit: Trail, staff_id: int, *, study: Study) -> str:
    """The token of a new link; earlier unused ones stop working."""
    for row in _unused(audit.session, staff_id):
        update(audit, row, "revoke_staff_chat_link", ended_at=audit.now)
    token = study.keys.invitation_token()
    row = StaffChatRow(staff_id=staff_id, token_hash=token_hash(token), made_at=audit.now, expires_at=audit.now + VALID)
    insert(audit, row, "make_staff_chat_link", fields=("staff_id", "expires_at"))
    return token


def link_staff_chat(audit: Trail, token: str, channel: str, address: int) -> bool:
    """Bind the chat that shows the token; False for a worthless token, and for a participant's own chat."""
    row = audit.session.exec(select(StaffChatRow).where(StaffChatRow.token_hash == token_hash(token))).first()
    if row is None or row.address is not None or row.ended_at is not None or audit.now >= row.expires_at:
        return False
    staff = audit.session.get(StaffRow, row.staff_id)
    if staff is None or staff.disabled_at is not None or chat_at(audit.session, channel, address) is not None:
        return False
    for older in (*linked_chats(audit.session, row.staff_id), *_at(audit.session, address)):
        update(audit, older, "unlink_staff_chat", ended_at=audit.now)
    audit.session.flush()
    update(audit, row, "link_staff_chat", linked_at=audit.now)
    row.address = address
    audit.session.add(row)
    _greet(audit, row)
    return True


def unlink_staff_chat(audit: Trail, staff_id: int) -> int:
    """Let go of the account's chats; answers how many there were."""
    found = linked_chats(audit.session, staff_id)
    for row in found:
        update(audit, row, "unlink_staff_chat", ended_at=audit.now)
    return len(found)


def linked_chats(session: Session, staff_id: int | None = None) -> Sequence[StaffChatRow]:
    """Chats that are linked now: of one account, or of all that are active."""
    query = (
        select(StaffChatRow)
        .join(StaffRow, col(StaffRow.id) == col(StaffChatRow.staff_id))
        .where(
            col(StaffChatRow.address).is_not(None),
            col(StaffChatRow.ended_at).is_(None),
            col(StaffRow.disabled_at).is_(None),
        )
    )
    return session.exec(query if staff_id is None else query.where(StaffChatRow.staff_id == staff_id)).all()


def language_of_staff(session: Session, staff_id: int) -> str:
    """The language an account reads."""
    credential = session.get(StaffCredentialRow, staff_id)
    return credential.language if credential is not None else "en"


def is_staff_chat(session: Session, address: int) -> bool:
    """Whether an address is a linked chat of staff."""
    return bool(_at(session, address))


def _unused(session: Session, staff_id: int) -> Sequence[StaffChatRow]:
    return session.exec(
        select(StaffChatRow).where(
            StaffChatRow.staff_id == staff_id, col(StaffChatRow.address).is_(None), col(StaffChatRow.ended_at).is_(None)
        )
    ).all()


def _at(session: Session, address: int) -> Sequence[StaffChatRow]:
    return session.exec(
        select(StaffChatRow).where(StaffChatRow.address == address, col(StaffChatRow.ended_at).is_(None))
    ).all()


def _greet(audit: Trail, row: StaffChatRow) -> None:
    now: datetime = audit.now
    enqueue(
        audit.session,
        MessageRow(
            dedupe_key=f"staff/{row.staff_id}/linked/{row.id}",
            staff_id=row.staff_id,
            address=row.address,
            kind="reply",
            payload=json.dumps({LINKED: True, "language": language_of_staff(audit.session, row.staff_id)}),
            due_at=now,
            not_after=now + REPLY_LIFE,
            priority=0,
            created_at=now,
        ),
    )
