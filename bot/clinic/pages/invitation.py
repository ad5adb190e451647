"""How a participant gets in and out: printable invitations, diary page, time zone, unlinking a chat, withdrawal."""

from io import BytesIO
from typing import Final

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from bot.actions.change_zone import change_zone
from bot.actions.invite import invite
from bot.actions.make_diary_link import diary_link_address, make_diary_link
from bot.actions.revoke_diary_link import revoke_diary_link
from bot.actions.unlink import unlink
from bot.actions.withdraw import withdraw
from bot.clinic.asked_fields import CHOOSE, Faults, read_reason
from bot.clinic.call import (
    SignedInStaff,
    act,
    clinic_of,
    language_of,
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
from bot.i18n import LANGUAGES, clinic_text, format_day
from bot.people.roles import Permission
from bot.storage.diary_links import live_links
from bot.storage.participants import bound_chat, zone_history
from bot.storage.tables import InstanceRow, ParticipantRow
from bot.storage.trail import Trail
from schedules.windows import local_day, zone_on

pages = Pages()

BOT_USERNAME: Final = "bot_username"
ZONES: Final = (
    "Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata",
    "Europe/London", "Europe/Berlin", "Europe/Paris", "America/New_York", "America/Chicago", "America/Los_Angeles",
    "Australia/Sydney", "UTC",
)  # fmt: skip
ZONE_CHANGED: Final = clinic_text("manage", "%(code)s lives by %(zone)s from %(day)s.")
UNLINKED: Final = clinic_text("manage", "The chat of %(code)s is unlinked. A new invitation links another.")
LINK_REVOKED: Final = clinic_text("manage", "The diary page link of %(code)s opens nothing any more.")
WITHDRAWN: Final = clinic_text("manage", "%(code)s is withdrawn: no message any more, and what was entered stays.")
SURE: Final = clinic_text("manage", "Type the code %(code)s to confirm.")
STEPS: Final = (
    clinic_text("invitation", "Scan the code with your phone's camera, or open the link."),
    clinic_text("invitation", "Tap Start in the chat that opens."),
    clinic_text("invitation", "Choose your language, read the notice and tap Agree."),
    clinic_text("invitation", "Choose the hour at which you would like to be asked."),
)
ON_THE_PAGE: Final = (
    clinic_text(
        "invitation",
        "Without Telegram: scan this code, or open the link, and keep the page among your bookmarks.",
    ),
    clinic_text("invitation", "The page is yours alone. Give its link to nobody."),
)
INVITATION_FIELDS: Final = {"diary_link": clinic_text("invitation", "Also a new link to the diary page")}
FIELDS: Final = {"reason": clinic_text("form", "Reason"), "zone": clinic_text("manage", "Time zone")}


@pages.get("/participants/{code}/invitation", may=Permission.ENROL, nav=Nav.VISITS)
def show_invitation(request: Request, staff: SignedInStaff) -> Response:
    """Ask before a new invitation makes the earlier ones worthless."""
    with reading(request) as session:
        participant = participant_for(session, staff, request.path_params["code"])
        chat = bound_chat(session, participant.id or 0)
        linked = bool(live_links(session, participant.id or 0))
    can_link = diary_address(request, "") is not None
    return page(
        request, "invitation.html", participant=participant, chat=chat, card=None, can_link=can_link, linked=linked
    )


@pages.post("/participants/{code}/invitation", may=Permission.ENROL, nav=Nav.VISITS, fields=INVITATION_FIELDS)
def take_invitation(request: Request, staff: SignedInStaff) -> Response:
    """A new single-use invitation as a card to print, on request with a diary page link; both are shown this once."""
    code, wanted = str(request.path_params["code"]), text_of(request, "diary_link") == "yes"

    def make(audit: Trail) -> tuple[str, str | None]:
        participant = acting_on(audit, staff, code)
        return invite(audit, participant, study=study_of(request)), new_link(audit, participant, request, wanted=wanted)

    token, link_token = act(request, make)
    return invitation_card(request, staff, code, token, link_token)


def new_link(audit: Trail, participant: ParticipantRow, request: Request, *, wanted: bool = True) -> str | None:
    """The token of a new link to the diary page; None when it is not wanted or the page has no address."""
    if not wanted or diary_address(request, "") is None:
        return None
    return make_diary_link(audit, participant, study=study_of(request))


def diary_address(request: Request, token: str) -> str | None:
    """Where a link to the diary page leads; without a public address only on the machine itself."""
    return diary_link_address(token, public_url=clinic_of(request).options.public_url, listen=request.url.netloc)


def invitation_card(
    request: Request, staff: SignedInStaff, code: str, token: str, link_token: str | None = None
) -> Response:
    """The card with its QR codes and neutral words in both languages."""
    study = study_of(request)
    with reading(request) as session:
        participant = participant_for(session, staff, code)
        chat = bound_chat(session, participant.id or 0)
        name = session.get(InstanceRow, BOT_USERNAME)
    address = f"https://t.me/{name.value.lstrip('@')}?start={token}" if name else None
    diary = diary_address(request, link_token) if link_token else None
    site = study.protocol.site(participant.site)
    return page(
        request,
        "invitation.html",
        participant=participant,
        chat=chat,
        card={
            "address": address,
            "line": f"/start {token}",
            "svg": qr_svg(address) if address else "",
            "diary": diary,
            "diary_svg": qr_svg(diary) if diary else "",
            "diary_steps": {language: [say(step, language) for step in ON_THE_PAGE] for language in LANGUAGES},
            "until": study_now(request) + study.protocol.invitations.valid,
            "site": site,
            "steps": {language: [say(step, language) for step in STEPS] for language in LANGUAGES},
            "languages": LANGUAGES if participant.language == "en" else tuple(reversed(LANGUAGES)),
        },
    )


def qr_svg(text: str) -> Markup:
    """A QR code as an inline picture that prints sharp, without style or script."""
    held = BytesIO()
    segno.make(text, error="m").save(held, kind="svg", scale=4, border=2, xmldecl=False, svgns=True, omitsize=True)
    return Markup(held.getvalue().decode())  # noqa: S704  # a drawing of squares, none of the text in it


@pages.get("/participants/{code}/manage", may=Permission.ENROL, nav=Nav.VISITS)
def show_manage(request: Request, staff: SignedInStaff) -> Response:
    """Time zone, chat and withdrawal."""
    with reading(request) as session:
        participant = participant_for(session, staff, request.path_params["code"])
    return manage_page(request, participant, {})


def manage_page(request: Request, participant: ParticipantRow, faults: Faults) -> Response:
    """The three forms; faults stand at their fields."""
    with reading(request) as session:
        zones = zone_history(session, participant.id or 0)
        chat = bound_chat(session, participant.id or 0)
        links = live_links(session, participant.id or 0)
    zone = zone_on(zones, local_day(study_now(request), zones))
    return page(
        request,
        "manage.html",
        status=422 if faults else 200,
        participant=participant,
        chat=chat,
        linked_at=links[0].created_at if links else None,
        zone=zone,
        zones=ZONES if zone in ZONES else (zone, *ZONES),
        faults={name: say(words, language_of(request), **params) for name, (words, params) in faults.items()},
        given={name: text_of(request, name) for name in ("zone", "zone_reason", "unlink_reason", "withdraw_reason")},
    )


@pages.post("/participants/{code}/zone", may=Permission.RUN_DIARY, nav=Nav.VISITS, fields=FIELDS)
def take_zone(request: Request, staff: SignedInStaff) -> Response:
    """Another time zone, from the next diary day."""
    participant = asked(request, staff)
    zone, faults = text_of(request, "zone"), Faults()
    reason = read_reason(request, faults, "zone_reason")
    if not zone:
        faults["zone"] = (CHOOSE, {})
    if faults:
        return manage_page(request, participant, faults)
    from_on = act(
        request,
        lambda audit: change_zone(
            audit, acting_on(audit, staff, participant.code), zone, reason=reason, study=study_of(request)
        ),
    )
    day = format_day(from_on, language_of(request))
    path = f"/participants/{participant.code}"
    return redirect(request, path, said=ZONE_CHANGED, code=participant.code, zone=zone, day=day)


@pages.post("/participants/{code}/unlink", may=Permission.ENROL, nav=Nav.VISITS, fields=FIELDS)
def take_unlink(request: Request, staff: SignedInStaff) -> Response:
    """Let go of the chat."""
    participant, faults = asked(request, staff), Faults()
    reason = read_reason(request, faults, "unlink_reason")
    if faults:
        return manage_page(request, participant, faults)
    act(
        request,
        lambda audit: unlink(audit, acting_on(audit, staff, participant.code), reason=reason, study=study_of(request)),
    )
    return redirect(request, f"/participants/{participant.code}", said=UNLINKED, code=participant.code)


@pages.post("/participants/{code}/diary-link/revoke", may=Permission.ENROL, nav=Nav.VISITS)
def take_link_back(request: Request, staff: SignedInStaff) -> Response:
    """Let the link to the diary page open nothing any more, in whatever browser it is."""
    participant = asked(request, staff)
    act(request, lambda audit: revoke_diary_link(audit, acting_on(audit, staff, participant.code)))
    return redirect(request, f"/participants/{participant.code}/manage", said=LINK_REVOKED, code=participant.code)


@pages.post("/participants/{code}/withdraw", may=Permission.WITHDRAW, nav=Nav.VISITS, fields=FIELDS)
def take_withdrawal(request: Request, staff: SignedInStaff) -> Response:
    """Stop everything for a participant; the data stay."""
    participant, faults = asked(request, staff), Faults()
    reason = read_reason(request, faults, "withdraw_reason")
    if text_of(request, "sure") != participant.code:
        faults["sure"] = (SURE, {"code": participant.code})
    if faults:
        return manage_page(request, participant, faults)
    act(
        request,
        lambda audit: withdraw(
            audit, acting_on(audit, staff, participant.code), reason=reason, study=study_of(request)
        ),
    )
    return redirect(request, f"/participants/{participant.code}", said=WITHDRAWN, code=participant.code)


def asked(request: Request, staff: SignedInStaff) -> ParticipantRow:
    """The participant in the address."""
    with reading(request) as session:
        return participant_for(session, staff, request.path_params["code"])
