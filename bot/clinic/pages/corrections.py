"""Diary days that staff enter, and corrections of closed days: asked for with a reason, decided by the clinician."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.actions.decide_correction import (
    approve_correction,
    correction_by_id,
    decline_correction,
    propose_correction,
    proposed,
)
from bot.actions.enter_day import enter_day
from bot.clinic.asked_fields import Faults, page_asked, read_answers, read_date, read_reason
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
from bot.clinic.pages.participant import acting_on
from bot.clinic.routes import Nav, Pages
from bot.clinic.words import say
from bot.diary.items import Item
from bot.errors import NotFoundError
from bot.i18n import Message, clinic_text, format_day
from bot.messages.instrument import ANCHORS, answer_label, question
from bot.people.roles import Permission
from bot.storage.participants import participant_by_id
from bot.storage.tables import CorrectionRow, ParticipantRow
from bot.storage.views.cards import asked_items
from bot.storage.views.corrections import read_corrections
from bot.storage.views.days import DayRecord, read_diary

pages = Pages()

ENTERED: Final = clinic_text("corrections", "%(day)s is entered for %(code)s.")
ASKED: Final = clinic_text("corrections", "The correction of %(day)s waits for the investigator's decision.")
APPROVED: Final = clinic_text("corrections", "The correction of %(day)s for %(code)s is approved.")
DECLINED: Final = clinic_text("corrections", "The correction of %(day)s for %(code)s is declined.")
QUESTIONS: Final[Mapping[Item, Message]] = {
    Item.STOOLS: clinic_text("diary", "Stools"),
    Item.PAIN: clinic_text("diary", "Pain"),
    Item.WELLBEING: clinic_text("diary", "Well-being"),
    Item.ANTIDIARRHOEAL: clinic_text("diary", "Antidiarrhoeal"),
}
FIELDS: Final = {
    "stools": QUESTIONS[Item.STOOLS],
    "pain": QUESTIONS[Item.PAIN],
    "wellbeing": QUESTIONS[Item.WELLBEING],
    "reason": clinic_text("form", "Reason"),
}
PER_PAGE: Final = 30
LONG_AFTER: Final = date.max  # questions name their date, as nobody fills this in on the day


@dataclass(frozen=True, slots=True)
class Question:
    """One item of the form: its label, its answers in words (none for a number), what was given, what is wrong."""

    item: str
    label: str
    options: list[tuple[str, str]]
    given: str
    fault: str
    unusual: bool


@dataclass(frozen=True, slots=True)
class AskedCorrection:
    """One request for a correction with the values as they stand and as they would be."""

    row: CorrectionRow
    participant: ParticipantRow
    record: DayRecord
    wanted: Mapping[Item, int] | None
    questions: list[Question]


@pages.get("/participants/{code}/days/{day}", may=Permission.RUN_DIARY, nav=Nav.VISITS)
def show_day(request: Request, staff: SignedInStaff) -> Response:
    """Enter a diary day that the participant gives by phone."""
    participant, record = day_asked(request, staff)
    return day_page(request, "enter_day.html", participant, record, {})


@pages.post("/participants/{code}/days/{day}", may=Permission.RUN_DIARY, nav=Nav.VISITS, fields=FIELDS)
def take_day(request: Request, staff: SignedInStaff) -> Response:
    """Store the day with its source and reason."""
    participant, record = day_asked(request, staff)
    values, faults = read_answers(request)
    reason = read_reason(request, faults)
    if faults:
        return day_page(request, "enter_day.html", participant, record, faults)
    act(
        request,
        lambda audit: enter_day(
            audit, acting_on(audit, staff, participant.code), record.on, values, reason=reason, study=study_of(request)
        ),
    )
    return done(request, participant, record.on, ENTERED)


@pages.get("/participants/{code}/days/{day}/correction", may=Permission.REQUEST_CORRECTION, nav=Nav.VISITS)
def show_request(request: Request, staff: SignedInStaff) -> Response:
    """Ask for the correction of a closed day."""
    participant, record = day_asked(request, staff)
    return day_page(request, "ask_correction.html", participant, record, {})


@pages.post(
    "/participants/{code}/days/{day}/correction", may=Permission.REQUEST_CORRECTION, nav=Nav.VISITS, fields=FIELDS
)
def take_request(request: Request, staff: SignedInStaff) -> Response:
    """Keep the values asked for, with the reason."""
    participant, record = day_asked(request, staff)
    values, faults = read_answers(request)
    reason = read_reason(request, faults)
    if faults:
        return day_page(request, "ask_correction.html", participant, record, faults)
    act(
        request,
        lambda audit: propose_correction(
            audit, acting_on(audit, staff, participant.code), record.on, values, reason=reason, study=study_of(request)
        ),
    )
    return done(request, participant, record.on, ASKED)


def done(request: Request, participant: ParticipantRow, day: date, said: Message) -> Response:
    """Back to the visit that the day belongs to."""
    words = format_day(day, language_of(request))
    return redirect(request, f"/participants/{participant.code}", said=said, day=words, code=participant.code)


def day_page(
    request: Request, template: str, participant: ParticipantRow, record: DayRecord, faults: Faults
) -> Response:
    """The form with what was given and what is wrong."""
    return page(
        request,
        template,
        status=422 if faults else 200,
        participant=participant,
        record=record,
        questions=questions_of(request, record.on, {}, faults),
        reason=text_of(request, "reason"),
        reason_fault=worded(request, faults, "reason"),
        closed=study_now(request) >= record.day.closes_at,
        late=study_now(request) >= record.day.midnight_at,
    )


def questions_of(request: Request, day: date, values: Mapping[Item, int], faults: Faults) -> list[Question]:
    """The items of the study; nothing is preselected but what was typed or asked for."""
    language = language_of(request)
    found = []
    for item in asked_items(study_of(request).protocol):
        given = text_of(request, item.value) or (str(values[item]) if item in values else "")
        found.append(
            Question(
                item.value,
                question(item, day, LONG_AFTER, language),
                [(str(code), answer_label(item, code, language)) for code in range(len(ANCHORS.get(item, ())))],
                given,
                worded(request, faults, item.value),
                item.value in faults and bool(given) and item is Item.STOOLS and given.isdecimal(),
            )
        )
    return found


def worded(request: Request, faults: Faults, name: str) -> str:
    """What is wrong with a field, in the reader's language; empty when nothing is."""
    if name not in faults:
        return ""
    message, params = faults[name]
    return say(message, language_of(request), **params)


