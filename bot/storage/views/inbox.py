"""What participants wrote to the site team: what waits, what was settled, and the replies that went."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from bot.people.roles import ALL_SITES
from bot.storage.tables import ChatRow, CorrectionRow, MessageRow, ParticipantRow, SiteMessageRow, SiteReplyRow

SETTLED_SHOWN = 30


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """One reply and how its message ended (`planned` while on its way)."""

    reply: SiteReplyRow
    state: str


@dataclass(frozen=True, slots=True)
class InboxLine:
    """One message with whom it came from, whether a reply can reach them, and the replies so far."""

    message: SiteMessageRow
    code: str
    site: str
    language: str
    reachable: bool
    replies: Sequence[ReplyLine]


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of waiting messages, the oldest first, how many wait in all, the latest settled, corrections open."""

    waiting: Sequence[InboxLine]
    total: int
    settled: Sequence[InboxLine]
    corrections: int


def read_inbox(session: Session, scope: str, *, offset: int, limit: int) -> Inbox:
    """The messages of a scope (site ids joined by commas, or `all`): six queries."""
    waiting = session.exec(
        _scoped(_messages().where(col(SiteMessageRow.acknowledged_at).is_(None)), scope)
        .order_by(col(SiteMessageRow.received_at), col(SiteMessageRow.id))
        .offset(offset)
        .limit(limit)
    ).all()  # fmt: skip
    settled = session.exec(
        _scoped(_messages().where(col(SiteMessageRow.acknowledged_at).is_not(None)), scope)
        .order_by(col(SiteMessageRow.acknowledged_at).desc())
        .limit(SETTLED_SHOWN)
    ).all()
    people = {participant.id for _message, participant in (*waiting, *settled)}
    reachable = set(
        session.exec(
            select(ChatRow.participant_id).where(
                col(ChatRow.participant_id).in_(people),
                col(ChatRow.unbound_at).is_(None),
                col(ChatRow.blocked_at).is_(None),
            )
        ).all()
    )
    replies = _replies(session, [message.id for message, _participant in (*waiting, *settled)])
    return Inbox(
        [_line(message, participant, reachable, replies) for message, participant in waiting],
        waiting_messages(session, scope),
        [_line(message, participant, reachable, replies) for message, participant in settled],
        waiting_corrections(session, scope),
    )


def count_inbox(session: Session, scope: str) -> int:
    """Messages not acknowledged and corrections not decided."""
    return waiting_messages(session, scope) + waiting_corrections(session, scope)


def waiting_messages(session: Session, scope: str) -> int:
    """How many messages nobody has acknowledged."""
    query = select(func.count()).select_from(SiteMessageRow).join(
        ParticipantRow, col(ParticipantRow.id) == col(SiteMessageRow.participant_id)
    )  # fmt: skip
    return int(session.exec(_scoped(query.where(col(SiteMessageRow.acknowledged_at).is_(None)), scope)).one())


def waiting_corrections(session: Session, scope: str) -> int:
    """How many requests for a correction wait."""
    query = select(func.count()).select_from(CorrectionRow).join(
        ParticipantRow, col(ParticipantRow.id) == col(CorrectionRow.participant_id)
    )  # fmt: skip
    return int(session.exec(_scoped(query.where(CorrectionRow.state == "open"), scope)).one())


def _messages() -> Any:
    return select(SiteMessageRow, ParticipantRow).join(
        ParticipantRow, col(ParticipantRow.id) == col(SiteMessageRow.participant_id)
    )


def _scoped(statement: Any, scope: str) -> Any:
    if scope == ALL_SITES:
        return statement
    return statement.where(col(ParticipantRow.site).in_(scope.split(",")))


def _replies(session: Session, messages: Collection[int | None]) -> Mapping[int, list[ReplyLine]]:
    rows = session.exec(
        select(SiteReplyRow, MessageRow.state)
        .join(MessageRow, col(MessageRow.dedupe_key) == col(SiteReplyRow.dedupe_key), isouter=True)
        .where(col(SiteReplyRow.site_message_id).in_(messages))
        .order_by(col(SiteReplyRow.id))
    ).all()
    found: dict[int, list[ReplyLine]] = defaultdict(list)
    for reply, state in rows:
        ended = state in ("sent", "refused", "unknown", "expired", "cancelled")
        found[reply.site_message_id].append(ReplyLine(reply, state if ended else "planned"))
    return found


def _line(
    message: SiteMessageRow,
    participant: ParticipantRow,
    reachable: Collection[int],
    replies: Mapping[int, list[ReplyLine]],
) -> InboxLine:
    return InboxLine(
        message,
        participant.code,
        participant.site,
        participant.language,
        participant.id in reachable,
        tuple(replies.get(message.id or 0, ())),
    )
