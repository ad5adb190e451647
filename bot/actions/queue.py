"""What an action may leave in the outbox: replies, copies of a card, edits; nothing here sends."""

import json
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.storage.outbox import enqueue
from bot.storage.tables import CardRow, MessageRow, PanelRow

REPLY_LIFE = timedelta(hours=24)
EDIT_LIFE = timedelta(hours=24)


def queue_reply(
    session: Session,
    *,
    reference: str,
    ordinal: int = 0,
    address: int,
    participant_id: int | None,
    now: datetime,
    message: str,
    language: str,
    **params: str,
) -> None:
    """A text in answer to the person's own act; the same reference and ordinal can never send two."""
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/{ordinal}",
            participant_id=participant_id,
            address=address,
            kind="reply",
            payload=json.dumps({"reply": message, "language": language, "params": params}, ensure_ascii=False),
            due_at=now,
            not_after=now + REPLY_LIFE,
            priority=0,
            created_at=now,
        ),
    )


def queue_panel(session: Session, panel: PanelRow, *, reference: str, now: datetime, fresh: bool) -> None:
    """Show a panel as it now stands: as a new message, or by editing the one that is there."""
    edit = not fresh and panel.provider_msg_id is not None
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/panel",
            participant_id=panel.participant_id,
            address=panel.address,
            kind="edit" if edit else "reply",
            payload=json.dumps({"panel": panel.id}),
            due_at=now,
            not_after=now + (EDIT_LIFE if edit else REPLY_LIFE),
            priority=0,
            created_at=now,
        ),
    )


def queue_card_edit(session: Session, card: CardRow, *, address: int, reference: str, now: datetime) -> None:
    """Redraw the card in place; drawn from the database when sent, so a later redraw makes an earlier one needless."""
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/card/{card.diary_day}",
            participant_id=card.participant_id,
            address=address,
            card_id=card.id,
            visit=card.visit,
            diary_day=card.diary_day,
            kind="edit",
            payload=json.dumps({"card": True}),
            due_at=now,
            not_after=now + timedelta(hours=48),
            priority=0,
            created_at=now,
        ),
    )


def queue_strip(
    session: Session, *, address: int, message_id: int, participant_id: int | None, reference: str, now: datetime
) -> None:
    """Take the buttons off an older copy."""
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/strip/{message_id}",
            participant_id=participant_id,
            address=address,
            kind="edit",
            payload=json.dumps({"strip": message_id}),
            due_at=now,
            not_after=now + EDIT_LIFE,
            priority=1,
            created_at=now,
        ),
    )


def queue_today(
    session: Session, *, reference: str, address: int, participant_id: int, card: CardRow | None, now: datetime
) -> None:
    """Answer /today: progress in words and, while a day is open, a fresh copy of its card."""
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/today",
            participant_id=participant_id,
            address=address,
            card_id=card.id if card else None,
            visit=card.visit if card else None,
            diary_day=card.diary_day if card else None,
            kind="reply",
            payload=json.dumps({"today": True}),
            due_at=now,
            not_after=now + REPLY_LIFE,
            priority=0,
            created_at=now,
        ),
    )


def _queue(session: Session, row: MessageRow) -> None:
    enqueue(session, row)
