"""Answers to what a participant wrote or did, by id, and the short toasts over a tapped button."""

from collections.abc import Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Final

from bot.diary.items import GREATEST, Item
from bot.i18n import Message, chat_text, format_day, format_time, translate
from bot.messages.rendered import Rendered, escape

LONGEST_TOAST: Final = 200
EXAMPLES: Final = MappingProxyType({Item.STOOLS: 4, Item.PAIN: 1, Item.WELLBEING: 1, Item.ANTIDIARRHOEAL: 0})

_PASSED_ON: Final = chat_text(
    "passed_on",
    "Your message has been passed on to the team. "
    "This chat is not watched for emergencies and gives no medical advice. "
    "If it cannot wait, call %(phone)s; in an emergency, call the emergency services.",
)
_ONE_NUMBER: Final = chat_text(
    "typed.range", "One number only, please, not a range: for example %(example)s. You can also tap a button."
)
_UNCLEAR: Final = chat_text(
    "typed.vague", "Please send one whole number, for example %(example)s. You can also tap a button."
)

REPLIES: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "unknown_sender": chat_text(
            "unknown_sender",
            "This chat opens with a personal link. Please ask the person who told you about it.",
        ),
        "invitation.refused": chat_text(
            "invitation.refused",
            "This link does not work here. Please ask the person who gave it to you for a new one.",
        ),
        "joining.unfinished": chat_text(
            "joining.unfinished",
            "Please finish with the buttons of the message above first, it takes a few taps.",
        ),
        "joining.put_off": chat_text(
            "joining.put_off", "Nothing is sent or asked here yet. When you are ready, open your personal link again."
        ),
        "joining.hour_set": chat_text("joining.hour_set", "The questions will come at %(hour)s. /hour changes that."),
        "passed_on": _PASSED_ON,
        "typed.passed_on": chat_text(
            "typed.passed_on",
            "Your message has been passed on to the team, not taken as an answer. "
            "To answer, send a number such as %(example)s or tap a button. "
            "This chat is not watched for emergencies and gives no medical advice. "
            "If it cannot wait, call %(phone)s; in an emergency, call the emergency services.",
        ),
        "typed.empty": _UNCLEAR,
        "typed.vague": _UNCLEAR,
        "typed.range": _ONE_NUMBER,
        "typed.crossed": chat_text(
            "typed.crossed",
            "Your number came before this question was on screen, so it was not kept. Please answer again.",
        ),
        "typed.decimal": chat_text(
            "typed.decimal", "Whole numbers only, please, for example %(example)s. You can also tap a button."
        ),
        "typed.negative": chat_text(
            "typed.negative",
            "The number has to be 0 or more, for example %(example)s. You can also tap a button.",
        ),
        "typed.too_large": chat_text(
            "typed.too_large",
            "The number has to be between 0 and %(greatest)s, for example %(example)s. You can also tap a button.",
        ),
        "typed.please_confirm": chat_text(
            "typed.please_confirm", "If this is right, please tap the button “Yes” above; if not, tap Change."
        ),
        "number.none": chat_text(
            "number.none", "No question is open just now, so nothing was noted. /today shows what comes next."
        ),
        "number.waiting": chat_text(
            "number.waiting",
            "Nothing was noted yet. Please tap Start on the latest message first; then you can type.",
        ),
        "number.review": chat_text(
            "number.review",
            "Nothing was changed. All answers are in: please tap Submit, or Change beside an answer.",
        ),
        "number.saved": chat_text(
            "number.saved",
            "Nothing was changed, since this day is already saved. To change an answer, tap Change.",
        ),
        "number.closed": chat_text(
            "number.closed", "That day is closed, so nothing was noted. /today lets you ask for a correction."
        ),
        "attachment": chat_text(
            "attachment",
            "Pictures, files and voice messages are not kept here, and nobody sees them. "
            "Please put it in words, or call %(phone)s. This chat is not watched for emergencies.",
        ),
        "edited": chat_text("edited", "Editing a message changes nothing here. To change an answer, tap Change."),
        "card.redrawn": chat_text(
            "card.redrawn",
            "We were away for a while, sorry. What you tapped meanwhile was lost; please tap again.",
        ),
        "thanks_last_visit": chat_text(
            "thanks_last_visit",
            "Thank you for all the days you answered. That was the last visit; no more questions will come.",
        ),
        "withdrawn": chat_text("today.withdrawn", "You have left, and no more messages will come."),
        "stopped": chat_text(
            "panel.stopped",
            "Stopped: nothing more will be sent. /start brings the messages back, /today still answers.",
        ),
        "resumed": chat_text(
            "resumed", "Welcome back. Messages will come again as planned; /today shows what is next."
        ),
        "correction.requested": chat_text(
            "correction.requested",
            "Your wish to correct %(day)s has been passed on to the team. "
            "Nothing changes until they settle it with you.",
        ),
        "flood": chat_text(
            "flood",
            "Your messages have all arrived; this one answer is for all of them. "
            "This chat is not watched for emergencies. If it cannot wait, call %(phone)s.",
        ),
        "continued_below": chat_text("continued_below", "This goes on in a newer message below."),
        "moved_chat": chat_text("moved_chat", "This chat is no longer in use; it goes on elsewhere."),
        "not_saved": chat_text(
            "not_saved",
            "That could not be saved just now, so nothing has changed. Please try again in a few minutes.",
        ),
    }
)

TOASTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "toast.stale": chat_text("toast.stale", "This was already answered. Tap Change to edit."),
        "toast.moved_on": chat_text("toast.moved_on", "The card had moved on. Here is where it stands."),
        "toast.panel_moved_on": chat_text("toast.panel_moved_on", "This step is already done."),
        "toast.closed": chat_text("toast.closed", "This day is closed. /today lets you ask for a correction."),
        "toast.still_open": chat_text("toast.still_open", "This day is still open: you can change it yourself."),
        "toast.requested": chat_text("toast.requested", "Passed on to the team."),
        "toast.helped": chat_text("toast.helped", "Noted, thank you."),
        "toast.snoozed_30": chat_text("toast.snoozed_30", "I will ask again in 30 minutes."),
        "toast.snoozed_830": chat_text("toast.snoozed_830", "I will ask again at 08:30 in the morning."),
        "toast.snooze_gone": chat_text("toast.snooze_gone", "That time is no longer possible. Please answer now."),
        "toast.unknown": chat_text("toast.unknown", "This button no longer works. Send /today to go on."),
        "toast.not_saved": chat_text(
            "toast.not_saved", "That could not be saved just now. Please tap again in a few minutes."
        ),
    }
)


def render_reply(message_id: str, params: Mapping[str, object], language: str) -> Rendered:
    """Render a reply by id; the caller adds `phone`, an `item` brings its example and its greatest value."""
    return Rendered(escape(translate(REPLIES[message_id], language, **_spell_out(params, language))))


def render_toast(message_id: str, language: str) -> str:
    """Render a toast, plain text of at most 200 characters."""
    return translate(TOASTS[message_id], language)


def _spell_out(params: Mapping[str, object], language: str) -> dict[str, object]:
    item = params.get("item")
    known = {"example": EXAMPLES[item], "greatest": GREATEST[item]} if isinstance(item, Item) else {}
    return known | {name: _spell(value, language) for name, value in params.items()}


def _spell(value: object, language: str) -> object:
    if isinstance(value, time):
        return format_time(value, language)
    if isinstance(value, date) and not isinstance(value, datetime):
        return format_day(value, language)
    return value
