"""The durable inbox: updates are stored before they are confirmed, and taken up in order for each chat."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal_column, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from bot.storage.notices import INBOX, notify
from bot.storage.prepared import Prepared, put_by_id
from bot.storage.tables import InboxRow
from bot.storage.turns import try_turn

WRITE = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode
NAMES = frozenset({"first_name", "last_name", "username", "phone_number", "vcard", "sender_user_name"})
BIGGEST = 2**63 - 1
NO_CHAT = 0  # the queue of updates that name no private chat
CHAT = func.coalesce(col(InboxRow.address), NO_CHAT)
WAITING = col(InboxRow.state) == literal_column("'waiting'")  # written out: a partial index serves nothing else
WAITING_CHATS = (
    select(CHAT.label("chat"))
    .where(WAITING)
    .group_by(CHAT)
    .order_by(func.min(col(InboxRow.id)))
    .limit(bindparam("room"))
)
FIRST_CHATS = Prepared[Any](WAITING_CHATS)


def _next_of(chat: ColumnElement[bool]) -> Prepared[InboxRow]:
    """The first two that wait of one chat, by an index of its own: a flood leaves thousands behind them."""
    waiting = select(InboxRow.__table__).where(WAITING, chat)  # type: ignore[attr-defined]  # SQLModel does not declare it
    return Prepared[InboxRow](waiting.order_by(col(InboxRow.update_id)).limit(2))


NEXT_OF_CHAT = _next_of(col(InboxRow.address) == bindparam("chat"))
NEXT_OF_NONE = _next_of(col(InboxRow.address).is_(None))
WORDLESS = Prepared[InboxRow](
    update(InboxRow).where(col(InboxRow.update_id) == bindparam("number")).values(body=literal_column("'{}'"))
)
COLUMNS = ("update_id", "address", "body", "received_at")
FRESH = {name: bindparam(name) for name in COLUMNS} | {"state": "waiting", "attempts": 0}
ONCE = {
    name: Prepared[InboxRow](insert(InboxRow).values(FRESH).on_conflict_do_nothing(index_elements=["update_id"]))
    for name, insert in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
}


def strip_names(value: Any) -> Any:
    """The update without what names a person: names are blanked, since Telegram's types insist on the key."""
    if isinstance(value, dict):
        return {key: "" if key in NAMES else strip_names(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [strip_names(inner) for inner in value]
    return value


def store_updates(session: Session, updates: Iterable[Any], *, now: datetime) -> Sequence[int]:
    """Store raw updates, each at most once; answers the chat of each that was new. `now` is study time."""
    new = [chat for update in updates if (chat := _store(session, update, now)) is not None]
    if new:
        notify(session, INBOX)
    return new


def _store(session: Session, update: Any, now: datetime) -> int | None:
    stripped = strip_names(update)
    address = chat_of(stripped)
    body = WRITE(stripped)
    once = ONCE[session.get_bind().dialect.name]
    new = once.run(session, update_id=_update_id(stripped, body), address=address, body=body, received_at=now)
    return (address or NO_CHAT) if new else None


def _update_id(update: Any, body: str) -> int:
    """The update's own number; for a malformed update without one, a negative number made from its text."""
    number = update.get("update_id") if isinstance(update, Mapping) else None
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= BIGGEST:
        return number
    return -1 - int.from_bytes(hashlib.sha256(body.encode()).digest()[:6], "big")


def chat_of(update: Any) -> int | None:
    """The chat whose order this update must keep; None when it names none, for which 0 stands as well."""
    if not isinstance(update, Mapping):
        return None
    for kind in ("message", "edited_message", "my_chat_member"):
        if found := _number(update.get(kind), "chat"):
            return found
    return _number(update.get("callback_query"), "from")


def _number(holder: Any, key: str) -> int | None:
    inner = holder.get(key) if isinstance(holder, Mapping) else None
    number = inner.get("id") if isinstance(inner, Mapping) else None
    usable = isinstance(number, int) and not isinstance(number, bool) and abs(number) <= BIGGEST
    return number or None if usable else None


def waiting_chats(session: Session, *, busy: Collection[int], limit: int) -> list[int]:
    """Chats with updates to handle, the longest waiting first, without those already being served."""
    if not busy:
        return [row.chat for row in FIRST_CHATS.all(session, room=limit)]
    return list(session.exec(WAITING_CHATS.where(CHAT.not_in(busy)), params={"room": limit}))


def next_waiting(session: Session, chat: int) -> Sequence[InboxRow]:
    """The oldest update of this chat that waits, locked until the transaction ends, and the one behind it.

    Oldest by Telegram's own number: a webhook may bring a text before the tap that was made first.

    Empty when nothing waits, or when another process serves this chat (PostgreSQL).
    """
    if not try_turn(session, chat):
        return ()
    return NEXT_OF_NONE.all(session) if chat == NO_CHAT else NEXT_OF_CHAT.all(session, chat=chat)


def forget_words(session: Session, update_id: int) -> None:
    """Keep of an update only that it came: of what people write who have no part in the study."""
    WORDLESS.run(session, number=update_id)


def mark_done(session: Session, row: InboxRow, *, now: datetime, problem: str | None = None) -> None:
    """The update has had its effect, or is of a kind that has none (then `problem` holds the code)."""
    put_by_id(session, InboxRow, row.id, state="done", handled_at=now, problem=problem)


def put_aside(session: Session, row: InboxRow, *, problem: str, now: datetime) -> None:
    """Quarantine an update that cannot be handled; `problem` is a code, never text."""
    put_by_id(session, InboxRow, row.id, state="aside", handled_at=now, problem=problem)


def count_attempt(session: Session, inbox_id: int) -> int:
    """One more failed attempt at this update; answers how many there have been."""
    statement = update(InboxRow).where(col(InboxRow.id) == inbox_id)
    done = statement.values(attempts=col(InboxRow.attempts) + 1).returning(col(InboxRow.attempts))
    return int(session.connection().execute(done).scalar_one())


def count_waiting(session: Session) -> int:
    """How many updates wait to be handled."""
    return session.exec(select(func.count()).select_from(InboxRow).where(col(InboxRow.state) == "waiting")).one()


def oldest_waiting(session: Session) -> int | None:
    """The id of the update that has waited longest."""
    return session.exec(select(func.min(InboxRow.id)).where(col(InboxRow.state) == "waiting")).one()


def count_aside(session: Session) -> int:
    """How many updates stand in quarantine."""
    return session.exec(select(func.count()).select_from(InboxRow).where(col(InboxRow.state) == "aside")).one()
