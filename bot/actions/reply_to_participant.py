"""Reply to a participant's message in their chat: an approved frame, or own words that give nothing away."""

import json
from typing import Final

from sqlmodel import func, select

from bot.actions.acknowledge_message import acknowledge_message
from bot.actions.queue import REPLY_LIFE
from bot.actions.site_acts import check_may
from bot.actions.study import Study
from bot.errors import InvalidInputError, RefusedError
from bot.messages.discreet import TELLING_WORDS
from bot.people.roles import Permission
from bot.storage.outbox import enqueue
from bot.storage.participants import bound_chat
from bot.storage.tables import MessageRow, ParticipantRow, SiteMessageRow, SiteReplyRow
from bot.storage.tables.contact import REPLY_FRAMES
from bot.storage.trail import Trail
from schedules.protocol import Site

TEAM: Final = "team"
LONGEST: Final = 160


def reply_to_participant(
    audit: Trail, message: SiteMessageRow, participant: ParticipantRow, frame: str, *, words: str, study: Study
) -> SiteReplyRow:
    """Queue the reply and acknowledge the message; the trail says that a reply went, not its words."""
    check_may(audit.actor, Permission.RUN_DIARY, "reply to participants")
    own = check_frame(frame, words)
    chat = bound_chat(audit.session, participant.id or 0)
    if chat is None or chat.blocked_at is not None:
        raise RefusedError("No message reaches %(who)s at present: call instead.", who=participant.code)
    row = _row(audit, message, participant, frame, own)
    audit.session.add(row)
    audit.session.flush()
    audit.record("reply", "site_reply", str(row.id), field_name="frame", new=frame)
    _queue(audit, row, participant, chat.address, study.protocol.site(participant.site))
    acknowledge_message(audit, message, participant)
    return row


def check_frame(frame: str, words: str) -> str | None:
    """The own words of a reply, or None for a fixed frame; raises InvalidInputError for words that tell too much."""
    if frame not in REPLY_FRAMES:
        raise InvalidInputError(
            "A reply has one of the frames %(known)s.", known=", ".join(REPLY_FRAMES), code="frame_invalid"
        )
    if frame != "words":
        return None
    own = " ".join(words.split())
    if not own or len(own) > LONGEST:
        raise InvalidInputError("Own words are 1 to %(longest)s characters.", longest=LONGEST, code="words_length")
    found = telling(own)
    if found:
        raise InvalidInputError(
            "The words %(found)s could be read on a locked phone: leave them out, or call.",
            found=", ".join(found),
            code="words_telling",
        )
    return own


def telling(words: str) -> tuple[str, ...]:
    """What in a text would give the reader away, wherever it stands."""
    return tuple(dict.fromkeys(TELLING_WORDS.findall(words)))


def _row(
    audit: Trail, message: SiteMessageRow, participant: ParticipantRow, frame: str, words: str | None
) -> SiteReplyRow:
    earlier = select(func.count()).select_from(SiteReplyRow).where(SiteReplyRow.site_message_id == message.id)
    number = audit.session.exec(earlier).one() + 1
    return SiteReplyRow(
        site_message_id=message.id or 0,
        participant_id=participant.id or 0,
        frame=frame,
        words=words,
        replied_at=audit.now,
        replied_by=audit.actor.id,
        dedupe_key=f"team/{message.id}/{number}",
    )


def _queue(audit: Trail, row: SiteReplyRow, participant: ParticipantRow, address: int, site: Site) -> None:
    payload = {
        TEAM: row.frame,
        "language": participant.language,
        "params": {"phone": site.phone, **({"words": row.words} if row.words else {})},
    }
    enqueue(
        audit.session,
        MessageRow(
            dedupe_key=row.dedupe_key,
            participant_id=participant.id,
            address=address,
            kind="reply",
            payload=json.dumps(payload, ensure_ascii=False),
            due_at=audit.now,
            not_after=audit.now + REPLY_LIFE,
            priority=0,
            created_at=audit.now,
        ),
    )
