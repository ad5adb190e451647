"""The audit trail of one transaction, and the only two ways to write an audited row."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from bot.audit import GENESIS, AuditEvent, as_text, chain_hash
from bot.people.actor import Actor, Origin
from bot.storage.prepared import Prepared, adding
from bot.storage.tables.study import AuditRow
from bot.storage.turns import AUDIT, await_turn

HEAD = Prepared[AuditRow](select(col(AuditRow.seq), col(AuditRow.hash)).order_by(col(AuditRow.seq).desc()).limit(1))
ADD = adding(AuditRow)


def app_version() -> str:
    """The installed version of the product."""
    try:
        return version("cdai-diary")
    except PackageNotFoundError:
        return "source"


APP_VERSION = app_version()


@dataclass
class Trail:
    """Who acts, through which door, at which study time; collects and chains this transaction's events."""

    session: Session
    now: datetime
    actor: Actor
    origin: Origin
    shifted: bool = False
    participant: str | None = None
    request_id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    _head: tuple[int, str] | None = None

    def record(
        self,
        action: str,
        entity: str,
        entity_id: str,
        *,
        field_name: str | None = None,
        old: object = None,
        new: object = None,
        reason: str | None = None,
    ) -> None:
        """Add one event to the chain, in this transaction."""
        seq, previous = self._head or self._read_head()
        columns: dict[str, Any] = {
            "seq": seq + 1,
            "at": self.now,
            "shifted": self.shifted,
            "actor_kind": self.actor.kind.value,
            "actor_id": self.actor.id,
            "actor_role": self.actor.role,
            "origin": self.origin.value,
            "action": action,
            "entity": entity,
            "entity_id": entity_id,
            "participant": self.participant,
            "field": field_name,
            "old": as_text(old),
            "new": as_text(new),
            "reason": as_text(reason),
            "request_id": self.request_id,
            "app_version": APP_VERSION,
        }
        digest = chain_hash(previous, AuditEvent(**columns))
        ADD.run(self.session, **columns, prev_hash=previous, hash=digest)
        self._head = (seq + 1, digest)

    def _read_head(self) -> tuple[int, str]:
        await_turn(self.session, AUDIT)
        row = HEAD.first(self.session)
        return (row.seq, row.hash) if row else (0, GENESIS)


def insert(trail: Trail, row: SQLModel, action: str, *, fields: tuple[str, ...], reason: str | None = None) -> None:
    """Add a row, with one audit event for each of the named fields that holds something."""
    trail.session.add(row)
    trail.session.flush()
    for name in fields:
        value = getattr(row, name)
        if value is not None:
            trail.record(action, entity_of(row), id_of(row), field_name=name, new=value, reason=reason)


def update(trail: Trail, row: SQLModel, action: str, *, reason: str | None = None, **values: object) -> bool:
    """Change columns of a row, with one audit event for each column that really changes; answers whether any did."""
    changed = False
    for name, value in values.items():
        old = getattr(row, name)
        if old != value:
            setattr(row, name, value)
            trail.record(action, entity_of(row), id_of(row), field_name=name, old=old, new=value, reason=reason)
            changed = True
    trail.session.add(row)
    return changed


def entity_of(row: SQLModel) -> str:
    return str(row.__class__.__tablename__)


def id_of(row: SQLModel) -> str:
    return str(getattr(row, "id", None) or getattr(row, "key", ""))
