"""The messages that ring the phone: neutral words, one Start button."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.diary.card import CardContext, CardState, Code, only_saving_is_left
from bot.i18n import chat_text, translate
from bot.messages.labels import START, card_button
from bot.messages.lines import deadline, spoken_day
from bot.messages.rendered import Rendered, escape, stack


class NeutralKind(StrEnum):
    """Why the phone rings."""

    PROMPT = "prompt"
    SECOND = "second"
    LAST_CALL = "last_call"
    SNOOZED = "snoozed"
    NUDGE = "nudge"
    OUTAGE = "outage"


TEXTS: Final = MappingProxyType(
    {
        NeutralKind.PROMPT: chat_text(
            "neutral.prompt", "Your %(count)s questions for %(day)s are ready, about ten seconds."
        ),
        NeutralKind.SECOND: chat_text(
            "neutral.second",
            "Your questions for %(day)s are still open until %(deadline)s, about ten seconds.",
        ),
        NeutralKind.LAST_CALL: chat_text(
            "neutral.last_call",
            "Last reminder: your questions for %(day)s are open until %(deadline)s, about ten seconds.",
        ),
        NeutralKind.SNOOZED: chat_text(
            "neutral.snoozed",
            "As you asked: your questions for %(day)s again, open until %(deadline)s, about ten seconds.",
        ),
        NeutralKind.NUDGE: chat_text(
            "neutral.nudge",
            "The team would like to remind you: your questions for %(day)s are open until %(deadline)s.",
        ),
        NeutralKind.OUTAGE: chat_text(
            "neutral.outage",
            "We were away for a while, sorry. Your questions for %(day)s are open until %(deadline)s.",
        ),
    }
)
ONLY_SAVING: Final = chat_text(
    "neutral.only_saving",
    "Only saving is left for %(day)s: tap Start, then Submit. Open until %(deadline)s.",
)
COUNTS: Final = MappingProxyType({3: chat_text("neutral.three", "three"), 4: chat_text("neutral.four", "four")})


def render_neutral(kind: NeutralKind, state: CardState, context: CardContext, language: str) -> Rendered:
    """Render a prompt or reminder; when all answers are in, it says neutrally that only saving is left."""
    frame = ONLY_SAVING if only_saving_is_left(state, context.items) else TEXTS[kind]
    said = {"count": _count(len(context.items), language), "day": spoken_day(context, language)}
    if frame is not TEXTS[NeutralKind.PROMPT]:
        said["deadline"] = deadline(context, language)
    text = translate(frame, language, **said)
    return Rendered(escape(text), stack(card_button(state, START, language, Code.START)))


def _count(number: int, language: str) -> str:
    return translate(COUNTS[number], language) if number in COUNTS else str(number)
