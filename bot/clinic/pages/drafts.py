"""The list of CDAI drafts: today's visits first, then what has become void, what waits to be signed, the signed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.actions.sign_draft import missing_to_sign
from bot.clinic.call import (
    Clinic,
    SignedInStaff,
    clinic_of,
    link,
    note_view,
    page,
    reading,
    study_now,
    study_of,
)
from bot.clinic.draft_view import STATUS, STATUS_GLYPHS, settle_words, status_of
from bot.clinic.routes import Nav, Pages
from bot.clinic.words import say
from bot.documents.pdf.result import total_text
from bot.documents.words import BAND
from bot.i18n import Message, clinic_text, translate
from bot.people.roles import Permission
from bot.scoring.draft import Draft
from bot.storage.views.queue import Group, QueueLine, Waiting, count_unsigned, page_of_queue, read_queue

pages = Pages()

PER_PAGE: Final = 50
LONGEST_SEARCH: Final = 20
GROUPS: Final[dict[Group, Message]] = {
    Group.TODAY: clinic_text("drafts", "Today's visits"),
    Group.VOID: clinic_text("drafts", "Signature void, to be signed again"),
    Group.TO_SIGN: clinic_text("drafts", "Held, not signed yet"),
    Group.COMING: clinic_text("drafts", "In the next three days"),
    Group.SIGNED: clinic_text("drafts", "Signed"),
}
SHOWS: Final = {
    "open": (Group.TODAY, Group.VOID, Group.TO_SIGN, Group.COMING),
    "signed": (Group.SIGNED,),
    "all": tuple(Group),
}
BY: Final = clinic_text("drafts", "signed by %(name)s")


@dataclass(frozen=True, slots=True)
class Line:
    """One visit of the list, worded; `total` is a total or the interval it must lie in."""

    waiting: Waiting
    status: str
    glyph: str
    total: str
    known: bool
    band: str
    note: str


@pages.count(Nav.DRAFTS)
def waiting(session: Session, staff: SignedInStaff, clinic: Clinic) -> int:
    """Held visits that nobody has signed."""
    kept = clinic.memory.dates
    return count_unsigned(session, clinic.study.protocol, clinic.clock.now(), scope=staff.site, kept=kept)


@pages.get("/drafts", may=Permission.SEE_ANSWERS, nav=Nav.DRAFTS)
def list_drafts(request: Request, staff: SignedInStaff) -> Response:
    """One page of the list."""
    show = request.query_params.get("show", "open")
    show = show if show in SHOWS else "open"
    search = request.query_params.get("q", "").strip()[:LONGEST_SEARCH]
    protocol, now = study_of(request).protocol, study_now(request)
    with reading(request) as session:
        kept = clinic_of(request).memory.dates
        found = read_queue(session, protocol, now, scope=staff.site, code=search, groups=SHOWS[show], kept=kept)
        number, pages_there = page_number(request, len(found.waiting))
        shown = found.waiting[(number - 1) * PER_PAGE : number * PER_PAGE]
        lines = [line_of(one, staff.language) for one in page_of_queue(session, protocol, now, shown)]
    note_view(request, staff, "draft_list")
    return page(
        request,
        "drafts.html",
        groups=grouped(lines),
        counts=found.counts,
        Group=Group,
        show=show,
        search=search,
        number=number,
        pages=pages_there,
        address=link(request, "/drafts?" + urlencode({"show": show, "q": search}) + "&page="),
    )


def page_number(request: Request, count: int) -> tuple[int, int]:
    """The page asked for, within those there are."""
    there = max(-(-count // PER_PAGE), 1)
    asked = request.query_params.get("page", "1")
    return min(max(int(asked) if asked.isdecimal() and len(asked) < 6 else 1, 1), there), there


def grouped(lines: Iterable[Line]) -> list[tuple[Group, Message, Sequence[Line]]]:
    """The lines under the heads of their groups."""
    groups = groupby(lines, key=lambda line: line.waiting.group)
    return [(group, GROUPS[group], list(found)) for group, found in groups]


def line_of(found: QueueLine, language: str) -> Line:
    """Word one visit."""
    if found.draft is None:
        return signed_line(found, language)
    draft = found.draft
    missing = missing_to_sign(draft)
    status = status_of(draft, missing, found.signature, is_current=False)
    note = ", ".join(settle_words(one, draft, language) for one in missing)
    total, known = total_of(draft)
    band = translate(BAND[draft.result.band], language) if draft.total is not None and draft.result.band else ""
    return Line(
        found.waiting,
        say(STATUS[status], language),
        STATUS_GLYPHS[status],
        total,
        known,
        band,
        note.replace(", ", "、") if language == "zh" else note,
    )


def total_of(draft: Draft) -> tuple[str, bool]:
    """The total, or the interval it must lie in, and whether it is known."""
    rules = draft.given.rules
    if draft.total is not None:
        return total_text(draft.total, rules), True
    if draft.interval is None:
        return "–", False
    return f"{total_text(draft.interval.low, rules)} – {total_text(draft.interval.high, rules)}", False


def signed_line(found: QueueLine, language: str) -> Line:
    """A signed visit, as it was stored when it was signed."""
    document, signature = found.signed or {}, found.signature
    total, band = document.get("total"), document.get("category")
    name = signature.row.printed_name if signature else ""
    return Line(
        found.waiting,
        say(STATUS["signed"], language),
        STATUS_GLYPHS["signed"],
        "–" if total is None else str(total).replace("-", "\N{MINUS SIGN}"),
        total is not None,
        translate(BAND[str(band)], language) if band else "",
        say(BY, language, name=name),
    )
