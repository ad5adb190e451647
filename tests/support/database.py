"""A migrated study database in a file, and rows with valid defaults for tests that care about one column."""

import atexit
import functools
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot.storage.database import Database
from bot.storage.outbox import enqueue
from bot.storage.schema import migrate
from bot.storage.tables import CardRow, ChatRow, MessageRow, ParticipantRow

T0 = datetime(2025, 3, 24, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai, the evening of the first diary day
_numbers = itertools.count(1)


@functools.cache
def migrated_file() -> Path:
    """An empty study database, migrated once per test run and copied from then on."""
    folder = Path(tempfile.mkdtemp(prefix="cdai-diary-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'empty.sqlite3'}", synchronous="OFF")
    migrate(database)
    database.close()
    return folder / "empty.sqlite3"


@contextmanager
def study_database(folder: Path, *, inline: bool = False) -> Iterator[Database]:
    """A SQLite study database with the current schema, closed at the end."""
    file = folder / "diary.sqlite3"
    shutil.copyfile(migrated_file(), file)
    database = Database(f"sqlite:///{file}", synchronous="OFF", inline=inline)
    try:
        yield database
    finally:
        database.close()


def add_participant(session: Session, **values: Any) -> ParticipantRow:
    """A participant in Shanghai who reads English and is asked at 20:00."""
    defaults: dict[str, Any] = {
        "code": f"SH-{next(_numbers):03d}",
        "site": "seh",
        "sex": "female",
        "height_cm": "165",
        "language": "en",
        "hour": "20:00",
        "baseline_on": date(2025, 3, 31),
        "enrolled_at": T0 - timedelta(days=10),
    }
    row = ParticipantRow(**(defaults | values))
    session.add(row)
    session.flush()
    return row


def add_chat(session: Session, participant: ParticipantRow, **values: Any) -> ChatRow:
    """The chat that is bound to a participant."""
    defaults: dict[str, Any] = {
        "participant_id": participant.id,
        "address": 5_000_000_000 + next(_numbers),
        "bound_at": T0 - timedelta(days=9),
    }
    row = ChatRow(**(defaults | values))
    session.add(row)
    session.flush()
    return row


def add_card(session: Session, participant: ParticipantRow, **values: Any) -> CardRow:
    """The card of a participant's first diary day, not begun."""
    defaults: dict[str, Any] = {
        "participant_id": participant.id,
        "diary_day": T0.date(),
        "visit": "W00",
        "key": f"{next(_numbers):016d}",
        "shown": "start",
    }
    row = CardRow(**(defaults | values))
    session.add(row)
    session.flush()
    return row


def message_row(**values: Any) -> MessageRow:
    """A reply that is due at T0, not stored yet."""
    defaults: dict[str, Any] = {
        "dedupe_key": f"m{next(_numbers)}",
        "kind": "reply",
        "address": 5_000_000_001,
        "due_at": T0,
        "priority": 0,
        "created_at": T0,
    }
    return MessageRow(**(defaults | values))


def add_message(session: Session, **values: Any) -> bool:
    """Queue a message; answers whether its key was new."""
    return enqueue(session, message_row(**values))
