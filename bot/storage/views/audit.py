"""The audit trail and the record of access as pages show them: filtered, newest first, in a fixed number of queries."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_
from sqlmodel import Session, col, select

from bot.people.roles import ALL_SITES
from bot.storage.tables import AccessRow, AuditRow, InstanceRow, ParticipantRow

# Events of these concern accounts, not participants; another permission opens them.
OF_ACCOUNTS: Final = frozenset(
    {"staff", "staff_credential", "staff_setup", "staff_session", "staff_chat", "recovery_code"}
)
OF_THE_STUDY: Final = frozenset({"protocol", "outage", "clock"})
ANCHORED, VERIFIED = "audit_anchored", "audit_verified"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; what is left empty does not narrow. `since` and `until` (excluded) are instants."""

    participant: str = ""
    field: str = ""
    person: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    whole: bool = False  # `participant` is somebody's whole code


@dataclass(frozen=True, slots=True)
class ChainState:
    """What is known of the chain: the last verification with its result, the last anchor, and the present head.

    `kind` and `bad_seq` name what the verification found, None when it was intact.
    """

    events: int
    head: str | None
    verified_at: datetime | None
    verified_seq: int
    kind: str | None
    bad_seq: int | None
    anchored_at: datetime | None
    anchored_seq: int


def audit_events(
    session: Session, wanted: Wanted, *, scope: str, offset: int = 0, limit: int | None = None
) -> Sequence[AuditRow]:
    """Events of participants within a scope (site ids joined by commas, or `all`) and of the study, newest first."""
    wanted = whole_code(session, wanted)
    statement = _narrowed(select(AuditRow), AuditRow, wanted).where(_in_scope(scope))
    return list(session.exec(statement.order_by(col(AuditRow.seq).desc()).offset(offset).limit(limit)).all())


def count_audit_events(session: Session, wanted: Wanted, *, scope: str) -> int:
    """How many events `audit_events` has in all."""
    if wanted == Wanted() and scope == ALL_SITES:
        return _count_all(session)
    wanted = whole_code(session, wanted)
    statement = _narrowed(select(func.count()).select_from(AuditRow), AuditRow, wanted).where(_in_scope(scope))
    return int(session.exec(statement).one())


def _count_all(session: Session) -> int:
    """All events but those of accounts. The chain has no gap, and events that name nobody are few and indexed."""
    of_accounts = select(func.count()).where(col(AuditRow.participant).is_(None), col(AuditRow.entity).in_(OF_ACCOUNTS))
    query = select(func.coalesce(func.max(AuditRow.seq), 0) - of_accounts.scalar_subquery())
    return int(session.exec(query).one())


def whole_code(session: Session, wanted: Wanted) -> Wanted:
    """Mark a participant's code that is given in full, so that only this participant's events are read."""
    code = wanted.participant.upper()
    found = code and session.exec(select(ParticipantRow.id).where(ParticipantRow.code == code)).first()
    return replace(wanted, participant=code, whole=True) if found else wanted


def account_events(session: Session, wanted: Wanted, *, offset: int, limit: int) -> tuple[Sequence[AuditRow], int]:
    """Events of accounts, newest first, and how many there are."""
    of_accounts = col(AuditRow.entity).in_(OF_ACCOUNTS)
    return _page(session, AuditRow, wanted, of_accounts, offset, limit)


def access_events(session: Session, wanted: Wanted, *, offset: int, limit: int) -> tuple[Sequence[AccessRow], int]:
    """What was looked at, exported, signed in to and refused, newest first, and how many there are."""
    return _page(session, AccessRow, wanted, col(AccessRow.seq) > 0, offset, limit)


def _page(
    session: Session, table: Any, wanted: Wanted, where: ColumnElement[bool], offset: int, limit: int
) -> tuple[Sequence[Any], int]:
    wanted = whole_code(session, wanted)
    found = _narrowed(select(table), table, wanted).where(where)
    count = _narrowed(select(func.count()).select_from(table), table, wanted).where(where)
    rows = session.exec(found.order_by(col(table.seq).desc()).offset(offset).limit(limit)).all()
    return rows, int(session.exec(count).one())


def _narrowed(statement: Any, table: Any, wanted: Wanted) -> Any:
    """Only what is asked for; a code and a person may be given in part."""
    if wanted.whole:
        statement = statement.where(table.participant == wanted.participant)
    elif wanted.participant:
        statement = statement.where(col(table.participant).contains(wanted.participant.upper(), autoescape=True))
    if wanted.person:
        named = func.lower(col(table.actor_id)).contains(wanted.person.lower(), autoescape=True)
        statement = statement.where(named)
    if wanted.field:
        statement = statement.where(table.field == wanted.field)
    if wanted.action:
        statement = statement.where(table.action == wanted.action)
    if wanted.since is not None:
        statement = statement.where(table.at >= wanted.since)
    return statement if wanted.until is None else statement.where(table.at < wanted.until)


def _in_scope(scope: str) -> ColumnElement[bool]:
    study = and_(col(AuditRow.participant).is_(None), col(AuditRow.entity).in_(OF_THE_STUDY))
    if scope == ALL_SITES:
        return or_(col(AuditRow.participant).is_not(None), col(AuditRow.entity).not_in(OF_ACCOUNTS))
    own: Select[Any] = select(ParticipantRow.code).where(col(ParticipantRow.site).in_(scope.split(",")))
    return or_(study, col(AuditRow.participant).in_(own), false())


def chain_state(session: Session) -> ChainState:
    """How the chain stands, by what has been noted; nothing is verified here."""
    facts = {
        row.key: row for row in session.exec(select(InstanceRow).where(col(InstanceRow.key).in_((ANCHORED, VERIFIED))))
    }
    head = session.exec(select(AuditRow.seq, AuditRow.hash).order_by(col(AuditRow.seq).desc()).limit(1)).first()
    verified, anchored = facts.get(VERIFIED), facts.get(ANCHORED)
    result = json.loads(verified.value) if verified is not None else {}
    return ChainState(
        events=head[0] if head else 0,
        head=head[1] if head else None,
        verified_at=verified.learnt_at if verified is not None else None,
        verified_seq=result.get("seq", 0),
        kind=result.get("kind"),
        bad_seq=result.get("at"),
        anchored_at=anchored.learnt_at if anchored is not None else None,
        anchored_seq=json.loads(anchored.value)["seq"] if anchored is not None else 0,
    )
