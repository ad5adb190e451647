"""Where a person lands, the language toggle, and forms that were kept."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.clinic.access.kept_forms import kept_form, open_form, settle_form
from bot.clinic.call import (
    SignedInStaff,
    WordedRefusalError,
    act,
    clinic_of,
    is_served,
    nav_for,
    page,
    reading,
    redirect,
    remember_language,
    safe_next,
    security_now,
    text_of,
)
from bot.clinic.routes import LANDING, NAV, Pages
from bot.i18n import Message, clinic_text, resolve_language
from bot.people.roles import Permission
from bot.storage.staff import account_by_id, kept_forms

pages = Pages()

NOT_KEPT = clinic_text("kept", "This form is no longer kept: fill it in again.")
DISCARDED = clinic_text("kept", "The kept form was discarded.")


@pages.get("/", may=Permission.OWN_ACCOUNT)
def land(request: Request, staff: SignedInStaff) -> Response:
    """A kept form first, else the first page of this role that is served."""
    with reading(request) as session:
        kept = kept_forms(session, staff.id, security_now(request))
    if kept:
        return redirect(request, f"/kept/{kept[0].id}")
    served = [nav for nav in LANDING[staff.role] if is_served(clinic_of(request), nav, staff)]
    if served:
        return redirect(request, NAV[served[0]].path)
    return page(request, "home.html", entries=nav_for(request, staff))


@pages.post("/language", may=Permission.OWN_ACCOUNT)
def switch_language(request: Request, staff: SignedInStaff) -> Response:
    """Store the language with the account and show the same page in it."""
    language = resolve_language(text_of(request, "language"))
    with clinic_of(request).database.write() as session:
        account = account_by_id(session, staff.id)
        account.credential.language = language
        session.add(account.credential)
    response = RedirectResponse(safe_next(request, text_of(request, "back")), status_code=303)
    remember_language(response, request, language)
    return response


@pages.get("/kept/{form}", may=Permission.OWN_ACCOUNT)
def show_kept(request: Request, staff: SignedInStaff) -> Response:
    """A form that came after the session had ended, ready to be sent again."""
    clinic, at = clinic_of(request), security_now(request)
    with reading(request) as session:
        row = kept_form(session, form_number(request), staff_id=staff.id, at=at)
    pairs = open_form(row, clinic.gate.sealer)
    labels = field_labels(request, row.path)
    return page(request, "kept.html", kept=row, pairs=pairs, labels=labels)


@pages.post("/kept/{form}/discard", may=Permission.OWN_ACCOUNT)
def discard_kept(request: Request, staff: SignedInStaff) -> Response:
    """Forget the form, because it was sent again or is not wanted."""
    at = security_now(request)
    act(
        request,
        lambda audit: settle_form(
            audit.session, kept_form(audit.session, form_number(request), staff_id=staff.id, at=at), at
        ),
    )
    return redirect(request, "/", said=DISCARDED)


def form_number(request: Request) -> int:
    """The number in the address; anything else leads nowhere."""
    given = str(request.path_params["form"])
    if not given.isdecimal() or len(given) > 9:
        raise WordedRefusalError(NOT_KEPT, status=404)
    return int(given)


def field_labels(request: Request, path: str) -> dict[str, Message]:
    """What the fields of a form's target are called."""
    below = path.removeprefix(str(request.scope.get("root_path", ""))).strip("/").split("/")
    for route in clinic_of(request).routes:
        parts = route.path.strip("/").split("/")
        if route.method == "POST" and len(parts) == len(below) and all(map(_same, parts, below)):
            return dict(route.fields)
    return {}


def _same(pattern: str, part: str) -> bool:
    return pattern.startswith("{") or pattern == part
