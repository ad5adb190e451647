"""The outbox: one table of messages, claimed under a lease, each ending in exactly one recorded state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    Interval,
    Table,
    bindparam,
    case,
    func,
    literal_column,
    not_,
    or_,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from bot.storage.notices import OUTBOX, notify
from bot.storage.prepared import Prepared, among, ask, put
from bot.storage.tables import MessageRow
from bot.storage.tracked import Tracked

UNSENT = ("planned", "retry")
HELD = ("claimed", "sending")
REPEATABLE = ("edit", "closing")  # an edit may be made twice without harm
LEASE = timedelta(seconds=60)


def in_states(states: Collection[str]) -> ColumnElement[bool]:
    """Whether a message is in one of these states, written out and not bound.

    A partial index serves only a condition that holds whatever the parameters are.
    """
    return col(MessageRow.state).in_([literal_column(f"'{state}'") for state in states])


# Made once: what the dispatcher asks in every round, and what every tap queues.
MESSAGES: Table = MessageRow.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
COLUMNS = tuple(name for name in MessageRow.model_fields if name != "id")
VALUES: Mapping[str, Any] = {name: bindparam(name) for name in COLUMNS}
ONCE = {
    name: Prepared[MessageRow](insert(MESSAGES).values(VALUES).on_conflict_do_nothing(index_elements=["dedupe_key"]))
    for name, insert in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
}


def _claimable(priority: ColumnElement[bool], most: ColumnElement[int], clock: ColumnElement[Any]) -> CTE:
    """The first so many that are due and not meant for a busy chat, by number."""
    address, person = MESSAGES.c.address, MESSAGES.c.participant_id
    return (
        select(MESSAGES.c.id)
        .where(
            in_states(UNSENT),
            priority,
            MESSAGES.c.due_at <= bindparam("study_now"),
            or_(MESSAGES.c.next_try_at.is_(None), MESSAGES.c.next_try_at <= clock),
            or_(address.is_(None), not_(among(address, "addresses"))),
            or_(person.is_(None), not_(among(person, "people"))),
        )
        .order_by(MESSAGES.c.due_at, MESSAGES.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte()
    )


def _claim(clock: ColumnElement[Any], until: ColumnElement[Any]) -> Tracked[MessageRow]:
    """Answers first, then planned messages: one by one, so that an index gives the order and ten thousand due rows
    are not sorted for ten."""
    room: ColumnElement[int] = bindparam("room", type_=Integer)
    answers = _claimable(MESSAGES.c.priority == literal_column("0"), room, clock)
    left = bindparam("planned", type_=Integer) - select(func.count()).select_from(answers).scalar_subquery()
    planned = _claimable(MESSAGES.c.priority > literal_column("0"), case((left > 0, left), else_=0), clock)
    return Tracked(
        MessageRow,
        update(MESSAGES)
        .where(MESSAGES.c.id.in_(union_all(select(answers.c.id), select(planned.c.id))))
        .values(state="claimed", lease_owner=bindparam("owner"), lease_until=until, fence=MESSAGES.c.fence + 1)
        .returning(*MESSAGES.columns),
    )


# Leases and pauses run by the caller's clock on SQLite, by the database's own on PostgreSQL.
CLAIM = {
    "sqlite": _claim(bindparam("clock"), bindparam("until")),
    "postgresql": _claim(func.clock_timestamp(), func.clock_timestamp() + bindparam("lease", type_=Interval)),
}
HELD_ROW = (
    select(MessageRow)
    .where(
        col(MessageRow.id) == bindparam("held"),
        col(MessageRow.lease_owner) == bindparam("owner"),
        col(MessageRow.fence) == bindparam("fence"),
        in_states(HELD),
    )
    .with_for_update()
)
IN_HAND = Prepared[MessageRow](select(MESSAGES.c.id).where(in_states(HELD)))
SENDING = Prepared[MessageRow](
    update(MESSAGES)
    .where(MESSAGES.c.id == bindparam("number"))
    .values(state="sending", sending_at=bindparam("at"), card_id=bindparam("card"))
)
SENT = Prepared[MessageRow](
    update(MESSAGES)
    .where(
        MESSAGES.c.id == bindparam("number"),
        MESSAGES.c.lease_owner == bindparam("owner"),
        MESSAGES.c.fence == bindparam("held_by"),
        in_states(HELD),
    )
    .values(
        state="sent",
        outcome="delivered",
        reason=None,
        lease_owner=None,
        lease_until=None,
        sent_at=bindparam("at"),
        provider_msg_id=func.coalesce(bindparam("receipt", type_=BigInteger), MESSAGES.c.provider_msg_id),
    )
    .returning(MESSAGES.c.id)
)
# In the order of the index of what waits: for the least instant alone PostgreSQL goes through all that was ever sent.
NEXT_DUE = Prepared[MessageRow](
    select(MESSAGES.c.due_at)
    .where(in_states(UNSENT))
    .order_by(MESSAGES.c.due_at, MESSAGES.c.id)
    .limit(literal_column("1"))
)


def _superseded(*, known: bool, dated: bool, card: bool) -> Prepared[MessageRow]:
    """Unsent edits that a newer one makes needless: of a known participant, a diary day, a card or a panel."""
    owner, day, words = col(MessageRow.participant_id), col(MessageRow.diary_day), col(MessageRow.payload)
    same_words = (col(MessageRow.address) == bindparam("to")) & (words == bindparam("words"))
    found = update(MessageRow).where(
        owner == bindparam("owner") if known else owner.is_(None),  # indexed, where a person is known
        day == bindparam("day") if dated else day.is_(None),
        col(MessageRow.kind) == literal_column("'edit'"),
        col(MessageRow.card_id) == bindparam("card") if card else same_words,
        col(MessageRow.provider_msg_id).is_not_distinct_from(bindparam("copy", type_=BigInteger)),
        in_states((*UNSENT, "claimed")),
        col(MessageRow.dedupe_key) != bindparam("newer"),
    )
    return Prepared(found.values(state="cancelled", reason="superseded", lease_owner=None))


SUPERSEDED = {
    (known, dated, card): _superseded(known=known, dated=dated, card=card)
    for known in (True, False) for dated in (True, False) for card in (True, False)
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds a row: later writes count only for the same owner and fence."""

    id: int
    owner: str
    fence: int


