"""The desk: takes one update, runs the pure step it calls for, and carries out what the step intends.

Everything happens in the caller's transaction, together with marking the update as handled; nothing is sent here.
"""

from datetime import datetime

from sqlmodel import Session

from bot.actions.note_block import note_blocked, note_unblocked
from bot.actions.study import Study
from bot.chat import card_desk, door, panel_desk
from bot.chat.call import Call, identify
from bot.chat.commands import step_command
from bot.chat.incoming import (
    Attachment,
    Blocked,
    CallbackAnswer,
    Command,
    Edited,
    Incoming,
    Tapped,
    Typed,
    Unblocked,
)
from bot.chat.outcomes import MessageOutcome, PassToSite, ResumeMessages, ShowToday
from bot.chat.texts import step_attachment, step_edit, step_text
from bot.diary.card import Tap, decode_tap
from bot.storage.diary import card_by_key
from bot.storage.participants import panel_at


def handle(
    session: Session, incoming: Incoming, *, study: Study, now: datetime, shifted: bool = False
) -> CallbackAnswer | None:
    """Handle one update; a tap gets an answer to be given straight after the commit."""
    call = identify(session, incoming, study, now, shifted=shifted)
    match incoming.body:
        case Tapped() as tapped:
            return _tap(call, tapped)
        case Typed(text):
            _text(call, text)
        case Command(name, argument):
            _command(call, name, argument)
        case Edited():
            _settle(call, step_edit(call.standing))
        case Attachment():
            _settle(call, step_attachment(call.standing))
        case Blocked() if call.chat is not None:
            note_blocked(call.trail, call.chat, call.sender)
        case Unblocked() if call.chat is not None:
            note_unblocked(call.trail, call.chat, call.sender)
    return None


def _tap(call: Call, tapped: Tapped) -> CallbackAnswer:
    tap = decode_tap(tapped.data)
    if tap is None:
        return call.toast(tapped.callback_id, "toast.unknown")
    card = card_by_key(call.session, tap.key)
    if card is None:
        return _tap_on_panel(call, tap, tapped)
    if call.participant is None or card.participant_id != call.participant.id:
        call.trail.record("foreign_tap", "chat", call.incoming.reference)
        return call.toast(tapped.callback_id, "toast.unknown")
    return card_desk.take_tap(call, card, tap, tapped)


def _tap_on_panel(call: Call, tap: Tap, tapped: Tapped) -> CallbackAnswer:
    panel = panel_at(call.session, call.incoming.channel, call.address)
    if panel is not None and panel.key == tap.key:
        return panel_desk.take_tap(call, panel, tap, tapped)
    return call.toast(tapped.callback_id, "toast.unknown")


def _text(call: Call, text: str) -> None:
    if call.participant is None:
        door.answer_stranger(call)
        return
    if not card_desk.take_text(call, text):
        _settle(call, step_text(text, call.standing), text)


def _command(call: Call, name: str, argument: str) -> None:
    if name == "start" and argument:
        door.take_invitation(call, argument)
        return
    _settle(call, step_command(name, call.standing))


def _settle(call: Call, outcome: MessageOutcome, text: str = "") -> None:
    """Carry out what a command or loose text brings about."""
    if call.participant is None:
        door.answer_stranger(call)
        return
    for intent in outcome.intents:
        match intent:
            case ShowToday():
                call.show_today()
            case ResumeMessages():
                panel_desk.carry_out(call, intent)
            case PassToSite():
                card_desk.carry_out_pass(call, text)
            case _:
                raise TypeError(f"{type(intent).__name__} does not follow from a command or text")
    if outcome.reply is not None:
        call.say(outcome.reply)
    if outcome.open_panel is not None:
        panel_desk.open_fresh(call, outcome.open_panel)
