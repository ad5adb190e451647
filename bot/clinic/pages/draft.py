"""The CDAI draft of one visit: read it, fill in the clinic part, see the total while typing, print it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.accept_carried import accept_carried
from bot.actions.assess import ClinicValues, assess
from bot.actions.check_in import check_in
from bot.actions.print_draft import background_from, print_draft
from bot.actions.pull_draft import header_of
from bot.actions.show_signature import why_void
from bot.actions.sign_draft import missing_to_sign
from bot.actions.site_acts import site_day
from bot.clinic.call import (
    SignedInStaff,
    act,
    clinic_of,
    form_of,
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
from bot.clinic.draft_forms import ClinicForm, Desk, Reading, form_from, read_form, read_sescd_form, with_typed
from bot.clinic.draft_view import DraftView, short_days, view_of
from bot.clinic.routes import Nav, Pages
from bot.clinic.words import say
from bot.documents.draft_header import DraftHeader, decimal
from bot.documents.signing_words import MEANINGS, METHODS
from bot.documents.words import GROUPS, MASS, NAMES, SEGMENT
from bot.i18n import LANGUAGES, Message, clinic_text, translate
from bot.people.roles import Permission
from bot.scoring.inputs import COMPLICATION_GROUPS, MASS_GRADES
from bot.scoring.sescd import ITEMS, SEGMENTS
from bot.storage.assessments import assessments_at
from bot.storage.signatures import SignedOnce, is_current, open_unlock, signatures_of
from bot.storage.stored_drafts import since_last_stored
from bot.storage.tables import ParticipantRow, StoredDraftRow, UnlockRequestRow
from bot.storage.trail import Trail
from bot.storage.views.draft import Drafts, DraftSources
from bot.storage.views.records import read_record

pages = Pages()

SAVED: Final = clinic_text("draft", "Saved. What changed is in the audit trail.")
NOTHING_NEW: Final = clinic_text("draft", "Nothing was changed: every value stands already.")
NOTHING_GIVEN: Final = clinic_text("draft", "Nothing was filled in yet.")
ACCEPTED: Final = clinic_text("draft", "Accepted for this visit.")
CHECKED_IN: Final = clinic_text("draft", "Checked in. Diary day D−1 is closed.")
STANDARD: Final = clinic_text("draft", "standard weight %(weight)s kg")
STANDARD_FROZEN: Final = clinic_text("draft", "standard weight %(weight)s kg, frozen at screening")
REASON_NEEDED: Final = clinic_text("draft", "Say why: saving makes the signature void.")
LABELS: Final[Mapping[str, Message]] = {
    "hct": clinic_text("kept_field", "Haematocrit"),
    "hct_unit": clinic_text("kept_field", "Haematocrit, unit"),
    "hct_on": clinic_text("kept_field", "Haematocrit, date"),
    "weight_kg": clinic_text("kept_field", "Weight in kg"),
    "weight_on": clinic_text("kept_field", "Weight, date"),
    "mass": clinic_text("kept_field", "Abdominal mass"),
    "antidiarrhoeal": clinic_text("kept_field", "Antidiarrhoeal"),
    "reason": clinic_text("kept_field", "Reason"),
}
SESCD_ITEMS: Final = {
    "ulcer_size": (
        clinic_text("sescd", "Ulcer size"),
        (
            clinic_text("sescd", "none"),
            clinic_text("sescd", "0.1–0.5 cm"),
            clinic_text("sescd", "0.5–2 cm"),
            clinic_text("sescd", "> 2 cm"),
        ),
    ),
    "ulcerated_surface": (
        clinic_text("sescd", "Ulcerated surface"),
        (
            clinic_text("sescd", "0 %"),
            clinic_text("sescd", "< 10 %"),
            clinic_text("sescd", "10–30 %"),
            clinic_text("sescd", "> 30 %"),
        ),
    ),
    "affected_surface": (
        clinic_text("sescd", "Affected surface"),
        (
            clinic_text("sescd", "0 %"),
            clinic_text("sescd", "< 50 %"),
            clinic_text("sescd", "50–75 %"),
            clinic_text("sescd", "> 75 %"),
        ),
    ),
    "narrowing": (
        clinic_text("sescd", "Narrowing"),
        (
            clinic_text("sescd", "none"),
            clinic_text("sescd", "one, passable"),
            clinic_text("sescd", "several, passable"),
            clinic_text("sescd", "not passable"),
        ),
    ),
}


@dataclass(frozen=True)
class Opened:
    """One visit's draft with everything its page needs, read in a fixed number of queries."""

    participant: ParticipantRow
    drafts: Drafts
    sources: DraftSources
    header: DraftHeader
    form: ClinicForm
    signatures: tuple[SignedOnce, ...]
    unlock: UnlockRequestRow | None
    current: bool
    desk: Desk

    @property
    def signature(self) -> SignedOnce | None:
        """The signature given last, void or not."""
        return self.signatures[-1] if self.signatures else None

    @property
    def ready(self) -> bool:
        """Whether nothing keeps the draft from being signed."""
        return not missing_to_sign(self.sources.draft)

    @property
    def signed(self) -> bool:
        return self.signature is not None and self.signature.stands


