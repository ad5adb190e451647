"""What a posted form does: a tap or number on a card, a step of joining, language, hour, stop, a message."""

from dataclasses import replace
from datetime import time
from typing import Final

from bot.actions.pass_to_site import pass_to_site
from bot.actions.resume_messages import resume_messages
from bot.actions.set_hour import set_hour
from bot.actions.stop_messages import stop_messages
from bot.chat.card_desk import take_step
from bot.chat.outcomes import CardOutcome, SubmitEntry
from bot.diary.answers import Parsed, parse_answer
from bot.diary.card import MORE_STOOLS, TYPED_STOOLS, CardState, Code, Shown, Tap, decode_tap, encode_tap
from bot.diary.items import LETTERS, Item
from bot.diary_page import joining
from bot.diary_page.page_call import CHANNEL, PageCall
from bot.diary_page.words import (
    HOUR_SET,
    MORE_MESSAGE_EMPTY,
    PASSED_ON,
    RESUMED,
    SAVED_DAY,
    STOP_DONE,
    UNKNOWN,
)
from bot.i18n import LANGUAGES, format_day, format_time
from bot.storage.diary import card_by_key
from bot.storage.participants import panel_at
from bot.storage.tables import CardRow

LEAFING: Final = frozenset({Code.START, Code.BACK, Code.DEFINITION, Code.CHANGE})


def tap(call: PageCall, data: str) -> None:
    """A button of a card or of a step of joining; anything else is told that it no longer works."""
    tapped = decode_tap(data)
    panel = panel_at(call.session, CHANNEL, call.address)
    if tapped is not None and panel is not None and panel.key == tapped.key:
        joining.take_tap(call, panel, tapped)
        return
    card = own_card(call, tapped)
    if tapped is None or card is None:
        call.note(UNKNOWN)
        return
    harmless = loses_nothing(card, tapped)
    outcome = take_step(call, card, tapped)
    settle(call, card, replace(outcome, toast=None) if harmless else outcome)


def loses_nothing(card: CardRow, tapped: Tap) -> bool:
    """Whether a tap on an older screen may pass in silence: it only leafed, or its number is being asked back."""
    if tapped.revision == card.revision:
        return False
    is_asked_back = card.pending is not None and tapped.value == str(card.pending)
    return is_asked_back or tapped.code in LEAFING or tapped.value in (MORE_STOOLS, TYPED_STOOLS)


def number(call: PageCall, data: str, typed: str) -> None:
    """A typed number for the question that its form stood under; a form that is out of date answers nothing."""
    form = decode_tap(data)
    card = own_card(call, form)
    if form is None or card is None:
        call.note(UNKNOWN)
    elif (card.revision, card.shown) == (form.revision, Shown.TYPED):
        settle(call, card, take_step(call, card, typed))
    else:
        tap(call, encode_tap(as_tap(form, typed)))


def as_tap(form: Tap, typed: str) -> Tap:
    """A number from an old form as the tap it amounts to, so that doubled and stale ones are told apart as ever."""
    parsed = parse_answer(typed, Item.STOOLS)
    value = str(parsed.value) if isinstance(parsed, Parsed) else ""
    return Tap(form.key, LETTERS[Item.STOOLS], value, form.revision)


def number_data(state: CardState) -> Tap:
    """What the form of a typed number carries to be told from an older one."""
    return Tap(state.key, LETTERS[Item.STOOLS], "", state.revision)


def own_card(call: PageCall, tapped: Tap | None) -> CardRow | None:
    """The card that a tap names, if it is the caller's; a stranger's is noted in the trail."""
    card = card_by_key(call.session, tapped.key) if tapped is not None else None
    if card is not None and card.participant_id != call.sender.id:
        call.trail.record("foreign_tap", "page", call.incoming.reference)
        return None
    return card


def settle(call: PageCall, card: CardRow, outcome: CardOutcome) -> None:
    """Say what came of a step; a saved day is confirmed by name when another day takes its place on screen."""
    if outcome.toast is not None and outcome.reply is None:
        call.notes.append(call.voice.toast(outcome.toast))
    submitted = any(isinstance(intent, SubmitEntry) for intent in outcome.intents)
    if submitted and any(not record.submitted_in_time for record in call.open_days()):
        call.note(SAVED_DAY, day=format_day(card.diary_day, call.language))


def language(call: PageCall, value: str) -> None:
    if value in LANGUAGES:
        joining.speak(call, value)


def hour(call: PageCall, value: str) -> None:
    """Ask at one of the offered hours from now on."""
    offered = {f"{at:%H%M}": at for at in call.study.protocol.reminders.hours}
    chosen: time | None = offered.get(value)
    if chosen is None:
        call.note(UNKNOWN)
        return
    set_hour(call.trail, call.sender, chosen, study=call.study)
    call.note(HOUR_SET, hour=format_time(chosen, call.language))


def stop(call: PageCall) -> None:
    """End every unasked message, in whatever channel."""
    stop_messages(call.trail, call.sender, study=call.study)
    call.note(STOP_DONE)


def resume(call: PageCall) -> None:
    resume_messages(call.trail, call.sender, study=call.study)
    call.note(RESUMED)


def message(call: PageCall, text: str) -> None:
    """Pass the participant's own words on to the site; they are never an answer."""
    if not text.strip():
        call.note(MORE_MESSAGE_EMPTY)
        return
    pass_to_site(call.trail, call.sender, text)
    call.note(PASSED_ON, phone=call.phone)