def enqueue(session: Session, row: MessageRow) -> bool:
    """Add a message once per dedupe key; answers whether it was new.

    An edit takes the place of older unsent edits of the same copy of the same card, or of the same panel: both
    are worded when they go out, so that somebody who taps without end leaves one edit and no queue.
    """
    if row.kind == "edit":
        cancel_superseded(session, row)
    once = ONCE[session.get_bind().dialect.name]
    given = row.__dict__  # every column's value, without the ORM's way to each
    new = once.run(session, **{name: given[name] for name in COLUMNS}) > 0
    if new and row.priority == 0:
        notify(session, OUTBOX)
    return new


def cancel_superseded(session: Session, newer: MessageRow) -> None:
    """Cancel unsent edits that the newer one makes needless; those already being sent go their way."""
    known, dated, card = (value is not None for value in (newer.participant_id, newer.diary_day, newer.card_id))
    SUPERSEDED[known, dated, card].run(
        session, owner=newer.participant_id, day=newer.diary_day, card=newer.card_id, to=newer.address,
        words=newer.payload, copy=newer.provider_msg_id, newer=newer.dedupe_key,
    )  # fmt: skip


def claim_due(
    session: Session,
    *,
    owner: str,
    study_now: datetime,
    system_now: datetime,
    limit: int,
    planned: int | None = None,
    lease: timedelta = LEASE,
    busy_addresses: Collection[int] = (),
    busy_participants: Collection[int] = (),
) -> Sequence[MessageRow]:
    """Claim up to `limit` messages that are due, replies first, then in order of due time up to `planned` in all.

    What is meant for a busy chat stays where it is: planned messages name the participant, replies the address.
    Due instants are study time; leases and pauses run by the system clock, on PostgreSQL by the database's.
    """
    clock = {"clock": system_now, "until": system_now + lease, "lease": lease}
    rows = CLAIM[session.get_bind().dialect.name].written(
        session, study_now=study_now, room=limit, planned=limit if planned is None else planned, owner=owner,
        addresses=list(busy_addresses), people=list(busy_participants), **clock,
    )  # fmt: skip
    return sorted(rows, key=lambda row: (row.priority > 0, row.due_at, row.id or 0))


def _stands(row: MessageRow, **values: Any) -> None:
    """Let the row say what has just been written for several at once."""
    for name, value in values.items():
        set_committed_value(row, name, value)


def lease_clock(session: Session, system_now: datetime) -> datetime:
    """The clock that leases run by: the caller's on SQLite, the database's own on PostgreSQL."""
    if session.get_bind().dialect.name == "sqlite":
        return system_now
    found: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def claim_of(row: MessageRow) -> Claim:
    """The proof by which a later transaction finds its row again."""
    return Claim(row.id or 0, row.lease_owner or "", row.fence)


def held_row(session: Session, claim: Claim) -> MessageRow | None:
    """The row as long as this claim still holds it, locked until the transaction ends; else None."""
    proof = {"held": claim.id, "owner": claim.owner, "fence": claim.fence}
    return session.exec(HELD_ROW, params=proof).first()


