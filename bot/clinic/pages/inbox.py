"""The inbox: what participants wrote, how long it waits, and replies in approved words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.actions.acknowledge_message import acknowledge_message, site_message_by_id
from bot.actions.reply_to_participant import LONGEST, check_frame, reply_to_participant, telling
from bot.clinic.asked_fields import CHOOSE, page_asked
from bot.clinic.call import (
    Clinic,
    SignedInStaff,
    act,
    language_of,
    note_view,
    page,
    reading,
    redirect,
    study_now,
    study_of,
    text_of,
)
from bot.clinic.pages.participant import acting_on
from bot.clinic.routes import Nav, Pages
from bot.clinic.words import say
from bot.errors import InvalidInputError, NotFoundError
from bot.i18n import Message, clinic_text
from bot.messages.rendered import plain
from bot.messages.team import render_frame
from bot.people.roles import Permission
from bot.storage.participants import participant_by_id
from bot.storage.tables import ParticipantRow, SiteMessageRow
from bot.storage.tables.contact import REPLY_FRAMES
from bot.storage.views.inbox import InboxLine, count_inbox, read_inbox

pages = Pages()

ACKNOWLEDGED: Final = clinic_text("inbox", "The message of %(code)s is acknowledged.")
REPLIED: Final = clinic_text("inbox", "The reply to %(code)s is on its way.")
TOO_LONG: Final = clinic_text("inbox", "Write 1 to %(most)s characters.")
TELLING: Final = clinic_text("inbox", "“%(words)s” could be read on a locked phone: leave it out, or call.")
PER_PAGE: Final = 30
LATE_AFTER: Final = timedelta(hours=24)
FIELDS: Final = {"frame": clinic_text("inbox", "Reply"), "words": clinic_text("inbox", "Own words")}
NAMES: Final[Mapping[str, Message]] = {
    "call_you": clinic_text("inbox", "We will call you"),
    "call_us": clinic_text("inbox", "Please call us"),
    "noted": clinic_text("inbox", "Noted, thank you"),
    "at_visit": clinic_text("inbox", "At the next visit"),
    "words": clinic_text("inbox", "Own words"),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One reply on offer: its name for the team, and what the participant will read."""

    key: str
    name: str
    text: str


@pages.count(Nav.INBOX)
def count_unacknowledged(session: Session, staff: SignedInStaff, _clinic: Clinic) -> int:
    """Messages that nobody has acknowledged, and corrections that wait."""
    return count_inbox(session, staff.site)


@pages.get("/inbox", may=Permission.RUN_DIARY, nav=Nav.INBOX)
def show_inbox(request: Request, staff: SignedInStaff) -> Response:
    """Messages that wait, longest first, then the latest that were settled."""
    now, number = study_now(request), page_asked(request)
    with reading(request) as session:
        found = read_inbox(session, staff.site, offset=(number - 1) * PER_PAGE, limit=PER_PAGE)
    note_view(request, staff, "inbox")
    chosen = request.query_params.get("reply", "")
    return page(
        request,
        "inbox.html",
        waiting=found.waiting,
        total=found.total,
        settled=found.settled,
        corrections=found.corrections,
        number=number,
        pages_total=max(-(-found.total // PER_PAGE), 1),
        chosen=chosen,
        frames={line.message.id: frames_for(request, line) for line in found.waiting if str(line.message.id) == chosen},
        waits={line.message.id: now - line.message.received_at for line in found.waiting},
        late_after=LATE_AFTER,
        names=NAMES,
        can_act=staff.can(Permission.RUN_DIARY),
        most=LONGEST,
    )


def frames_for(request: Request, line: InboxLine) -> Sequence[Frame]:
    """The replies on offer, in the participant's language."""
    site = study_of(request).protocol.site(line.site)
    return [
        Frame(
            key,
            say(NAMES[key], language_of(request)),
            plain(render_frame(key, {"phone": site.phone, "words": "…"}, line.language).text),
        )
        for key in REPLY_FRAMES
    ]


@pages.post("/inbox/{message}/acknowledge", may=Permission.RUN_DIARY, nav=Nav.INBOX)
def take_acknowledgement(request: Request, staff: SignedInStaff) -> Response:
    """Stop the clock of a message."""
    row, participant = message_asked(request, staff)
    act(
        request,
        lambda audit: acknowledge_message(
            audit, site_message_by_id(audit.session, row.id or 0), acting_on(audit, staff, participant.code)
        ),
    )
    return redirect(request, "/inbox", said=ACKNOWLEDGED, code=participant.code)


@pages.post("/inbox/{message}/reply", may=Permission.RUN_DIARY, nav=Nav.INBOX, fields=FIELDS)
def take_reply(request: Request, staff: SignedInStaff) -> Response:
    """Send a reply in a frame; own words that would give the reader away are refused."""
    row, participant = message_asked(request, staff)
    frame, words = text_of(request, "frame"), text_of(request, "words")
    fault = fault_of(request, frame, words)
    if fault:
        line = InboxLine(row, participant.code, participant.site, participant.language, reachable=True, replies=())
        return page(
            request, "reply.html", status=422, line=line, frames=frames_for(request, line), frame=frame, words=words,
            fault=fault, most=LONGEST,
        )  # fmt: skip
    act(
        request,
        lambda audit: reply_to_participant(
            audit,
            site_message_by_id(audit.session, row.id or 0),
            acting_on(audit, staff, participant.code),
            frame,
            words=words,
            study=study_of(request),
        ),
    )
    return redirect(request, "/inbox", said=REPLIED, code=participant.code)


def fault_of(request: Request, frame: str, words: str) -> str:
    """What is wrong with a reply, in the reader's language."""
    language = language_of(request)
    try:
        check_frame(frame, words)
    except InvalidInputError as error:
        if error.code == "words_telling":
            return say(
                TELLING, language, words="、".join(telling(words)) if language == "zh" else ", ".join(telling(words))
            )
        return say(TOO_LONG, language, most=LONGEST) if error.code == "words_length" else say(CHOOSE, language)
    return ""


def message_asked(request: Request, staff: SignedInStaff) -> tuple[SiteMessageRow, ParticipantRow]:
    """The message in the address; a foreign site's is not found."""
    number = str(request.path_params["message"])
    if not number.isdecimal() or len(number) > 9:
        raise NotFoundError("There is no such message.")
    with reading(request) as session:
        row = site_message_by_id(session, int(number))
        participant = participant_by_id(session, row.participant_id)
        if not staff.sees(participant.site):
            raise NotFoundError("There is no such message.")
    return row, participant
