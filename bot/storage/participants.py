"""Participants, their chats, panels, zones and invitations: what is looked up, and how each is written.

On PostgreSQL whoever changes anything of a participant holds the lock on the participant's row until the transaction
ends; looking one up in a session that writes takes it. On SQLite the transaction itself lets nobody else in. Several
participants are locked in one statement, and before the audit trail is written, so that nobody waits in a circle.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.errors import NotFoundError
from bot.storage.database import WRITES
from bot.storage.prepared import Prepared, among
from bot.storage.tables import ChatRow, InvitationRow, PanelRow, ParticipantRow, StaffRow, StrangerRow, ZoneRow
from bot.storage.tracked import Tracked, every_column, table_of
from schedules.windows import ZonePeriod

# Made once: what every tap and every message looks up.
BOUND = every_column(ChatRow).where(
    col(ChatRow.participant_id) == bindparam("participant"), col(ChatRow.unbound_at).is_(None)
)
BOUND_CHAT = Tracked(ChatRow, BOUND)
BY_CODE = Tracked(ParticipantRow, every_column(ParticipantRow).where(col(ParticipantRow.code) == bindparam("code")))
CHAT_OF = Prepared[ChatRow](BOUND)
CHAT_AT = Tracked(
    ChatRow,
    every_column(ChatRow).where(
        col(ChatRow.channel) == bindparam("channel"),
        col(ChatRow.address) == bindparam("address"),
        col(ChatRow.unbound_at).is_(None),
    ),
)
PANEL_AT = Tracked(
    PanelRow,
    every_column(PanelRow).where(
        col(PanelRow.channel) == bindparam("channel"), col(PanelRow.address) == bindparam("address")
    ),
)
ZONES = Prepared[ZoneRow](
    select(col(ZoneRow.from_on), col(ZoneRow.tzid))
    .where(col(ZoneRow.participant_id) == bindparam("participant"))
    .order_by(col(ZoneRow.from_on), col(ZoneRow.id))
)


LOCKED = "locked participants"  # in a session's `info`
FIRST_LOCK = (
    select(col(ParticipantRow.id))
    .where(among(table_of(ParticipantRow).c.id, "wanted"))
    .order_by(col(ParticipantRow.id))
)
WAITING_LOCK = Prepared[ParticipantRow](FIRST_LOCK.with_for_update(key_share=True))
PASSING_LOCK = Prepared[ParticipantRow](FIRST_LOCK.with_for_update(key_share=True, skip_locked=True))


def lock_participants(session: Session, wanted: Collection[int], *, wait: bool = True) -> Collection[int]:
    """Let nobody else change these participants until the transaction ends; answers whom we hold.

    Without `wait`, those whom somebody else holds at this moment are left out. What was read before a lock was
    waited for is read again when next needed.
    """
    if not session.info.get(WRITES):
        return wanted
    held: set[int] = session.info.setdefault(LOCKED, set())
    missing = sorted(set(wanted) - held)
    if missing:
        session.flush()
        found = (WAITING_LOCK if wait else PASSING_LOCK).all(session, wanted=missing)
        held.update(row.id for row in found if row.id is not None)
        if wait:
            session.expire_all()
    return held & set(wanted)


def lock_everybody(session: Session) -> None:
    """Lock every participant, in one go, for an act that is about all of them."""
    if session.info.get(WRITES):
        lock_participants(session, list(session.exec(select(ParticipantRow.id)).all()))  # type: ignore[arg-type]


def participant_by_code(session: Session, code: str) -> ParticipantRow:
    """The participant with this code; NotFoundError names the code and how to see those that exist."""
    row = BY_CODE.first(session, code=code)
    if row is None:
        raise NotFoundError("There is no participant %(who)s: `participant list` shows those enrolled.", who=code)
    lock_participants(session, [row.id or 0])
    return row


def participant_by_id(session: Session, participant_id: int) -> ParticipantRow:
    lock_participants(session, [participant_id])
    row = session.get(ParticipantRow, participant_id)
    if row is None:
        raise NotFoundError("This participant no longer exists in the study database.")
    return row


def all_participants(session: Session) -> Sequence[ParticipantRow]:
    return session.exec(select(ParticipantRow).order_by(ParticipantRow.code)).all()


def bound_chat(session: Session, participant_id: int) -> ChatRow | None:
    """The one chat that now belongs to the participant."""
    return BOUND_CHAT.first(session, participant=participant_id)


def chat_of(session: Session, participant_id: int) -> ChatRow | None:
    """The same chat as a plain row: to be looked at and not changed."""
    return CHAT_OF.first(session, participant=participant_id)


def chat_at(session: Session, channel: str, address: int) -> ChatRow | None:
    """The bound chat at an address of a channel."""
    return CHAT_AT.first(session, channel=channel, address=address)


def was_bound(session: Session, channel: str, address: int) -> bool:
    """Whether this address once belonged to a participant and was let go."""
    query = select(ChatRow.id).where(ChatRow.channel == channel, ChatRow.address == address)
    return session.exec(query.limit(1)).first() is not None


def panel_at(session: Session, channel: str, address: int) -> PanelRow | None:
    return PANEL_AT.first(session, channel=channel, address=address)


def stranger_at(session: Session, channel: str, address: int) -> StrangerRow:
    """The counter of an address that belongs to nobody; made when first needed."""
    query = select(StrangerRow).where(StrangerRow.channel == channel, StrangerRow.address == address)
    row = session.exec(query).first()
    if row is None:
        row = StrangerRow(channel=channel, address=address)
        session.add(row)
    return row


def zone_history(session: Session, participant_id: int) -> tuple[ZonePeriod, ...]:
    """The participant's zones, oldest first; the later of two that begin on one day holds."""
    rows = ZONES.all(session, participant=participant_id)
    by_day: dict[date, ZonePeriod] = {row.from_on: ZonePeriod(row.from_on, row.tzid) for row in rows}
    return tuple(by_day.values())


def invitation_by_hash(session: Session, token_hash: str) -> InvitationRow | None:
    return session.exec(select(InvitationRow).where(InvitationRow.token_hash == token_hash)).first()


def open_invitations(session: Session, participant_id: int) -> Sequence[InvitationRow]:
    """Invitations neither used nor revoked, expired ones included."""
    return session.exec(
        select(InvitationRow).where(
            InvitationRow.participant_id == participant_id,
            col(InvitationRow.used_at).is_(None),
            col(InvitationRow.revoked_at).is_(None),
        )
    ).all()


def staff_by_name(session: Session, name: str, now: datetime) -> StaffRow:
    """The staff account of this name that may act at `now`."""
    row = session.exec(select(StaffRow).where(StaffRow.name == name)).first()
    if row is None or (row.disabled_at is not None and row.disabled_at <= now):
        raise NotFoundError(
            "There is no active staff account %(name)s: leave --by out to act as the operator.", name=name
        )
    return row