@pages.get("/drafts/{code}/{visit}", may=Permission.SEE_ANSWERS, nav=Nav.DRAFTS)
def show_draft(request: Request, staff: SignedInStaff) -> Response:
    """The draft as of now."""
    return looking(request, staff, lambda opened: draft_page(request, staff, opened))


@pages.post("/drafts/{code}/{visit}/worksheet", may=Permission.ENTER_LABORATORY, nav=Nav.DRAFTS)
def show_worksheet(request: Request, staff: SignedInStaff) -> Response:
    """The parts of the page that change with what is typed; nothing is stored."""
    return looking(request, staff, lambda opened: worksheet(request, staff, opened), noted=False)


@pages.post("/drafts/{code}/{visit}/clinic", may=Permission.ENTER_LABORATORY, nav=Nav.DRAFTS, fields=LABELS)
def take_clinic(request: Request, staff: SignedInStaff) -> Response:
    """Store the clinic part, or show it again with what is to be mended."""
    return take(request, staff, lambda opened: read_typed(staff, opened, request))


@pages.post("/drafts/{code}/{visit}/sescd", may=Permission.ASSESS, nav=Nav.DRAFTS, fields=LABELS)
def take_sescd(request: Request, staff: SignedInStaff) -> Response:
    """Store the endoscopy by segment."""
    return take(request, staff, lambda opened: read_sescd_form(opened.desk, given_texts(request), opened.form))


@pages.post("/drafts/{code}/{visit}/accept", may=Permission.ASSESS, nav=Nav.DRAFTS)
def take_acceptance(request: Request, staff: SignedInStaff) -> Response:
    """Accept a value that was carried forward."""
    component = text_of(request, "component")
    study = study_of(request)
    about(request, staff, lambda audit, one: accept_carried(audit, one, visit_of(request), component, study=study))
    return redirect(request, address(request), said=ACCEPTED)


@pages.post("/drafts/{code}/{visit}/check-in", may=Permission.RUN_DIARY, nav=Nav.DRAFTS)
def take_check_in(request: Request, staff: SignedInStaff) -> Response:
    """Check the visit in from the page on which its absence is noticed."""
    study = study_of(request)
    about(request, staff, lambda audit, one: check_in(audit, one, visit_of(request), study=study))
    return redirect(request, address(request), said=CHECKED_IN)


