"""One participant: visits, the diary of each with every revision, messages, tasks, and moving a visit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.actions.move_visit import check_can_move, preview_visit_move
from bot.actions.note_call import note_call
from bot.actions.nudge import nudge
from bot.actions.resume_messages import resume_messages
from bot.actions.site_acts import entered_days, site_day
from bot.clinic.asked_fields import read_date, read_time
from bot.clinic.call import (
    SignedInStaff,
    act,
    language_of,
    note_view,
    page,
    participant_for,
    reading,
    redirect,
    study_now,
    study_of,
    text_of,
)
from bot.clinic.refusals import worded
from bot.clinic.render import MINUS
from bot.clinic.routes import Nav, Pages
from bot.clinic.steps import Deed
from bot.clinic.visit_week import MoveStrip, day_rows, move_strip, outlook, revisions
from bot.clinic.weeks import consequence
from bot.errors import DiaryError
from bot.i18n import Message, clinic_text
from bot.people.roles import Permission
from bot.storage.participants import bound_chat, zone_history
from bot.storage.signatures import SignedOnce, last_signed
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.board import Outlook
from bot.storage.views.days import Diary, read_diary, read_whole_diary
from bot.storage.views.ledger import corrections_of, entry_authors, open_tasks, read_ledger
from bot.storage.visits import visit_facts
from schedules.errors import ScheduleError
from schedules.visits import MovePreview, ScheduledVisit, VisitState, earliest_evaluable_on
from schedules.windows import local_day, zone_on

pages = Pages()

NUDGED: Final = clinic_text("participant", "A reminder is on its way to %(code)s.")
CALLED: Final = clinic_text("participant", "The call to %(code)s is recorded.")
RESUMED: Final = clinic_text("participant", "Messages to %(code)s will come again as planned.")
BACK: Final = {"board": "/board", "morning": "/morning"}


@dataclass(frozen=True, slots=True)
class VisitCard:
    """One visit in the strip: its date, what is in hand, the total as signed, and whether it is the one on show."""

    visit: ScheduledVisit
    outlook: Outlook
    begun: bool
    current: bool
    signature: SignedOnce | None
    total: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """A move as it is being considered: the date asked for, what it would change, or why it cannot be."""

    to: date | None
    at: str
    preview: MovePreview | None
    strip: MoveStrip | None
    refusal: str | None
    earliest: date | None


@pages.get("/participants/{code}", may=Permission.SEE_ANSWERS, nav=Nav.VISITS)
def show_participant(request: Request, staff: SignedInStaff) -> Response:
    """Everything about one participant, one visit at a time."""
    study, now, protocol = study_of(request), study_now(request), study_of(request).protocol
    with reading(request) as session:
        participant = participant_for(session, staff, request.path_params["code"])
        diary = read_whole_diary(session, participant, protocol, now)
        today = local_day(now, diary.zones)
        visit = visit_shown(request, diary, today)
        authors = entry_authors(session, participant.code)
        chat = bound_chat(session, participant.id or 0)
        ledger = read_ledger(session, diary, now, everything=request.query_params.get("messages") == "all")
        tasks, corrections = open_tasks(session, participant.id or 0), corrections_of(session, participant.id or 0)
        signed = last_signed(session, participant.id or 0)
        movable = can_be_moved(staff, participant, visit)
        move = considered(request, session, participant, diary, visit) if movable else None
    note_view(request, staff, "participant", participant=participant.code)
    rows = day_rows(
        diary, visit, protocol, now, authors, language=language_of(request), tzid=zone_on(diary.zones, today)
    )
    found = outlook(diary, visit, protocol, now)
    return page(
        request,
        "participant.html",
        participant=participant,
        chat=chat,
        zone=zone_on(diary.zones, today),
        today=today,
        site_today=site_day(now, participant, study),
        cards=visit_cards(request, diary, visit, today, signed),
        visit=visit,
        rows=rows,
        revisions=revisions(rows),
        outlook=found,
        means=consequence(found, language_of(request), over=visit.held),
        ledger=ledger,
        tasks=tasks,
        corrections=corrections,
        move=move,
        plan=protocol,
        can_run=staff.can(Permission.RUN_DIARY) and participant.withdrawn_at is None,
        can_enrol=staff.can(Permission.ENROL),
        can_correct=staff.can(Permission.REQUEST_CORRECTION),
        waits=any(row.record.state == "open" for row in rows),
        Deed=Deed,
        now=now,
    )


def visit_shown(request: Request, diary: Diary, today: date) -> ScheduledVisit:
    """The visit asked for, else the one whose diary runs, else the next, else the last."""
    visits = diary.calendar.visits
    asked = request.query_params.get("visit")
    if asked in {visit.code for visit in visits}:
        return diary.calendar.visit(asked or "")
    ahead = [visit for visit in visits if visit.state is VisitState.PLANNED and visit.on >= today]
    held_today = [visit for visit in visits if visit.held and visit.on == today]
    return (held_today or ahead or list(visits[-1:]))[0]


def visit_cards(
    request: Request,
    diary: Diary,
    shown: ScheduledVisit,
    today: date,
    signed: Mapping[str, tuple[SignedOnce, Mapping[str, object]]],
) -> list[VisitCard]:
    """The strip of visits."""
    protocol, now = study_of(request).protocol, study_now(request)
    return [
        VisitCard(
            visit,
            outlook(diary, visit, protocol, now),
            bool(visit.scoring_days) and visit.scoring_days[0] <= today,
            visit.code == shown.code,
            *signed_as(signed.get(visit.code)),
        )
        for visit in diary.calendar.visits
    ]


def signed_as(signed: tuple[SignedOnce, Mapping[str, object]] | None) -> tuple[SignedOnce | None, str | None]:
    """The latest signature of a visit, and the total it stands for as long as it stands."""
    if signed is None:
        return None, None
    signature, document = signed
    total = document.get("total") if signature.stands else None
    return signature, None if total is None else str(total).replace("-", MINUS)


def can_be_moved(staff: SignedInStaff, participant: ParticipantRow, visit: ScheduledVisit) -> bool:
    return (
        staff.can(Permission.RUN_DIARY)
        and participant.withdrawn_at is None
        and visit.state not in (VisitState.HELD, VisitState.TERMINATED)
    )


def considered(
    request: Request, session: Session, participant: ParticipantRow, diary: Diary, visit: ScheduledVisit
) -> Move:
    """The move in the address, previewed; nothing is stored. The adviser names the earliest date that works."""
    study, now = study_of(request), study_now(request)
    to, at = read_date(request.query_params.get("to", "")), request.query_params.get("at", "")[:5]
    earliest = adviser(session, participant, visit, request)
    if to is None:
        return Move(None, at, None, None, None, earliest)
    try:
        check_can_move(session, participant, visit.code, to, study=study, now=now)
        preview = preview_visit_move(session, participant, visit.code, to, study=study, now=now, at=read_time(at))
    except (DiaryError, ScheduleError) as error:
        return Move(to, at, None, None, worded(error, language_of(request)), earliest)
    return Move(to, at, preview, move_strip(preview, diary, now), None, earliest)


def adviser(session: Session, participant: ParticipantRow, visit: ScheduledVisit, request: Request) -> date | None:
    """The earliest date on which the visit could be evaluated."""
    study, now = study_of(request), study_now(request)
    try:
        return earliest_evaluable_on(
            study.protocol,
            participant.baseline_on,
            visit_facts(session, participant.id or 0, study.protocol),
            visit.code,
            entered=entered_days(session, participant, study),
            now=now,
            history=zone_history(session, participant.id or 0),
            site_tz=study.protocol.site(participant.site).timezone,
        )
    except ScheduleError:
        return None


@pages.post("/participants/{code}/nudge", may=Permission.RUN_DIARY, nav=Nav.BOARD)
def take_nudge(request: Request, staff: SignedInStaff) -> Response:
    """Send one more reminder now."""
    code = str(request.path_params["code"])
    act(request, lambda audit: nudge(audit, acting_on(audit, staff, code), study=study_of(request)))
    return back_to(request, code, NUDGED)


@pages.post("/participants/{code}/resume", may=Permission.RUN_DIARY, nav=Nav.BOARD)
def take_resume(request: Request, staff: SignedInStaff) -> Response:
    """Let messages come again after a stop, at the participant's wish."""
    code = str(request.path_params["code"])
    act(request, lambda audit: resume_messages(audit, acting_on(audit, staff, code), study=study_of(request)))
    return back_to(request, code, RESUMED)


