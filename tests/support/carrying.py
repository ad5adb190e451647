"""Stand-ins for the rooms above and the network below, handed to dispatcher and intake as what they ask for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.actions.prepare_message import Prepared, Ready
from bot.actions.study import Study
from bot.channels.outcomes import Delivered, Outcome
from bot.chat.incoming import CallbackAnswer, Incoming, Tapped
from bot.people.keys import Keys
from bot.storage.tables import MessageRow, StrangerRow
from schedules.loader import load_protocol, seed_protocol_path

_study = Study(load_protocol(seed_protocol_path()), Keys())


def seed_study() -> Study:
    """The study of the protocol that comes with the product."""
    return _study


@dataclass
class Network:
    """A way out that keeps what was sent, and answers from a list, then with success."""

    outcomes: list[Outcome] = field(default_factory=list)
    sent: list[Ready] = field(default_factory=list)

    async def send(self, ready: Ready) -> Outcome:
        self.sent.append(ready)
        return self.outcomes.pop(0) if self.outcomes else Delivered(100 + len(self.sent))


def wording(session: Session, row: MessageRow, *, study: Study, now: datetime) -> Prepared:
    """Every row is ready; an edit edits message 12."""
    method = "edit" if row.kind == "edit" else "send"
    return Ready(method, row.address or 5001, row.dedupe_key, (), 12 if method == "edit" else None)


@dataclass
class Ledger:
    """What followed from each end state."""

    seen: list[tuple[str, str, object]] = field(default_factory=list)
    failing: bool = False

    def delivered(self, _session: Session, row: MessageRow, provider_msg_id: int | None, **_: Any) -> None:
        self._note("delivered", row, provider_msg_id)

    def refused(self, _session: Session, row: MessageRow, reason: str, **_: Any) -> None:
        self._note("refused", row, reason)

    def unknown(self, _session: Session, row: MessageRow, **_: Any) -> None:
        self._note("unknown", row, row.outcome)

    def _note(self, what: str, row: MessageRow, detail: object) -> None:
        if self.failing:
            raise LookupError("planted defect")
        self.seen.append((what, row.dedupe_key, detail))


@dataclass
class Desk:
    """A desk that leaves one row per update in the caller's transaction; `before` runs first and may fail."""

    before: Callable[[Incoming], None] = lambda _incoming: None
    handled: list[str] = field(default_factory=list)

    def __call__(self, session: Session, incoming: Incoming, **_: Any) -> CallbackAnswer | None:
        session.add(StrangerRow(address=int(incoming.reference[1:])))
        session.flush()
        self.before(incoming)
        self.handled.append(incoming.reference)
        body = incoming.body
        return CallbackAnswer(body.callback_id, "noted") if isinstance(body, Tapped) else None


def text_update(number: int, chat: int, text: str = "4") -> dict[str, Any]:
    """A private text as Telegram sends it."""
    person = {"id": chat, "is_bot": False, "first_name": "Ann"}
    body = {"message_id": number, "date": 1, "chat": {"id": chat, "type": "private"}, "from": person, "text": text}
    return {"update_id": number, "message": body}


def tap_update(number: int, chat: int) -> dict[str, Any]:
    """A tap as Telegram sends it."""
    person = {"id": chat, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    card = {"message_id": 3, "date": 1, "chat": {"id": chat, "type": "private"}, "text": "card"}
    return {
        "update_id": number,
        "callback_query": {"id": f"c{number}", "from": person, "chat_instance": "1", "data": "x", "message": card},
    }
