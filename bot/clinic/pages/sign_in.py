"""Signing in and out, and setting up an account by its one-time link."""

import io
from typing import Final

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.actions.add_staff import SEED
from bot.actions.end_session import end_session
from bot.actions.set_up_staff import SetUpFault, SetUpForm, faults_of, set_up_staff, setup_of
from bot.actions.sign_in import Attempt, SignInResult, Verdict, actor_of, open_session, sign_in
from bot.clinic.call import (
    SignedInStaff,
    caller_ip,
    clinic_of,
    drop_session,
    form_of,
    link,
    page,
    put_session,
    reading,
    remember_language,
    safe_next,
    security_now,
    text_of,
)
from bot.clinic.routes import Pages
from bot.i18n import LANGUAGES, Message, clinic_text, resolve_language
from bot.people.actor import Origin
from bot.people.one_time_codes import provisioning_uri
from bot.people.passwords import PasswordFault
from bot.people.roles import Permission
from bot.storage.staff import Account
from bot.storage.trail import Trail

pages = Pages()

REASONS: Final = {
    "ended": clinic_text("sign_in", "Your session has ended. Sign in again to go on."),
    "kept": clinic_text(
        "sign_in",
        "Your session had ended before the form arrived. It is kept for an hour: sign in and it is shown again.",
    ),
    "out": clinic_text("sign_in", "You are signed out."),
}
VERDICTS: Final = {
    Verdict.WRONG: clinic_text(
        "sign_in",
        "Name, password and code do not go together. Five wrong tries in a row lock an account for 15 minutes.",
    ),
    Verdict.CODE_USED: clinic_text(
        "sign_in", "This code has been used already. The next one comes in %(seconds)s seconds."
    ),
    Verdict.LOCKED: clinic_text(
        "sign_in", "This account is locked after five wrong tries. It opens again in %(minutes)s min."
    ),
    Verdict.TOO_MANY: clinic_text(
        "sign_in", "Too many wrong tries came from this network. Wait 15 minutes, then try again."
    ),
}
FAULTS: Final[dict[SetUpFault | PasswordFault, Message]] = {
    SetUpFault.NAME_MISSING: clinic_text("setup", "Give the name that your signatures will print."),
    SetUpFault.NOT_REPEATED: clinic_text("setup", "The two passwords differ."),
    SetUpFault.CODE_WRONG: clinic_text(
        "setup", "This is not the code that the app shows now. Check the phone's clock."
    ),
    PasswordFault.TOO_SHORT: clinic_text("setup", "At least 8 characters; 15 or more are better."),
    PasswordFault.TOO_LONG: clinic_text("setup", "At most 128 characters."),
    PasswordFault.COMMON: clinic_text(
        "setup", "This password is on every guesser's list. Choose another, such as four unrelated words."
    ),
    PasswordFault.HOLDS_NAME: clinic_text("setup", "The password holds the account's name. Choose another."),
}


@pages.open("GET", "/sign-in")
def show_sign_in(request: Request) -> Response:
    """The form, with the reason why it is shown."""
    reason = REASONS.get(request.query_params.get("why", ""))
    return page(
        request,
        "sign_in.html",
        reason=reason,
        problem=None,
        params={},
        name="",
        next=request.query_params.get("next", ""),
        chosen=request.query_params.get("lang", ""),
    )


@pages.open("POST", "/sign-in")
def take_sign_in(request: Request) -> Response:
    """Check both factors; on success go where the person was heading, or to a kept form."""
    form = form_of(request)
    attempt = Attempt(
        name=text_of(request, "name"),
        password=str(form.get("password", "")),
        code=text_of(request, "code"),
        ip=caller_ip(request),
        agent=request.headers.get("user-agent", "")[:120],
        language=chosen if (chosen := text_of(request, "lang")) in LANGUAGES else None,
    )
    result = sign_in(clinic_of(request).gate, attempt, at=security_now(request))
    if result.token is None:
        return wrong(request, attempt, result)
    response = RedirectResponse(safe_next(request, text_of(request, "next")), status_code=303)
    put_session(response, request, result.token)
    return response


