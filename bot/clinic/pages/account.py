"""One's own account: name for signatures, password, recovery codes, and where one is signed in."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.change_password import change_password
from bot.actions.end_session import end_session
from bot.actions.set_up_staff import SetUpFault, rename, renew_recovery_codes
from bot.clinic.access.sessions import reason_over
from bot.clinic.call import (
    SignedInStaff,
    StepUpNeededError,
    act,
    clinic_of,
    form_of,
    page,
    reading,
    redirect,
    require_step_up,
    security_now,
    step_up_factors,
    text_of,
)
from bot.clinic.pages.sign_in import FAULTS
from bot.clinic.routes import Pages
from bot.errors import NotFoundError
from bot.i18n import Message, clinic_text
from bot.people.passwords import password_fault
from bot.people.roles import Permission
from bot.storage.staff import account_by_id, open_sessions, unused_recovery_codes

pages = Pages()

RENAMED: Final = clinic_text("account", "Your signatures print this name from now on.")
CHANGED: Final = clinic_text("account", "Your password is changed, and your other sessions have ended.")
UNCONFIRMED: Final = clinic_text("account", "Your present password or the code is wrong, and nothing was changed.")
ENDED: Final = clinic_text("account", "That session has ended.")
FIELDS: Final = {"printed_name": clinic_text("account", "Name on signatures")}


@pages.get("/account", may=Permission.OWN_ACCOUNT)
def show_account(request: Request, staff: SignedInStaff) -> Response:
    """Everything about the own account on one page."""
    return account_page(request, staff, {})


def account_page(request: Request, staff: SignedInStaff, faults: dict[str, Message]) -> Response:
    at = security_now(request)
    with reading(request) as session:
        account = account_by_id(session, staff.id)
        sessions = [row for row in open_sessions(session, staff.id) if reason_over(row, account, at) is None]
        codes_left = len(unused_recovery_codes(session, staff.id))
    return page(
        request, "account.html", status=422 if faults else 200, account=account, sessions=sessions,
        codes_left=codes_left, faults=faults, factors=step_up_factors(request, staff),
    )  # fmt: skip


@pages.post("/account/name", may=Permission.OWN_ACCOUNT, fields=FIELDS)
def take_name(request: Request, staff: SignedInStaff) -> Response:
    """Change the name that signatures print."""
    name = text_of(request, "printed_name")[:80]
    if not name:
        return account_page(request, staff, {"printed_name": FAULTS[SetUpFault.NAME_MISSING]})
    act(request, lambda audit: rename(audit, account_by_id(audit.session, staff.id), name, action="rename_staff"))
    return redirect(request, "/account", said=RENAMED)


@pages.post("/account/password", may=Permission.OWN_ACCOUNT)
def take_password(request: Request, staff: SignedInStaff) -> Response:
    """Change the password, after the old one and the code."""
    form = form_of(request)
    new, repeated = str(form.get("new_password", "")), str(form.get("repeated", ""))
    fault = password_fault(new, name=staff.name)
    if fault is not None:
        return account_page(request, staff, {"new_password": FAULTS[fault]})
    if new != repeated:
        return account_page(request, staff, {"repeated": FAULTS[SetUpFault.NOT_REPEATED]})
    try:
        require_step_up(request, staff, "change_password")
    except StepUpNeededError:  # passwords are never carried along to the page that would ask
        return account_page(request, staff, {"confirm": UNCONFIRMED})
    clinic, at = clinic_of(request), security_now(request)
    password_hash = clinic.gate.passwords.hash(new)
    act(
        request,
        lambda audit: change_password(
            audit, account_by_id(audit.session, staff.id), password_hash=password_hash, spare=staff.session.id, at=at
        ),
    )
    return redirect(request, "/account", said=CHANGED)


@pages.post("/account/recovery-codes", may=Permission.OWN_ACCOUNT)
def take_recovery_codes(request: Request, staff: SignedInStaff) -> Response:
    """Ten new recovery codes, shown this once."""
    require_step_up(request, staff, "renew_recovery_codes")
    clinic, at = clinic_of(request), security_now(request)
    codes = act(
        request,
        lambda audit: renew_recovery_codes(
            audit, account_by_id(audit.session, staff.id), sealer=clinic.gate.sealer, at=at
        ),
    )
    return page(request, "recovery.html", codes=codes, first_time=False)


@pages.post("/account/sessions/{session}/end", may=Permission.OWN_ACCOUNT)
def take_end(request: Request, staff: SignedInStaff) -> Response:
    """End another browser's session of the own account."""
    given = str(request.path_params["session"])
    if not given.isdecimal() or len(given) > 9:
        raise NotFoundError("There is no such session: it may have ended already.")
    at = security_now(request)
    act(
        request,
        lambda audit: end_session(audit.session, int(given), staff_id=staff.id, reason="revoked", at=at),
    )
    return redirect(request, "/account", said=ENDED)
