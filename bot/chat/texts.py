"""A text, picture or edit that no card takes as an answer."""

from bot.chat.commands import Standing
from bot.chat.outcomes import MessageOutcome, PassToSite, Reply
from bot.diary.answers import is_quantity


def step_text(text: str, standing: Standing) -> MessageOutcome:
    """Answer a text while no card is open: a bare number is never stored, anything else goes to the site."""
    if not standing.joined:
        return MessageOutcome(reply=Reply("unknown_sender"))
    if is_quantity(text):
        return MessageOutcome(reply=Reply("withdrawn" if standing.withdrawn else "number.none"))
    return MessageOutcome((PassToSite(),), reply=Reply("passed_on"))


def step_attachment(standing: Standing) -> MessageOutcome:
    """Answer a picture, file, sticker or voice message: it is not kept."""
    return MessageOutcome(reply=Reply("attachment" if standing.joined else "unknown_sender"))


def step_edit(standing: Standing) -> MessageOutcome:
    """Answer an edited message: nothing stored changes."""
    return MessageOutcome(reply=Reply("edited" if standing.joined else "unknown_sender"))
