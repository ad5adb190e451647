"""The door: invitations, and strangers, who learn nothing."""

from zoneinfo import ZoneInfo

from bot.actions.join import claim_invitation, verdict_on
from bot.actions.link_staff_chat import link_staff_chat
from bot.actions.queue import queue_reply
from bot.chat.call import Call
from bot.chat.outcomes import Reply, ResumeMessages
from bot.chat.panel_desk import carry_out, open_fresh
from bot.people.invitations import InvitationVerdict
from bot.people.keys import token_hash
from bot.people.panel import PanelStep
from bot.storage.inbox import forget_words
from bot.storage.participants import invitation_by_hash, panel_at, participant_by_id, stranger_at
from bot.storage.tables import InvitationRow, StrangerRow

INVITATION_TRIES = 5


def take_invitation(call: Call, token: str) -> None:
    """/start with an invitation: it opens the way in, or gets one neutral sentence whatever is wrong with it."""
    if link_staff_chat(call.trail, token, call.incoming.channel, call.address):
        return
    row = invitation_by_hash(call.session, token_hash(token))
    verdict = _verdict(call, row)
    if row is None or verdict is InvitationVerdict.WORTHLESS:
        _refuse(call)
    elif verdict is InvitationVerdict.USED_HERE or call.participant is not None:
        _welcome_back(call, row)
    else:
        _let_in(call, row)


def answer_stranger(call: Call) -> None:
    """A chat that belongs to nobody: counted, and told once a day that this chat needs an invitation."""
    stranger = _count_stranger(call)
    stranger.messages += 1
    panel = panel_at(call.session, call.incoming.channel, call.address)
    if panel is not None and panel.step == PanelStep.JOIN_DECLINED:
        _say_to_stranger(call, "joining.put_off", limit=INVITATION_TRIES)
    elif panel is not None and panel.step.startswith("join_"):
        _say_to_stranger(call, "joining.unfinished", limit=INVITATION_TRIES)
    else:
        _say_to_stranger(call, "unknown_sender", limit=1)


def _verdict(call: Call, row: InvitationRow | None) -> InvitationVerdict:
    if row is None:
        return InvitationVerdict.WORTHLESS
    if call.participant is not None and call.participant.id != row.participant_id:
        return InvitationVerdict.WORTHLESS
    if participant_by_id(call.session, row.participant_id).withdrawn_at is not None:
        return InvitationVerdict.WORTHLESS
    verdict = verdict_on(row, call.address, call.now)
    if verdict is InvitationVerdict.USED_HERE and call.participant is None:
        return InvitationVerdict.WORTHLESS  # this chat was let go since: it needs a new invitation
    return verdict


def _let_in(call: Call, row: InvitationRow) -> None:
    participant = participant_by_id(call.session, row.participant_id)
    call.trail.participant = participant.code
    claim_invitation(call.trail, row, call.address)
    language = call.language if participant.joined_at is None else participant.language
    open_fresh(call, PanelStep.JOIN_LANGUAGE, invitation=row, language=language)


def _welcome_back(call: Call, row: InvitationRow) -> None:
    """The same chat shows its link again: nothing to join, so it sees where it stands."""
    if row.used_at is None:
        claim_invitation(call.trail, row, call.address)
        row.used_at = call.now
        call.session.add(row)
    if call.sender.stopped_at is not None:
        carry_out(call, ResumeMessages())
    call.show_today()


def _refuse(call: Call) -> None:
    """Whoever guesses on is counted, but fills neither chat nor audit trail: both hear of the first few a day."""
    if call.participant is not None:
        call.trail.record("invitation_refused", "chat", call.incoming.reference)
        call.say(Reply("invitation.refused"))
        return
    stranger = _count_stranger(call)
    stranger.refused_invitations += 1
    if _say_to_stranger(call, "invitation.refused", limit=INVITATION_TRIES):
        call.trail.record("invitation_refused", "chat", call.incoming.reference)


def _count_stranger(call: Call) -> StrangerRow:
    """Of strangers nothing is kept but a count."""
    if call.incoming.number is not None:
        forget_words(call.session, call.incoming.number)
    return stranger_at(call.session, call.incoming.channel, call.address)


def _say_to_stranger(call: Call, message: str, *, limit: int) -> bool:
    """At most `limit` answers a day, so that nobody can make this bot talk without end; False beyond that."""
    stranger = stranger_at(call.session, call.incoming.channel, call.address)
    today = call.now.astimezone(ZoneInfo(call.study.protocol.timezone)).date()
    if stranger.answered_on != today:
        stranger.answered_on, stranger.answers = today, 0
    if stranger.answers >= limit:
        return False
    stranger.answers += 1
    call.session.add(stranger)
    queue_reply(
        call.session,
        reference=call.incoming.reference,
        address=call.address,
        participant_id=None,
        now=call.now,
        message=message,
        language=call.language,
        params={},
    )
    return True
