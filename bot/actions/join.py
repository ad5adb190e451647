"""Join: an invitation is claimed by a chat, and with the agreement to the notice the chat becomes the participant's."""

from datetime import datetime

from bot.actions.plan_messages import plan_participant
from bot.actions.queue import queue_edit_text
from bot.actions.study import Study
from bot.actions.tasks import close_tasks
from bot.errors import RefusedError
from bot.people.invitations import InvitationFacts, InvitationVerdict, judge_invitation
from bot.storage.diary import all_cards_with_copies
from bot.storage.participants import bound_chat
from bot.storage.tables import ChatRow, InvitationRow, PanelRow, ParticipantRow
from bot.storage.trail import Trail, insert, update


def verdict_on(row: InvitationRow, address: int, now: datetime) -> InvitationVerdict:
    """What this invitation is worth to a chat at `now`."""
    facts = InvitationFacts(row.expires_at, row.claimed_chat, row.used_at, row.revoked_at)
    return judge_invitation(facts, address, now)


def claim_invitation(audit: Trail, row: InvitationRow, address: int) -> None:
    """Tie the invitation to the first chat that opens it."""
    if row.claimed_chat is None:
        row.claimed_chat = address
        audit.session.add(row)
        audit.record("claim_invitation", "invitation", str(row.id))


def join(
    audit: Trail, participant: ParticipantRow, invitation: InvitationRow, panel: PanelRow, *, study: Study
) -> ChatRow:
    """Bind the chat: the agreement, its notice version and time are kept; an older chat is let go."""
    if (
        participant.withdrawn_at is not None
        or verdict_on(invitation, panel.address, audit.now) is not InvitationVerdict.OPEN
    ):
        raise RefusedError("This invitation can no longer be used.")
    _let_go(audit, participant)
    chat = ChatRow(participant_id=participant.id or 0, channel=panel.channel, address=panel.address, bound_at=audit.now)
    insert(audit, chat, "bind_chat", fields=("channel", "bound_at"))
    update(audit, invitation, "use_invitation", used_at=audit.now)
    site = study.protocol.site(participant.site)
    update(
        audit,
        participant,
        "join",
        notice_version=site.notice_version,
        language=panel.language,
        joined_at=participant.joined_at or audit.now,
    )
    audit.record(
        "agree_notice", "participant", str(participant.id), field_name="notice_version", new=site.notice_version
    )
    close_tasks(audit, participant, "blocked")
    plan_participant(audit.session, participant, study=study, now=audit.now)
    return chat


def _let_go(audit: Trail, participant: ParticipantRow) -> None:
    """Unbind the older chat: its cards lose their words and buttons, and it gets no further study text."""
    old = bound_chat(audit.session, participant.id or 0)
    if old is None:
        return
    for card in all_cards_with_copies(audit.session, participant.id or 0):
        queue_edit_text(
            audit.session,
            address=old.address,
            message_id=card.provider_msg_id or 0,
            reference=f"{audit.request_id}/moved",
            participant_id=participant.id,
            now=audit.now,
            message="moved_chat",
            language=participant.language,
        )
        card.chat_id, card.provider_msg_id = None, None
        audit.session.add(card)
    update(audit, old, "unbind_chat", unbound_at=audit.now)
    audit.session.flush()


def prove_reach(audit: Trail, participant: ParticipantRow, chat: ChatRow, *, study: Study) -> None:
    """A message reached the participant and a tap came back."""
    if chat.reach_at is None:
        update(audit, chat, "prove_reach", reach_at=audit.now)
        plan_participant(audit.session, participant, study=study, now=audit.now)
