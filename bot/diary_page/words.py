"""What the page says in its own words; the card's words are the chat's, and the instrument's are locked."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.chat.outcomes import Reply
from bot.i18n import Message, translate
from bot.messages.rendered import plain
from bot.messages.replies import render_reply, render_toast

HTML_LANG: Final = MappingProxyType({"en": "en", "zh": "zh-Hans"})
NOTICE_VERSION: Final = "P1"  # of the page's own notice; the chat's has a version in the protocol


def page_text(context: str, english: str) -> Message:
    """Name a sentence of the diary page; the page's catalogue test collects the calls."""
    return Message("diary_page", context, english)


TITLE: Final = page_text("title", "Three questions")
SHUT: Final = page_text(
    "shut",
    "This page opens with a personal link; if yours does not work, please ask the person who gave it to you for a "
    "new one.",
)
UNAVAILABLE: Final = page_text("unavailable", "This page cannot be shown just now. Please try again in a few minutes.")
SHIFTED: Final = page_text("shifted", "The study clock is on: this is a rehearsal.")

STALE: Final = page_text("stale", "This was already answered, so nothing was changed. Here is where it stands.")
MOVED_ON: Final = page_text(
    "moved_on", "This page was no longer up to date, so nothing was saved. Here is where it stands."
)
DONE_ALREADY: Final = page_text("done_already", "This step is already done.")
CLOSED: Final = page_text("closed", "This day has closed in the meantime, so nothing was saved.")
UNKNOWN: Final = page_text("unknown", "That button no longer works, so nothing was saved. Here is where it stands.")
NO_NUMBER: Final = page_text("no_number", "Nothing was saved, since no number is asked for at the moment.")
FORGED: Final = page_text(
    "forged", "This form was too old, or it did not come from your own page. Nothing was saved: please go on from here."
)
NOT_SAVED: Final = page_text(
    "not_saved",
    "That could not be saved just now. What you answered before is kept. Please try again; nothing is counted twice.",
)
NO_NETWORK: Final = page_text(
    "no_network",
    "There is no answer from the network, so this may not be saved. Please try again; nothing is counted twice.",
)
TRY_AGAIN: Final = page_text("try_again", "Try again")
GO_ON: Final = page_text("go_on", "Go to the questions")
SAVED_DAY: Final = page_text("saved_day", "✓ Saved: %(day)s.")
PASSED_ON: Final = page_text(
    "passed_on",
    "Your message has been passed on to the team. "
    "This page is not watched for emergencies and gives no medical advice. "
    "If it cannot wait, call %(phone)s; in an emergency, call the emergency services.",
)
NOT_A_NUMBER: Final = page_text(
    "not_a_number",
    "Your words have been passed on to the team, not taken as an answer. To answer, enter a number such as "
    "%(example)s. If it cannot wait, call %(phone)s; in an emergency, call the emergency services.",
)
WELCOME: Final = page_text("welcome", "Thank you. The same link opens this page again at any time.")
CORRECTION_ASKED: Final = page_text(
    "correction_asked", "Your wish to correct %(day)s is with the team. Nothing changes until they settle it with you."
)

NOTICE_HEAD: Final = page_text("notice.head", "About this page and your data")
NOTICE_LEAD: Final = page_text("notice.lead", "Please read this, then tap Agree. Nothing is asked before.")
NOTICE: Final = page_text(
    "notice.text",
    "This is the daily note of %(name)s: a few short questions on some days.\n"
    "Your answers are for your care team only. They are kept on a server the hospital has chosen, and this page comes "
    "straight from there.\n"
    "Your link opens this page without a password, so please keep it to yourself.\n"
    "Nobody watches this page around the clock, and it is not for emergencies. If you feel unwell, call %(phone)s; in "
    "an emergency, call the emergency services.\n"
    "You may stop at any time, and your care stays the same.\n"
    "Everything else is in the consent form you signed on paper.",
)
NOTICE_VERSION_LINE: Final = page_text("notice.version", "Contact: %(name)s, %(phone)s. Version: %(version)s.")
DECLINED: Final = page_text(
    "declined", "That is fine, nothing will be asked. When you are ready, open the same link again."
)
READ_AGAIN: Final = page_text("read_again", "Read it again")
HOUR: Final = page_text("hour", "At what time shall the questions come?")
HOUR_HINT: Final = page_text("hour.hint", "This is your local time; you can change it here later.")
HOUR_SET: Final = page_text("hour.set", "From the next time on, the questions come at %(hour)s.")

NUMBER: Final = page_text("number", "The number")
NUMBER_HINT: Final = page_text("number.hint", "Digits, for example 22")
NEXT: Final = page_text("next", "Next")
OTHER_DAY: Final = page_text("other_day", "Also open, until %(deadline)s: %(day)s.")
STOPPED: Final = page_text("stopped", "Messages are stopped. You can still answer here.")
RESUME: Final = page_text("resume", "Send messages again")
RESUMED: Final = page_text("resumed", "Messages will come again as planned.")
STOP: Final = page_text("stop", "Stop messages")
KEEP: Final = page_text("keep", "Keep")
STOP_DONE: Final = page_text("stop.done", "Stopped: no message will be sent. Your answers are kept.")
STOP_HEAD: Final = page_text("stop.head", "Stop all messages?")
STOP_TEXT: Final = page_text("stop.text", "Your answers are kept, and your care stays the same. The team will be told.")
MORE: Final = page_text("more", "Time, messages, your data")
BACK_HOME: Final = page_text("back_home", "Back to the questions")
MORE_HOUR: Final = page_text("more.hour", "Time of the questions")
MORE_HOUR_BUTTON: Final = page_text("more.hour_button", "Keep this time")
MORE_MESSAGE: Final = page_text("more.message", "A message to the team")
MORE_MESSAGE_HINT: Final = page_text(
    "more.message_hint", "Nobody watches this around the clock. If it cannot wait, call %(phone)s."
)
MORE_MESSAGE_LABEL: Final = page_text("more.message_label", "Your message")
MORE_MESSAGE_BUTTON: Final = page_text("more.message_button", "Send")
MORE_MESSAGE_EMPTY: Final = page_text("more.message_empty", "There were no words in the message, so nothing was sent.")
MORE_STOP: Final = page_text("more.stop", "Messages")

_TOASTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "toast.stale": STALE,
        "toast.moved_on": MOVED_ON,
        "toast.panel_moved_on": DONE_ALREADY,
        "toast.closed": CLOSED,
        "toast.unknown": UNKNOWN,
    }
)
_REPLIES: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "passed_on": PASSED_ON,
        "typed.passed_on": NOT_A_NUMBER,
        "number.waiting": NO_NUMBER,
        "number.review": NO_NUMBER,
        "number.saved": NO_NUMBER,
        "number.closed": CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class Say:
    """One language's voice, for templates and handlers alike."""

    language: str

    def __call__(self, message: Message, **params: object) -> str:
        return translate(message, self.language, **params)

    @property
    def html_lang(self) -> str:
        return HTML_LANG[self.language]

    def toast(self, message_id: str) -> str:
        """A toast of the chat, in the page's words where the chat's would name a command."""
        own = _TOASTS.get(message_id)
        return self(own) if own else render_toast(message_id, self.language)

    def reply(self, reply: Reply, phone: str) -> str:
        """A reply of the chat, in the page's words where the chat's would mislead."""
        params = {"phone": phone, **reply.params}
        own = _REPLIES.get(reply.message_id)
        said = plain(render_reply(reply.message_id, params, self.language).text)
        if own is None:
            return said
        return self(own, example=4, phone=phone) if own is NOT_A_NUMBER else self(own, phone=phone)
