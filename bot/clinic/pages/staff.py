"""Accounts, for administrators: who may come in, new setup links, disabling."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.add_staff import issue_setup_link
from bot.actions.disable_staff import disable_staff
from bot.clinic.call import (
    SignedInStaff,
    act,
    clinic_of,
    link,
    page,
    reading,
    redirect,
    require_step_up,
    security_now,
    study_of,
    text_of,
)
from bot.clinic.routes import Nav, Pages
from bot.errors import NotFoundError
from bot.i18n import clinic_text
from bot.people.roles import Permission
from bot.storage.staff import Account, account_by_id, all_accounts

pages = Pages()

DISABLED: Final = clinic_text("staff", "The account %(name)s is disabled, and its sessions have ended.")
FIELDS: Final = {"reason": clinic_text("form", "Reason")}


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account as the list shows it; `state` is active, waiting, locked or disabled."""

    id: int
    name: str
    role: str
    site: str
    state: str
    since: datetime


@pages.get("/staff", may=Permission.MANAGE_STAFF, nav=Nav.STAFF)
def show_staff(request: Request, staff: SignedInStaff) -> Response:  # noqa: ARG001  # every handler takes who asks
    """Every account with its state."""
    at = security_now(request)
    with reading(request) as session:
        lines = [account_line(account, at) for account in all_accounts(session)]
    return page(request, "staff.html", lines=lines)


@pages.post("/staff/{account}/link", may=Permission.MANAGE_STAFF, nav=Nav.STAFF)
def take_link(request: Request, staff: SignedInStaff) -> Response:
    """A fresh setup link, shown this once."""
    require_step_up(request, staff, "issue_setup_link")
    clinic, at = clinic_of(request), security_now(request)
    account = account_asked(request)
    token = act(
        request,
        lambda audit: issue_setup_link(
            audit, account_by_id(audit.session, account.id), study=study_of(request), sealer=clinic.gate.sealer, at=at
        ),
    )
    base = clinic.options.public_url or str(request.base_url).rstrip("/").removesuffix(request.scope["root_path"])
    return page(request, "staff_link.html", account=account.staff, address=base + link(request, f"/setup/{token}"))


@pages.post("/staff/{account}/disable", may=Permission.MANAGE_STAFF, nav=Nav.STAFF, fields=FIELDS)
def take_disable(request: Request, staff: SignedInStaff) -> Response:
    """Disable an account, with a reason."""
    account, at = account_asked(request), security_now(request)
    reason = text_of(request, "reason")
    if not reason:
        return page(request, "staff_disable.html", status=422, account=account.staff)
    require_step_up(request, staff, "disable_staff")
    act(request, lambda audit: disable_staff(audit, account_by_id(audit.session, account.id), reason=reason, at=at))
    return redirect(request, "/staff", said=DISABLED, name=account.staff.name)


def account_asked(request: Request) -> Account:
    """The account in the address."""
    given = str(request.path_params["account"])
    if not given.isdecimal() or len(given) > 9:
        raise NotFoundError("There is no such account.")
    with reading(request) as session:
        return account_by_id(session, int(given))


def account_line(account: Account, at: datetime) -> AccountLine:
    """The account as one line of the list."""
    staff, credential = account.staff, account.credential
    state, since = "active", credential.set_up_at or staff.created_at
    if staff.disabled_at is not None:
        state, since = "disabled", staff.disabled_at
    elif credential.set_up_at is None:
        state, since = "waiting", staff.created_at
    elif credential.locked_until is not None and credential.locked_until > at:
        state, since = "locked", credential.locked_until
    return AccountLine(account.id, staff.name, staff.role, staff.site, state, since)