@pages.get("/participants/{code}/call", may=Permission.RUN_DIARY, nav=Nav.MORNING)
def show_call(request: Request, staff: SignedInStaff) -> Response:
    """What to say on the phone, and how the call ended."""
    with reading(request) as session:
        participant = participant_for(session, staff, request.path_params["code"])
        diary = read_diary(session, participant, study_of(request).protocol, study_now(request))
    waiting = [record for _on, record in sorted(diary.records.items()) if record.state == "open"]
    return page(request, "call.html", participant=participant, record=waiting[0] if waiting else None)


@pages.post("/participants/{code}/call", may=Permission.RUN_DIARY, nav=Nav.MORNING)
def take_call(request: Request, staff: SignedInStaff) -> Response:
    """Record a call; answers given by phone are entered next."""
    code, outcome = str(request.path_params["code"]), text_of(request, "outcome")
    day = read_date(text_of(request, "day"))
    act(request, lambda audit: note_call(audit, acting_on(audit, staff, code), outcome, diary_day=day))
    if outcome == "dictated" and day is not None:
        return redirect(request, f"/participants/{code}/days/{day}", said=CALLED, code=code)
    return back_to(request, code, CALLED)


def acting_on(audit: Trail, staff: SignedInStaff, code: str) -> ParticipantRow:
    """The participant to act on, named in the trail."""
    participant = participant_for(audit.session, staff, code)
    audit.participant = participant.code
    return participant


def back_to(request: Request, code: str, said: Message, **params: object) -> Response:
    """Back to where the form stood: board, morning list, or the participant's page."""
    path = BACK.get(text_of(request, "back"), f"/participants/{code}")
    return redirect(request, path, said=said, **({"code": code} | params))