def wrong(request: Request, attempt: Attempt, result: SignInResult) -> Response:
    """The form again, with one sentence; the name stays, the secrets do not."""
    params = {"seconds": result.wait_seconds, "minutes": -(-result.wait_seconds // 60)}
    return page(
        request, "sign_in.html", status=429 if result.verdict is Verdict.TOO_MANY else 401, reason=None,
        problem=VERDICTS[result.verdict], params=params, name=attempt.name[:60], next=text_of(request, "next"),
        chosen=attempt.language or "",
    )  # fmt: skip


@pages.post("/sign-out", may=Permission.OWN_ACCOUNT)
def sign_out(request: Request, staff: SignedInStaff) -> Response:
    """End this session."""
    with clinic_of(request).database.write() as session:
        end_session(session, staff.session.id or 0, staff_id=staff.id, reason="signed_out", at=security_now(request))
    response = RedirectResponse(link(request, "/sign-in?why=out"), status_code=303)
    drop_session(response, request)
    remember_language(response, request, staff.language)
    return response


@pages.open("GET", "/setup/{token}")
def show_setup(request: Request) -> Response:
    """The form by which the owner of an account sets it up."""
    account, seed = invited(request)
    return setup_page(request, account, seed, SetUpForm("", account.credential.language, "", "", ""), {})


@pages.open("GET", "/setup/{token}/qr.svg")
def show_setup_qr(request: Request) -> Response:
    """The authenticator's secret as a QR code, from its own address because pages hold no inline data."""
    account, seed = invited(request)
    picture = io.BytesIO()
    uri = provisioning_uri(seed, account=account.staff.name, issuer="CDAI Diary")
    segno.make(uri, error="m").save(picture, kind="svg", border=0, scale=4, dark="#000", light="#fff")
    return Response(picture.getvalue(), media_type="image/svg+xml")


@pages.open("POST", "/setup/{token}")
def take_setup(request: Request) -> Response:
    """Set the account up, sign its owner in, and show the recovery codes this once."""
    clinic, at = clinic_of(request), security_now(request)
    account, seed = invited(request)
    form = posted_setup(request)
    faults = faults_of(form, name=account.staff.name, seed=seed, at=at)
    if faults:
        return setup_page(request, account, seed, form, {name: FAULTS[fault] for name, fault in faults.items()})
    password_hash = clinic.gate.passwords.hash(form.password)
    with clinic.database.write() as session:
        audit = Trail(session, clinic.clock.now(), actor_of(account), Origin.CLINIC, shifted=clinic.clock.shifted)
        account, codes = set_up_staff(
            audit, request.path_params["token"], form, password_hash=password_hash, sealer=clinic.gate.sealer, at=at
        )
        token = open_session(
            session, account, ip=caller_ip(request), agent=request.headers.get("user-agent", ""), at=at
        )
    request.state.language = form.language
    response = page(request, "recovery.html", codes=codes, first_time=True)
    put_session(response, request, token)
    return response


def posted_setup(request: Request) -> SetUpForm:
    """The form as typed; passwords keep their blanks."""
    form = form_of(request)
    return SetUpForm(
        printed_name=text_of(request, "printed_name")[:80],
        language=resolve_language(text_of(request, "language")),
        password=str(form.get("password", "")),
        repeated=str(form.get("repeated", "")),
        code=text_of(request, "code"),
    )


def invited(request: Request) -> tuple[Account, str]:
    """The account that a setup link belongs to, and the secret that its app will hold."""
    with reading(request) as session:
        row, account = setup_of(session, request.path_params["token"], security_now(request))
    if not request.query_params.get("lang") and request.method == "GET":
        request.state.language = account.credential.language
    return account, clinic_of(request).gate.sealer.open(SEED, row.seed_sealed)


def setup_page(request: Request, account: Account, seed: str, form: SetUpForm, faults: dict[str, Message]) -> Response:
    """The setup form, with a sentence under each field that needs one."""
    grouped = " ".join(seed[at : at + 4] for at in range(0, len(seed), 4))
    return page(
        request, "setup.html", status=422 if faults else 200, account=account.staff, form=form, faults=faults,
        seed=grouped, token=request.path_params["token"],
    )  # fmt: skip
