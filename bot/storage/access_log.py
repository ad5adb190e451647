"""Access events: views, exports, sign-ins and refusals, hash-chained beside the audit trail, at the system's time."""

import secrets
from datetime import datetime

from sqlmodel import Session, col, select

from bot.audit import GENESIS, AuditEvent, as_text, chain_hash
from bot.people.actor import Actor, Origin
from bot.storage.tables.access import AccessRow
from bot.storage.trail import APP_VERSION
from bot.storage.turns import ACCESS, await_turn


def record_access(
    session: Session,
    actor: Actor,
    action: str,
    *,
    at: datetime,
    origin: Origin = Origin.CLINIC,
    entity: str = "",
    entity_id: str = "",
    participant: str | None = None,
    detail: object = None,
    request_id: str | None = None,
) -> None:
    """Add one event to the chain; `detail` is a code word or a count, never what was seen."""
    seq, previous = _head(session)
    event = AuditEvent(
        seq=seq + 1,
        at=at,
        shifted=False,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        origin=origin.value,
        action=action,
        entity=entity,
        entity_id=entity_id,
        participant=participant,
        field=None,
        old=None,
        new=as_text(detail),
        reason=None,
        request_id=request_id or secrets.token_urlsafe(9),
        app_version=APP_VERSION,
    )
    values = {name: getattr(event, name) for name in event.__slots__}
    session.add(AccessRow(**values, prev_hash=previous, hash=chain_hash(previous, event)))
    session.flush()


def _head(session: Session) -> tuple[int, str]:
    await_turn(session, ACCESS)
    query = select(AccessRow.seq, AccessRow.hash).order_by(col(AccessRow.seq).desc()).limit(1)
    row = session.exec(query).first()
    return (row[0], row[1]) if row else (0, GENESIS)
