"""What an action may leave in the outbox: replies, copies of a card, edits; nothing here sends."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from bot.diary.items import Item
from bot.storage.outbox import enqueue
from bot.storage.tables import CardRow, MessageRow, PanelRow

REPLY_LIFE = timedelta(hours=24)
EDIT_LIFE = timedelta(hours=24)
CARD_EDIT_LIFE = timedelta(hours=72)  # no day closes later than in 48; the last check knows when this one did


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
    params: Mapping[str, object],
) -> None:
    """A text in answer to the person's own act; the same reference and ordinal can never send two."""
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/{ordinal}",
            participant_id=participant_id,
            address=address,
            kind="reply",
            payload=_words(message, language, params),
            due_at=now,
            not_after=now + REPLY_LIFE,
            priority=0,
            created_at=now,
        ),
    )


def queue_edit_text(
    session: Session,
    *,
    reference: str,
    address: int,
    message_id: int,
    participant_id: int | None,
    now: datetime,
    message: str,
    language: str,
    params: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Put other words into a message that stands in the chat, and take its buttons away."""
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/past/{message_id}",
            participant_id=participant_id,
            address=address,
            kind="edit",
            payload=_words(message, language, params, {"message_id": message_id}),
            due_at=now,
            not_after=now + EDIT_LIFE,
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


def queue_card_edit(
    session: Session, card: CardRow, *, address: int, reference: str, now: datetime, away: bool = False
) -> None:
    """Redraw the card in place, from the database when sent; `away` says that taps were lost meanwhile."""
    _queue(
        session,
        MessageRow(
            dedupe_key=f"{reference}/card/{card.id}",
            participant_id=card.participant_id,
            address=address,
            card_id=card.id,
            visit=card.visit,
            diary_day=card.diary_day,
            kind="edit",
            payload=json.dumps({"card": True, "away": away}),
            due_at=now,
            not_after=now + CARD_EDIT_LIFE,
            priority=0,
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


def read_words(payload: Mapping[str, Any]) -> tuple[str, dict[str, object], str]:
    """The message id, parameters and language that `_words` wrote."""
    params = {name: _READ[kind](value) for name, (kind, value) in payload["params"].items()}
    return payload["reply"], params, payload["language"]


_READ: Mapping[str, Callable[[Any], object]] = {
    "day": date.fromisoformat,
    "time": time.fromisoformat,
    "at": datetime.fromisoformat,
    "item": Item,
    "plain": lambda value: value,
}


def _words(
    message: str, language: str, params: Mapping[str, object], extra: Mapping[str, object] = MappingProxyType({})
) -> str:
    written = {name: _written(value) for name, value in params.items()}
    document = {"reply": message, "language": language, "params": written, **extra}
    return json.dumps(document, ensure_ascii=False)


def _written(value: object) -> tuple[str, object]:
    match value:
        case Item():
            return "item", value.value
        case datetime():
            return "at", value.isoformat()
        case date():
            return "day", value.isoformat()
        case time():
            return "time", value.isoformat()
    return "plain", value


def _queue(session: Session, row: MessageRow) -> None:
    enqueue(session, row)
