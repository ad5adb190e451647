"""Single-use invitations: whether one still opens a chat, and for whom."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InvitationVerdict(StrEnum):
    """What an invitation is worth to the chat that shows it."""

    OPEN = "open"
    USED_HERE = "used_here"
    WORTHLESS = "worthless"


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """What is stored of an invitation: when it expires, which chat began with it, whether it is spent or revoked."""

    expires_at: datetime
    claimed_chat: int | None
    used_at: datetime | None
    revoked_at: datetime | None


def judge_invitation(facts: InvitationFacts, address: int, now: datetime) -> InvitationVerdict:
    """An invitation works once, for one chat, until it expires; a chat half-way through joining may come back to it."""
    if facts.revoked_at is not None or (facts.claimed_chat not in (None, address)):
        return InvitationVerdict.WORTHLESS
    if facts.used_at is not None:
        return InvitationVerdict.USED_HERE if facts.claimed_chat == address else InvitationVerdict.WORTHLESS
    return InvitationVerdict.OPEN if now < facts.expires_at else InvitationVerdict.WORTHLESS