def day_asked(request: Request, staff: SignedInStaff) -> tuple[ParticipantRow, DayRecord]:
    """The participant and diary day in the address."""
    with reading(request) as session:
        participant = participant_for(session, staff, request.path_params["code"])
        day = read_date(str(request.path_params["day"]))
        if day is None:
            raise NotFoundError("There is no such diary day.")
        diary = read_diary(session, participant, study_of(request).protocol, study_now(request), days=[day])
    return participant, diary.records[day]


@pages.get("/corrections", may=Permission.SEE_ANSWERS, nav=Nav.INBOX)
def show_corrections(request: Request, staff: SignedInStaff) -> Response:
    """Requests that wait, one page at a time, then the latest decisions."""
    number = page_asked(request)
    with reading(request) as session:
        found = read_corrections(
            session,
            study_of(request).protocol,
            study_now(request),
            scope=staff.site,
            offset=(number - 1) * PER_PAGE,
            limit=PER_PAGE,
        )
    note_view(request, staff, "corrections")
    return page(
        request,
        "corrections.html",
        waiting=[asked_correction(request, one.row, one.participant, one.record) for one in found.waiting],
        total=found.total,
        decided=found.decided,
        number=number,
        pages_total=max(-(-found.total // PER_PAGE), 1),
        can_decide=staff.can(Permission.APPROVE_CORRECTION),
        can_propose=staff.can(Permission.REQUEST_CORRECTION),
    )


def described(request: Request, session: Session, row: CorrectionRow) -> AskedCorrection:
    participant = participant_by_id(session, row.participant_id)
    diary = read_diary(session, participant, study_of(request).protocol, study_now(request), days=[row.diary_day])
    return asked_correction(request, row, participant, diary.records[row.diary_day])


def asked_correction(
    request: Request, row: CorrectionRow, participant: ParticipantRow, record: DayRecord
) -> AskedCorrection:
    wanted = proposed(row)
    questions = questions_of(request, row.diary_day, wanted or {}, {})
    return AskedCorrection(row, participant, record, wanted, questions)


@pages.post("/corrections/{correction}/approve", may=Permission.APPROVE_CORRECTION, nav=Nav.INBOX, fields=FIELDS)
def take_approval(request: Request, staff: SignedInStaff) -> Response:
    """Approve with the values given; they become a revision of the day."""
    row, participant = correction_asked(request, staff)
    values, faults = read_answers(request)
    reason = read_reason(request, faults)
    if faults:
        return refusal(request, staff, row, faults)
    act(
        request,
        lambda audit: approve_correction(
            audit,
            correction_by_id(audit.session, row.id or 0),
            acting_on(audit, staff, participant.code),
            values,
            reason=reason,
            study=study_of(request),
        ),
    )
    return decided_now(request, participant, row, APPROVED)


@pages.post("/corrections/{correction}/decline", may=Permission.APPROVE_CORRECTION, nav=Nav.INBOX)
def take_refusal(request: Request, staff: SignedInStaff) -> Response:
    """Decline with a reason."""
    row, participant = correction_asked(request, staff)
    faults: Faults = {}
    reason = read_reason(request, faults)
    if faults:
        return refusal(request, staff, row, faults)
    act(
        request,
        lambda audit: decline_correction(
            audit,
            correction_by_id(audit.session, row.id or 0),
            acting_on(audit, staff, participant.code),
            reason=reason,
        ),
    )
    return decided_now(request, participant, row, DECLINED)


def refusal(request: Request, staff: SignedInStaff, row: CorrectionRow, faults: Faults) -> Response:
    """The one request again, with what is wrong; nothing typed is lost."""
    with reading(request) as session:
        found = described(request, session, row)
    questions = questions_of(request, row.diary_day, found.wanted or {}, faults)
    return page(
        request,
        "decide.html",
        status=422,
        found=found,
        questions=questions,
        reason=text_of(request, "reason"),
        reason_fault=worded(request, faults, "reason"),
        can_decide=staff.can(Permission.APPROVE_CORRECTION),
    )


def decided_now(request: Request, participant: ParticipantRow, row: CorrectionRow, said: Message) -> Response:
    day = format_day(row.diary_day, language_of(request))
    return redirect(request, "/corrections", said=said, day=day, code=participant.code)


def correction_asked(request: Request, staff: SignedInStaff) -> tuple[CorrectionRow, ParticipantRow]:
    """The request in the address; a foreign site's is not found."""
    number = str(request.path_params["correction"])
    if not number.isdecimal() or len(number) > 9:
        raise NotFoundError("There is no such request for a correction.")
    with reading(request) as session:
        row = correction_by_id(session, int(number))
        participant = participant_by_id(session, row.participant_id)
        if not staff.sees(participant.site):
            raise NotFoundError("There is no such request for a correction.")
    return row, participant