@pages.get("/drafts/{code}/{visit}/cdai.pdf", may=Permission.SEE_ANSWERS, nav=Nav.DRAFTS)
def print_page(request: Request, staff: SignedInStaff) -> Response:
    """One A4 page; what is printed is kept on record as printed."""
    study, synthetic = study_of(request), clinic_of(request).options.demonstration
    asked = request.query_params.get("language", "")
    language = asked if asked in LANGUAGES else language_of(request)
    code, visit = request.path_params["code"], visit_of(request)
    body = about(
        request, staff, lambda audit, one: print_draft(audit, one, visit, language, study=study, synthetic=synthetic)
    )
    note_view(request, staff, "draft_page", participant=code)
    name = f"CDAI-{code}-{visit}-{language}.pdf"
    return Response(body, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{name}"'})


def looking(
    request: Request, staff: SignedInStaff, show: Callable[[Opened], Response], *, noted: bool = True
) -> Response:
    """Open the draft of the address and show it, with an access event unless the page was noted already."""
    with reading(request) as session:
        opened = open_draft(request, staff, participant_for(session, staff, request.path_params["code"]), session)
        response = show(opened)
    if noted:
        note_view(request, staff, "draft", participant=opened.participant.code)
    return response


def open_draft(request: Request, staff: SignedInStaff, participant: ParticipantRow, session: Any) -> Opened:
    """Read everything about one visit's draft."""
    study, now, visit = study_of(request), study_now(request), visit_of(request)
    study.protocol.visit(visit)
    person, records = read_record(session, participant)
    drafts = Drafts(person, records, study.protocol, now)
    sources = drafts.draft(visit)
    key = participant.id or 0
    signatures = tuple(signatures_of(session, key, visit))
    last = signatures[-1] if signatures else None
    stored = session.get(StoredDraftRow, last.row.stored_draft_id) if last is not None and last.stands else None
    since = since_last_stored(session, key, sources.draft, sources.protocol.fingerprint)
    today = site_day(now, participant, study)
    rows = assessments_at(session, key, visit)
    desk = Desk(session, participant, visit, study, sources.protocol.rules, now, today, staff.language)
    return Opened(
        participant=participant,
        drafts=drafts,
        sources=sources,
        header=header_of(participant, sources, since),
        form=form_from(sources, rows, today),
        signatures=signatures,
        unlock=open_unlock(session, last.row.id or 0) if last is not None and last.stands else None,
        current=stored is not None and last is not None and is_current(last.row, stored, sources),
        desk=desk,
    )


def draft_page(
    request: Request,
    staff: SignedInStaff,
    opened: Opened,
    *,
    form: ClinicForm | None = None,
    problem: Message | None = None,
    reason: str = "",
    status: int = 200,
    template: str = "draft.html",
    **more: object,
) -> Response:
    """The page of a draft, with a form as it was typed when it comes back."""
    view = view_opened(staff, opened, opened.drafts, synthetic=clinic_of(request).options.demonstration)
    return page(
        request,
        template,
        status=status,
        form=form or opened.form,
        problem=problem,
        reason=reason,
        **(context(staff, opened, view) | more),
    )


def view_opened(staff: SignedInStaff, opened: Opened, drafts: Drafts, *, synthetic: bool = False) -> DraftView:
    """The view of the opened visit, from the stored values or from `drafts` with typed ones."""
    visit = opened.sources.visit.code
    return view_of(
        drafts.draft(visit).draft,
        opened.header,
        background_from(drafts, visit, synthetic=synthetic),
        staff.language,
        signature=opened.signature,
        is_current=opened.current,
    )


def context(staff: SignedInStaff, opened: Opened, view: DraftView) -> dict[str, Any]:
    """What the templates of a draft know."""
    language = staff.language
    return {
        "opened": opened,
        "view": view,
        "sheet": view.sheet,
        "code": opened.participant.code,
        "visit": opened.sources.visit,
        "site_tz": opened.header.tzid,
        "person": _capital(view.sheet["facts"][0][1][2]),
        "path": f"/drafts/{opened.participant.code}/{opened.sources.visit.code}",
        "groups": [(key, _capital(translate(GROUPS[key], language))) for key in COMPLICATION_GROUPS],
        "masses": [(key, _capital(translate(MASS[key], language))) for key in MASS_GRADES],
        "names": {key: translate(message, language) for key, message in NAMES.items()},
        "segments": [(name, translate(SEGMENT[name], language)) for name in SEGMENTS],
        "sescd_items": [(item, *SESCD_ITEMS[item]) for item in ITEMS],
        "meaning": translate(MEANINGS["reviewed"], language),
        "meaning_of": lambda found: translate(MEANINGS[found.row.meaning], language),
        "method_of": lambda found: translate(METHODS[found.row.method], language),
        "why_void": lambda found: why_void(found.void, language),
        "weight_hint": weight_hint(opened, language),
        "carried_values": carried_values(opened),
        "today": opened.desk.today,
        "days_range": short_days(view.draft.diary.scoring_days, language, opened.header.tzid),
        "may_measure": staff.can(Permission.ENTER_LABORATORY),
        "may_examine": staff.can(Permission.ASSESS),
    }


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that was taken from an earlier visit and that nobody has accepted for this one."""

    name: str
    value: str
    unit: str
    on: date


def carried_values(opened: Opened) -> list[Carried]:
    """The values a clinician may accept."""
    result = opened.sources.draft.result
    chosen = (("hct", "%", result.hct), ("weight", "kg", result.weight))
    return [
        Carried(name, decimal(one.value), unit, one.on)
        for name, unit, one in chosen
        if one is not None and one.is_provisional and one.on is not None
    ]


def weight_hint(opened: Opened, language: str) -> str:
    """The standard weight beside the field, so that the percentage can be understood."""
    standard = opened.sources.draft.visit.standard_weight_kg
    if standard is None:
        return ""
    frozen = opened.participant.standard_weight_kg is not None
    return say(STANDARD_FROZEN if frozen else STANDARD, language, weight=decimal(standard, places=1))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def worksheet(request: Request, staff: SignedInStaff, opened: Opened) -> Response:
    """The page's changing parts with the typed values in place of the stored ones."""
    found = read_typed(staff, opened, request)
    drafts = with_typed(opened.drafts, opened.sources.visit.code, found.checked, opened.desk.now)
    view = view_opened(staff, opened, drafts)
    return page(request, "draft_worksheet.html", form=found.form, **context(staff, opened, view))


def read_typed(staff: SignedInStaff, opened: Opened, request: Request) -> Reading:
    """The clinic part as posted; what a role may not enter is not read."""
    examination = staff.can(Permission.ASSESS)
    return read_form(opened.desk, given_texts(request), opened.form, examination=examination)


def given_texts(request: Request) -> dict[str, str]:
    return {name: value for name, value in form_of(request).items() if isinstance(value, str)}


def take(request: Request, staff: SignedInStaff, read: Callable[[Opened], Reading]) -> Response:
    """Read a posted part, store what is right, and come back to the page; refuse it whole when something is not."""
    reason = text_of(request, "reason")
    with reading(request) as session:
        opened = open_draft(request, staff, participant_for(session, staff, request.path_params["code"]), session)
        found = read(opened)
        problem = refusal(opened, found, reason)
        if problem is not None or found.form.refused:
            return draft_page(request, staff, opened, form=found.form, problem=problem, reason=reason, status=422)
    values: ClinicValues = found.values
    study = study_of(request)
    rows = about(
        request,
        staff,
        lambda audit, one: assess(audit, one, visit_of(request), values, study=study, reason=reason or None),
    )
    return redirect(request, address(request), said=SAVED if rows else NOTHING_NEW)


def refusal(opened: Opened, found: Reading, reason: str) -> Message | None:
    """Why nothing of a form is stored, beyond what its fields say."""
    if found.form.refused:
        return None
    if found.empty:
        return NOTHING_GIVEN
    return REASON_NEEDED if opened.signed and not reason else None


def about(request: Request, staff: SignedInStaff, deed: Callable[[Trail, ParticipantRow], Any]) -> Any:
    """Act on the participant of the address, whom the trail then names."""

    def run(audit: Trail) -> Any:
        participant = participant_for(audit.session, staff, request.path_params["code"])
        audit.participant = participant.code
        return deed(audit, participant)

    return act(request, run)


def visit_of(request: Request) -> str:
    return str(request.path_params["visit"])


def address(request: Request) -> str:
    """The draft's own page."""
    return f"/drafts/{request.path_params['code']}/{visit_of(request)}"
