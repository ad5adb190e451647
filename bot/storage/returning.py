"""How far the return after a silence has come: which participants' open cards are still to be redrawn."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.storage.facts import note_fact
from bot.storage.prepared import Prepared
from bot.storage.tables import InstanceRow

RETURNING: Final = "returning"
VALUE = Prepared[InstanceRow](select(col(InstanceRow.value)).where(col(InstanceRow.key) == bindparam("key")))


@dataclass(frozen=True, slots=True)
class Returning:
    """A return under way; instants are study time, `after` is the participant that was seen to last."""

    silent_since: datetime
    back_at: datetime
    after: int = 0


def returning(session: Session) -> Returning | None:
    """The return that is under way; None when nobody is left to be seen to."""
    kept = VALUE.first(session, key=RETURNING)
    if kept is None or not kept.value:
        return None
    found = json.loads(kept.value)
    since, at = (datetime.fromisoformat(found[name]) for name in ("silent_since", "back_at"))
    return Returning(since, at, found["after"])


def note_returning(session: Session, how_far: Returning | None, *, now: datetime) -> None:
    """Keep how far it has come; None when it is done."""
    value = ""
    if how_far is not None:
        since, at = how_far.silent_since.isoformat(), how_far.back_at.isoformat()
        value = json.dumps({"silent_since": since, "back_at": at, "after": how_far.after})
    note_fact(session, RETURNING, value, at=now)
