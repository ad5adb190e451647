"""A member of staff's own chat, for the morning list: link it, or let it go."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.link_staff_chat import VALID, linked_chats, make_staff_chat_link, unlink_staff_chat
from bot.actions.send_morning_list import AT
from bot.clinic.call import SignedInStaff, act, page, reading, redirect, study_now, study_of
from bot.clinic.pages.invitation import BOT_USERNAME, qr_svg
from bot.clinic.routes import Nav, Pages
from bot.i18n import clinic_text
from bot.people.roles import Permission
from bot.storage.tables import InstanceRow

pages = Pages()

UNLINKED: Final = clinic_text("staff_chat", "No morning list is sent to your chat any more.")


@pages.get("/morning/chat", may=Permission.SEE_COMPLETENESS, nav=Nav.MORNING)
def show_chat(request: Request, staff: SignedInStaff) -> Response:
    """Whether a chat is linked, and how to link one."""
    with reading(request) as session:
        linked = linked_chats(session, staff.id)
    return page(request, "staff_chat.html", linked=linked, card=None, at=AT)


@pages.post("/morning/chat", may=Permission.SEE_COMPLETENESS, nav=Nav.MORNING)
def take_chat(request: Request, staff: SignedInStaff) -> Response:
    """A single-use link that ties the chat in which it is opened to this account."""
    token = act(request, lambda audit: make_staff_chat_link(audit, staff.id, study=study_of(request)))
    with reading(request) as session:
        name, linked = session.get(InstanceRow, BOT_USERNAME), linked_chats(session, staff.id)
    address = f"https://t.me/{name.value.lstrip('@')}?start={token}" if name else None
    card = {
        "address": address,
        "line": f"/start {token}",
        "svg": qr_svg(address) if address else "",
        "until": study_now(request) + VALID,
    }
    return page(request, "staff_chat.html", linked=linked, card=card, at=AT)


@pages.post("/morning/chat/end", may=Permission.SEE_COMPLETENESS, nav=Nav.MORNING)
def take_end(request: Request, staff: SignedInStaff) -> Response:
    """Let go of the chat."""
    act(request, lambda audit: unlink_staff_chat(audit, staff.id))
    return redirect(request, "/morning/chat", said=UNLINKED)
