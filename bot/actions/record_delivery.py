"""What follows from a delivery: the newest copy of a card, a refusing chat, another try after an unknown outcome."""

import json
from datetime import datetime

from sqlmodel import Session

from bot.actions.note_block import note_blocked, note_unblocked
from bot.actions.queue import queue_edit_text, queue_today
from bot.people.actor import SYSTEM, Origin
from bot.storage.diary import answers_of
from bot.storage.outbox import enqueue
from bot.storage.participants import bound_chat, chat_of, participant_by_id
from bot.storage.tables import CardRow, MessageRow, PanelRow
from bot.storage.trail import Trail
from schedules.delivery import REPLY_VALID, resend_at
from schedules.reminders import MessageKind

GONE = "message_gone"
COPIED = (
    "participant_id", "staff_id", "channel", "address", "card_id", "visit", "diary_day", "kind", "payload",
    "wall_date", "wall_time", "tzid", "not_after", "plan_version", "priority",
)  # fmt: skip
CHAT_REFUSALS = frozenset({"blocked", "deactivated", "chat_not_found"})


def delivered(session: Session, row: MessageRow, provider_msg_id: int | None, *, now: datetime) -> None:
    """A message reached the chat: a new copy of a card becomes the one that is redrawn from now on."""
    if provider_msg_id is not None and row.kind == "reply":
        _newest_panel(session, row, provider_msg_id)
    if provider_msg_id is not None and row.card_id is not None and row.kind not in ("edit", "closing"):
        _newest_copy(session, row, provider_msg_id, now)
    _chat_is_open(session, row, now)


def refused(session: Session, row: MessageRow, reason: str, *, now: datetime) -> None:
    """The chat refused: the site gets a task; a card that was deleted comes back as a fresh copy."""
    participant = participant_by_id(session, row.participant_id) if row.participant_id else None
    if participant is None:
        return
    chat = bound_chat(session, participant.id or 0)
    trail = _trail(session, row, now, participant.code)
    if reason in CHAT_REFUSALS and chat is not None:
        note_blocked(trail, chat, participant, reason=reason)
    elif reason == GONE and row.kind == "edit" and row.card_id is not None and chat is not None:
        card = session.get(CardRow, row.card_id)
        if card is not None and card.provider_msg_id is not None:
            card.provider_msg_id = None
            session.add(card)
            queue_today(
                session,
                reference=f"gone/{row.id}",
                address=chat.address,
                participant_id=participant.id or 0,
                card=card,
                now=now,
            )


def unknown(session: Session, row: MessageRow, *, now: datetime) -> None:
    """The outcome is not known: try once more, repeat, or leave it, as the kind of message demands."""
    base, copies = _copies(row)
    due_at = resend_at(
        MessageKind(row.kind),
        now,
        copies=copies,
        not_after=row.not_after or now + REPLY_VALID,
        touched=_touched(session, row),
    )
    if due_at is not None:
        enqueue(session, _again(row, f"{base}#{copies + 1}", due_at, now))


def _copies(row: MessageRow) -> tuple[str, int]:
    base, _, count = row.dedupe_key.partition("#")
    return base, int(count or 1)


def _touched(session: Session, row: MessageRow) -> bool:
    if row.participant_id is None or row.diary_day is None:
        return False
    return bool(answers_of(session, row.participant_id, [row.diary_day]))


def _again(row: MessageRow, key: str, due_at: datetime, now: datetime) -> MessageRow:
    kept = {name: getattr(row, name) for name in COPIED}
    return MessageRow(**kept, dedupe_key=key, due_at=due_at, created_at=now, resend_of=row.id)


def _newest_panel(session: Session, row: MessageRow, provider_msg_id: int) -> None:
    payload = json.loads(row.payload)
    panel = session.get(PanelRow, payload["panel"]) if "panel" in payload else None
    if panel is not None:
        panel.provider_msg_id = provider_msg_id
        session.add(panel)


def _newest_copy(session: Session, row: MessageRow, provider_msg_id: int, now: datetime) -> None:
    card = session.get(CardRow, row.card_id)
    if card is None or provider_msg_id == card.provider_msg_id:
        return
    chat = bound_chat(session, card.participant_id)
    if chat is None:
        return
    older, card.provider_msg_id = card.provider_msg_id, max(provider_msg_id, card.provider_msg_id or 0)
    card.chat_id = chat.id
    session.add(card)
    if older is not None:
        _put_older_away(session, card, min(older, provider_msg_id), chat.address, now)


def _put_older_away(session: Session, card: CardRow, message_id: int, address: int, now: datetime) -> None:
    participant = participant_by_id(session, card.participant_id)
    queue_edit_text(
        session,
        reference=f"older/{card.id}",
        address=address,
        message_id=message_id,
        participant_id=card.participant_id,
        now=now,
        message="continued_below",
        language=participant.language,
    )


def _chat_is_open(session: Session, row: MessageRow, now: datetime) -> None:
    seen = chat_of(session, row.participant_id) if row.participant_id else None
    if seen is None or seen.blocked_at is None or row.address not in (None, seen.address):
        return
    chat = bound_chat(session, seen.participant_id)
    if chat is not None:
        participant = participant_by_id(session, chat.participant_id)
        note_unblocked(_trail(session, row, now, participant.code), chat, participant)


def _trail(session: Session, row: MessageRow, now: datetime, code: str) -> Trail:
    return Trail(session, now, SYSTEM, Origin.HOUSEKEEPING, participant=code, request_id=f"message/{row.id}")
