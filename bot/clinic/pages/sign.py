"""Sign a CDAI: review what is signed, read the meaning, confirm who you are; and unlock it with a second person."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.sign_draft import Signer, record_hash, sign_draft
from bot.actions.unlock_draft import confirm_unlock, request_unlock
from bot.clinic.call import (
    SignedInStaff,
    WordedRefusalError,
    participant_for,
    reading,
    redirect,
    require_step_up,
    step_up_factors,
    study_of,
    text_of,
)
from bot.clinic.pages.draft import Opened, about, address, draft_page, looking, open_draft, visit_of
from bot.clinic.routes import Nav, Pages
from bot.i18n import clinic_text
from bot.people.roles import Permission

pages = Pages()

SIGNED: Final = clinic_text("sign", "Signed. The page below prints with your signature.")
CHANGED: Final = clinic_text(
    "sign", "The draft has changed since you opened it for review: look at it again, then sign."
)
SIGNED_ALREADY: Final = clinic_text("sign", "This visit is signed already: nothing was changed.")
ASKED: Final = clinic_text("sign", "Asked. The signature stands until a second person confirms.")
UNLOCKED: Final = clinic_text("sign", "The signature is void, and the visit is back in the list.")
REASON_NEEDED: Final = clinic_text("sign", "Say why it should be unlocked.")
FIELDS: Final = {"reason": clinic_text("kept_field", "Reason")}


@pages.get("/drafts/{code}/{visit}/sign", may=Permission.SIGN, nav=Nav.DRAFTS)
def review(request: Request, staff: SignedInStaff) -> Response:
    """Everything that is signed on one page, with the form at its end; back to the draft when it cannot be signed."""
    return looking(request, staff, lambda opened: review_page(request, staff, opened))


@pages.post("/drafts/{code}/{visit}/sign", may=Permission.SIGN, nav=Nav.DRAFTS)
def take_signature(request: Request, staff: SignedInStaff) -> Response:
    """Sign what was shown."""
    find_participant(request, staff)
    shown = text_of(request, "shown")
    if not shown:
        return redirect(request, address(request) + "/sign")
    check_unchanged(request, staff, shown)
    confirmed = require_step_up(request, staff, "sign_draft")
    signer = Signer(staff.printed_name, confirmed.factors.method, staff.language)
    study, visit = study_of(request), visit_of(request)
    about(request, staff, lambda audit, one: sign_draft(audit, one, visit, shown=shown, signer=signer, study=study))
    return redirect(request, address(request), said=SIGNED)


@pages.post("/drafts/{code}/{visit}/unlock", may=Permission.UNLOCK, nav=Nav.DRAFTS, fields=FIELDS)
def take_unlock_request(request: Request, staff: SignedInStaff) -> Response:
    """Ask to unlock, with a reason."""
    find_participant(request, staff)
    reason = text_of(request, "reason")
    if not reason:
        raise WordedRefusalError(REASON_NEEDED, status=422)
    require_step_up(request, staff, "request_unlock")
    about(request, staff, lambda audit, one: request_unlock(audit, one, visit_of(request), reason=reason))
    return redirect(request, address(request), said=ASKED)


@pages.post("/drafts/{code}/{visit}/unlock/confirm", may=Permission.CONFIRM_UNLOCK, nav=Nav.DRAFTS)
def take_unlock(request: Request, staff: SignedInStaff) -> Response:
    """Confirm as the second person."""
    find_participant(request, staff)
    require_step_up(request, staff, "confirm_unlock")
    about(request, staff, lambda audit, one: confirm_unlock(audit, one, visit_of(request)))
    return redirect(request, address(request), said=UNLOCKED)


def review_page(request: Request, staff: SignedInStaff, opened: Opened) -> Response:
    """The review, or the draft's own page when there is nothing to sign."""
    if opened.signed or not opened.ready:
        return redirect(request, address(request))
    return draft_page(
        request,
        staff,
        opened,
        template="sign.html",
        shown=record_hash(opened.sources),
        factors=step_up_factors(request, staff),
    )


def check_unchanged(request: Request, staff: SignedInStaff, shown: str) -> None:
    """Refuse before anything is asked when the draft is no longer the one that was reviewed."""
    with reading(request) as session:
        opened = open_draft(request, staff, participant_for(session, staff, request.path_params["code"]), session)
    if opened.signed:
        raise WordedRefusalError(SIGNED_ALREADY)
    if record_hash(opened.sources) != shown:
        raise WordedRefusalError(CHANGED)


def find_participant(request: Request, staff: SignedInStaff) -> None:
    """A foreign site's participant is not found before anything else is asked."""
    with reading(request) as session:
        participant_for(session, staff, request.path_params["code"])
