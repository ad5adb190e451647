"""The desk's side of panels: joining, language, hour, stop and help."""

from datetime import time

from bot.actions.join import join, prove_reach
from bot.actions.panels import panel_context, panel_state
from bot.actions.queue import queue_edit_text, queue_panel
from bot.actions.resume_messages import resume_messages
from bot.actions.set_hour import set_hour
from bot.actions.set_language import set_language
from bot.actions.stop_messages import stop_messages
from bot.chat.call import Call
from bot.chat.commands import step_panel
from bot.chat.incoming import CallbackAnswer, Tapped
from bot.chat.outcomes import (
    AgreeNotice,
    DeclineNotice,
    Intent,
    PanelOutcome,
    ProveReach,
    Reply,
    ResumeMessages,
    SetHour,
    SetLanguage,
    ShowToday,
    StopMessages,
)
from bot.diary.card import Tap
from bot.errors import RefusedError
from bot.people.panel import PanelStep
from bot.storage.participants import panel_at, participant_by_id
from bot.storage.tables import InvitationRow, PanelRow

WITH_BUTTONS = frozenset(
    {
        PanelStep.JOIN_LANGUAGE,
        PanelStep.JOIN_NOTICE,
        PanelStep.JOIN_HOUR,
        PanelStep.JOIN_REACH,
        PanelStep.LANGUAGE,
        PanelStep.HOUR,
        PanelStep.STOP,
        PanelStep.HELP,
    }
)


def take_tap(call: Call, panel: PanelRow, tap: Tap, tapped: Tapped) -> CallbackAnswer:
    """A tap on the chat's panel: one step, its intents, and the redraw."""
    _follow_newest_copy(call, panel, tap, tapped.message_id)
    context = panel_context(call.session, panel, call.study, call.now)
    outcome = step_panel(panel_state(panel), context, tap)
    try:
        for intent in outcome.intents:
            carry_out(call, intent, panel)
    except RefusedError:
        call.say(Reply("invitation.refused"), panel.language)
        return call.toast(tapped.callback_id, None)
    _store(call, panel, outcome)
    _show(call, panel, outcome)
    return call.toast(tapped.callback_id, outcome.toast)


def _follow_newest_copy(call: Call, panel: PanelRow, tap: Tap, message_id: int | None) -> None:
    """After an unknown outcome a panel may stand in the chat twice: the newer copy stays, the older ends."""
    if message_id is None or message_id == panel.provider_msg_id:
        return
    if panel.provider_msg_id is None:
        if tap.revision == panel.revision:  # a tap on what came before says nothing about the copy under way
            panel.provider_msg_id = message_id
        return
    older = min(message_id, panel.provider_msg_id)
    panel.provider_msg_id = max(message_id, panel.provider_msg_id)
    _edit_past(call, panel, Reply("continued_below"), older)


def open_fresh(call: Call, step: PanelStep, *, invitation: InvitationRow | None = None, language: str = "") -> None:
    """Show a panel as a new message; the buttons of the chat's older panel go."""
    panel = panel_at(call.session, call.incoming.channel, call.address)
    if panel is None:
        panel = PanelRow(
            channel=call.incoming.channel,
            address=call.address,
            key=call.study.keys.card_key(),
            step=step.value,
            language=language or call.language,
        )
    else:
        _put_away(call, panel)
    panel.key, panel.revision, panel.step = call.study.keys.card_key(), 0, step.value
    panel.language, panel.provider_msg_id = language or call.language, None
    panel.invitation_id = invitation.id if invitation else panel.invitation_id
    panel.participant_id = invitation.participant_id if invitation else call.sender.id
    call.session.add(panel)
    call.session.flush()
    queue_panel(call.session, panel, reference=call.incoming.reference, now=call.now, fresh=True)


def carry_out(call: Call, intent: Intent, panel: PanelRow | None = None) -> None:
    """Carry out one intent of a panel or command."""
    match intent:
        case SetLanguage(language):
            _speak(call, panel, language)
        case AgreeNotice() if panel is not None:
            _join(call, panel)
        case DeclineNotice():
            call.trail.record("decline_notice", "panel", str(panel.id if panel else ""))
        case SetHour(hour):
            _ask_at(call, hour)
        case ProveReach() if call.chat is not None:
            prove_reach(call.trail, call.sender, call.chat, study=call.study)
            call.forget_diary()
            call.show_what_waits()
        case StopMessages():
            stop_messages(call.trail, call.sender, study=call.study)
        case ResumeMessages():
            resume_messages(call.trail, call.sender, study=call.study)
        case ShowToday():
            call.show_today()
        case _:
            raise TypeError(f"{type(intent).__name__} does not follow from a panel")
    call.forget_diary()


def _speak(call: Call, panel: PanelRow | None, language: str) -> None:
    if panel is not None:
        panel.language = language
    if call.participant is not None:
        set_language(call.trail, call.participant, language)
        call.redraw_open_cards()


def _join(call: Call, panel: PanelRow) -> None:
    invitation = call.session.get(InvitationRow, panel.invitation_id)
    if invitation is None:
        raise RefusedError("This invitation can no longer be used.")
    participant = participant_by_id(call.session, invitation.participant_id)
    call.become(participant)
    call.chat = join(call.trail, participant, invitation, panel, study=call.study)


def _ask_at(call: Call, hour: time) -> None:
    set_hour(call.trail, call.sender, hour, study=call.study)


def _store(call: Call, panel: PanelRow, outcome: PanelOutcome) -> None:
    panel.revision, panel.step = outcome.state.revision, outcome.state.step.value
    call.session.add(panel)


def _show(call: Call, panel: PanelRow, outcome: PanelOutcome) -> None:
    if outcome.fresh:
        if outcome.past is not None and panel.provider_msg_id is not None:
            _edit_past(call, panel, outcome.past, panel.provider_msg_id)
        panel.provider_msg_id = None
        queue_panel(call.session, panel, reference=call.incoming.reference, now=call.now, fresh=True)
    elif outcome.redraw:
        queue_panel(call.session, panel, reference=call.incoming.reference, now=call.now, fresh=False)


def _edit_past(call: Call, panel: PanelRow, past: Reply, message_id: int) -> None:
    queue_edit_text(
        call.session,
        address=panel.address,
        message_id=message_id,
        reference=call.incoming.reference,
        participant_id=panel.participant_id,
        now=call.now,
        message=past.message_id,
        language=panel.language,
        params=dict(past.params),
    )


def _put_away(call: Call, panel: PanelRow) -> None:
    if panel.provider_msg_id is not None and PanelStep(panel.step) in WITH_BUTTONS:
        _edit_past(call, panel, Reply("continued_below"), panel.provider_msg_id)
