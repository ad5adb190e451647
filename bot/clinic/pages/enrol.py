"""Enrol a participant: the same act as the command, and the first invitation at once."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.enrol import CODE_SHAPE, Enrolled, Enrolment, enrol
from bot.clinic.asked_fields import A_DATE, CHOOSE, Faults, read_date
from bot.clinic.call import SignedInStaff, act, language_of, page, study_of, text_of
from bot.clinic.pages.invitation import ZONES, invitation_card, new_link
from bot.clinic.refusals import worded
from bot.clinic.routes import Nav, Pages
from bot.clinic.words import say
from bot.errors import DiaryError
from bot.i18n import clinic_text
from bot.people.roles import Permission
from bot.storage.trail import Trail

pages = Pages()

CODE: Final = clinic_text("enrol", "Two to six capital letters, a hyphen and three to five digits, as in SH-001.")
HEIGHT: Final = clinic_text("enrol", "The height in centimetres, between 120 and 220.")
FIELDS: Final = {
    "code": clinic_text("board", "Code"),
    "sex": clinic_text("enrol", "Sex"),
    "height": clinic_text("enrol", "Height"),
    "language": clinic_text("enrol", "Language of the chat"),
    "zone": clinic_text("manage", "Time zone"),
    "baseline": clinic_text("enrol", "Date of the first visit"),
    "consent": clinic_text("enrol", "Date of the written consent"),
}


@pages.get("/participants/new", may=Permission.ENROL, nav=Nav.BOARD)
def show_enrol(request: Request, staff: SignedInStaff) -> Response:
    """The form; no name and no phone number is asked."""
    return enrol_page(request, staff, {}, "")


@pages.post("/participants/new", may=Permission.ENROL, nav=Nav.BOARD, fields=FIELDS)
def take_enrolment(request: Request, staff: SignedInStaff) -> Response:
    """Store the participant and show the invitation."""
    given, faults = read_enrolment(request, staff)
    if given is None:
        return enrol_page(request, staff, faults, "")

    def add(audit: Trail) -> tuple[Enrolled, str | None]:
        enrolled = enrol(audit, given, study=study_of(request))
        return enrolled, new_link(audit, enrolled.participant, request)

    try:
        enrolled, link_token = act(request, add)
    except DiaryError as error:
        return enrol_page(request, staff, {}, worded(error, language_of(request)))
    return invitation_card(request, staff, enrolled.participant.code, enrolled.token, link_token)


def read_enrolment(request: Request, staff: SignedInStaff) -> tuple[Enrolment | None, Faults]:
    """What was typed, or what is wrong with it."""
    faults: Faults = {}
    code, sex, language = (text_of(request, name) for name in ("code", "sex", "language"))
    height, baseline = read_height(text_of(request, "height")), read_date(text_of(request, "baseline"))
    if not CODE_SHAPE.fullmatch(code):
        faults["code"] = (CODE, {})
    if sex not in ("male", "female"):
        faults["sex"] = (CHOOSE, {})
    if language not in ("zh", "en"):
        faults["language"] = (CHOOSE, {})
    if height is None:
        faults["height"] = (HEIGHT, {})
    if baseline is None:
        faults["baseline"] = (A_DATE, {})
    if faults or height is None or baseline is None:
        return None, faults
    consent: date | None = read_date(text_of(request, "consent"))
    return (
        Enrolment(
            code=code,
            site=staff.site,
            sex=sex,
            height_cm=height,
            language=language,
            timezone=text_of(request, "zone"),
            baseline_on=baseline,
            consent_on=consent,
            stoma=text_of(request, "stoma") == "yes",
        ),
        faults,
    )


def read_height(text: str) -> Decimal | None:
    """A height in centimetres; None for anything that cannot be one."""
    try:
        found = Decimal(text.replace("，", ".").replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() and Decimal(120) <= found <= Decimal(220) else None


def enrol_page(request: Request, staff: SignedInStaff, faults: Faults, refusal: str) -> Response:
    """The form with what was typed and what is wrong."""
    zone = next((site.timezone for site in study_of(request).protocol.sites if site.id == staff.site), "UTC")
    names = ("code", "sex", "height", "language", "zone", "baseline", "consent", "stoma")
    given = {name: text_of(request, name) for name in names}
    return page(
        request,
        "enrol.html",
        status=422 if faults or refusal else 200,
        given=given | {"zone": given["zone"] or zone},
        zones=ZONES if zone in ZONES else (zone, *ZONES),
        faults={name: say(words, language_of(request), **params) for name, (words, params) in faults.items()},
        refusal=refusal,
    )
