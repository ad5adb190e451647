"""What the team itself says: approved frames for replies to a participant, and the morning list for its own members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from bot.i18n import chat_text, format_day, format_time, translate
from bot.messages.rendered import Rendered, escape

FRAMES: Final = MappingProxyType(
    {
        "call_you": chat_text(
            "team.call_you",
            "The team has read your message and will call you back. If it cannot wait, call %(phone)s.",
        ),
        "call_us": chat_text(
            "team.call_us", "The team has read your message. Please call %(phone)s when it suits you."
        ),
        "noted": chat_text("team.noted", "The team has read your message, thank you. Nothing more is needed from you."),
        "at_visit": chat_text(
            "team.at_visit", "The team has read your message and will talk it over with you at your next visit."
        ),
        "words": chat_text("team.words", "A word from the team: %(words)s If anything is unclear, call %(phone)s."),
    }
)
LINKED: Final = chat_text(
    "team.linked", "This chat is linked. The morning list comes here at %(time)s, with codes and counts only."
)
HEAD: Final = chat_text("team.list", "Morning list, %(day)s")
SAVE: Final = chat_text("team.list_save", "Still open: %(count)s")
CANNOT: Final = chat_text("team.list_cannot", "Later date needed: %(count)s")
UNREACHED: Final = chat_text("team.list_unreached", "Not reached: %(count)s")
BEFORE: Final = chat_text("team.list_before", "%(code)s before %(time)s")
MOST_CODES: Final = 20  # of each part; the page has the rest


@dataclass(frozen=True, slots=True)
class ListForChat:
    """The morning list in codes: those that can be saved with their deadlines, and the other two parts."""

    on: date
    save: Sequence[tuple[str, datetime | None]]
    cannot: Sequence[str]
    unreached: Sequence[str]
    tzid: str
    link: str | None


def render_frame(frame: str, params: Mapping[str, object], language: str) -> Rendered:
    """A reply in an approved frame; its first words are neutral whatever follows."""
    return Rendered(escape(translate(FRAMES[frame], language, **params)))


def render_linked(language: str, **params: object) -> Rendered:
    """Tell a member of staff that the chat is linked."""
    return Rendered(escape(translate(LINKED, language, **params)))


def render_list(found: ListForChat, language: str) -> Rendered:
    """Counts and codes, one part a line, and the way to the page."""
    lines = [translate(HEAD, language, day=format_day(found.on, language))]
    if found.save:
        some = [_before(code, at, found.tzid, language) for code, at in found.save[:MOST_CODES]]
        lines.append(_part(translate(SAVE, language, count=len(found.save)), some, len(found.save)))
    for label, codes in ((CANNOT, found.cannot), (UNREACHED, found.unreached)):
        if codes:
            lines.append(_part(translate(label, language, count=len(codes)), codes[:MOST_CODES], len(codes)))
    if found.link:
        lines.append(found.link)
    return Rendered(escape("\n".join(lines)))


def _before(code: str, at: datetime | None, tzid: str, language: str) -> str:
    return code if at is None else translate(BEFORE, language, code=code, time=format_time(at, language, tzid))


def _part(head: str, some: Sequence[str], total: int) -> str:
    return "\n".join((head, *(f"· {one}" for one in some), *(("…",) if total > len(some) else ())))