def finish_delivered(session: Session, receipts: Mapping[Claim, int | None], *, now: datetime) -> frozenset[Claim]:
    """Give every row that its claim still holds the end state `sent`, with its number in the chat; answers which.

    `now` is study time.
    """
    found = ask(
        session,
        *(
            SENT.asked(number=claim.id, owner=claim.owner, held_by=claim.fence, at=now, receipt=number)
            for claim, number in receipts.items()
        ),
    )
    return frozenset(claim for claim, sent in zip(receipts, found, strict=True) if sent)


def begin_sending(
    session: Session, rows: Sequence[MessageRow], *, now: datetime, cards: Mapping[int, int] = MappingProxyType({})
) -> None:
    """Mark rows as on their way: from here on their outcome may stay unknown. `now` is study time.

    `cards` are those that the messages show copies of, by the number of the row.
    """
    for row in rows:
        _stands(row, state="sending", sending_at=now, card_id=cards.get(row.id or 0, row.card_id))
    SENDING.run_all(session, [{"number": row.id, "at": now, "card": row.card_id} for row in rows])


def finish(
    session: Session,
    row: MessageRow,
    state: str,
    *,
    now: datetime,
    provider_msg_id: int | None = None,
    outcome: str | None = None,
    reason: str | None = None,
) -> None:
    """Give the row its end state, with the reason; `now` is study time."""
    put(
        session, row, state=state, outcome=outcome or row.outcome, reason=reason, lease_owner=None, lease_until=None,
        provider_msg_id=provider_msg_id or row.provider_msg_id, sent_at=now if state == "sent" else row.sent_at,
    )  # fmt: skip


def put_back(
    session: Session,
    row: MessageRow,
    *,
    next_try_at: datetime | None,
    outcome: str | None = None,
    counted: bool = False,
) -> None:
    """Let the row wait for another try; `next_try_at` is system time. A counted try makes it a `retry`."""
    attempts = row.attempts + int(counted)
    put(
        session, row, attempts=attempts, state="retry" if attempts else "planned", next_try_at=next_try_at,
        outcome=outcome or row.outcome, lease_owner=None, lease_until=None,
    )  # fmt: skip


def postpone(session: Session, row: MessageRow, *, due_at: datetime) -> None:
    """Give the row a later due instant, in study time."""
    row.due_at = due_at
    put_back(session, row, next_try_at=None)


def abandoned(
    session: Session, *, system_now: datetime, alone: bool, known: Collection[int] = ()
) -> Sequence[MessageRow]:
    """Rows whose holder is gone: the lease ran out, or (`alone`) nobody else may hold any; `known` are in hand."""
    if all(row.id in known for row in IN_HAND.all(session)):
        return []  # as nearly always
    query = select(MessageRow).where(in_states(HELD))
    if known:
        query = query.where(col(MessageRow.id).not_in(known))
    if not alone:
        query = query.where(col(MessageRow.lease_until) < lease_clock(session, system_now))
    rows = session.exec(query.with_for_update(skip_locked=not alone)).all()
    return sorted(rows, key=lambda row: row.id or 0)  # sorted by the database it would read the whole table in order


def recover(
    session: Session, *, system_now: datetime, now: datetime, alone: bool, known: Collection[int] = ()
) -> list[MessageRow]:
    """Free abandoned rows: unsent ones and edits wait again; the others end `unknown` and are answered."""
    unknown = []
    for row in abandoned(session, system_now=system_now, alone=alone, known=known):
        if row.state == "claimed" or row.kind in REPEATABLE:
            put_back(session, row, next_try_at=None, outcome="holder_gone")
        else:
            finish(session, row, "unknown", now=now, outcome="holder_gone", reason="no_receipt")
            unknown.append(row)
    return unknown


def free_unsent(session: Session, *, known: Collection[int]) -> None:
    """Let wait again what the only sender holds and has not in hand: it certainly was not sent."""
    query = select(MessageRow).where(in_states(HELD))
    for row in session.exec(query.where(col(MessageRow.id).not_in(known)) if known else query).all():
        put_back(session, row, next_try_at=None, outcome="not_sent")


def count_due(session: Session, study_now: datetime) -> int:
    """How many messages are due or on their way, waiting ones included."""
    count = select(func.count()).select_from(MessageRow)
    due = session.exec(count.where(in_states(UNSENT), col(MessageRow.due_at) <= study_now)).one()
    return due + session.exec(count.where(in_states(HELD))).one()


def next_due(session: Session) -> datetime | None:
    """The earliest due instant of what is not sent yet, in study time."""
    row = NEXT_DUE.first(session)
    return row.due_at if row is not None else None
