"""Reviewing the diary: days that deserve a second look, why, and the marks of those who gave it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.mark_reviewed import REVIEWED, VERIFIED, mark_reviewed
from bot.clinic.call import (
    SignedInStaff,
    WordedRefusalError,
    act,
    form_of,
    local_now,
    note_view,
    page,
    participant_for,
    reading,
    redirect,
    study_of,
)
from bot.clinic.pages.audit import asked_of, day_of
from bot.clinic.routes import Nav, Pages
from bot.i18n import Message, clinic_text
from bot.people.roles import Permission
from bot.storage.trail import Trail
from bot.storage.views.review import Flag, ReviewDay, read_review

pages = Pages()

PER_PAGE: Final = 50
LOOKS_BACK: Final = timedelta(days=28)
FLAGS: Final[dict[Flag, Message]] = {
    Flag.LATE: clinic_text("flag", "Late"),
    Flag.CORRECTED: clinic_text("flag", "Corrected after the visit"),
    Flag.FAST: clinic_text("flag", "Under 2 s per item"),
    Flag.SAME_MINUTE: clinic_text("flag", "Several days in one minute"),
    Flag.STAFF: clinic_text("flag", "Entered by staff"),
    Flag.OUTAGE: clinic_text("flag", "Hit by an outage"),
}
MARKED: Final = clinic_text("review", "%(count)s marked.")
NOTHING_CHOSEN: Final = clinic_text("review", "Choose at least one day, then mark it.")
NO_DAY: Final = clinic_text("review", "This is not a diary day: choose from the list.")
STATES: Final = ("open", "done", "all")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: one flag or all, marked or not, one participant, since when."""

    flag: str
    state: str
    participant: str
    since: str
    page: int

    def but(self, **changed: str) -> str:
        """The same with something changed, from the first page."""
        kept = {"flag": self.flag, "state": self.state, "participant": self.participant, "since": self.since} | changed
        return "?" + urlencode({name: value for name, value in kept.items() if value and value != "open"})


@pages.get("/audit/review", may=Permission.SEE_AUDIT, nav=Nav.AUDIT)
def show_review(request: Request, staff: SignedInStaff) -> Response:
    """Flagged days of the account's sites, newest first, those that nobody has marked first asked for."""
    asked = asked_for(request)
    since = day_of(asked.since) or local_now(request).date() - LOOKS_BACK
    with reading(request) as session:
        days = read_review(session, study_of(request).protocol, scope=staff.site, since=since, code=asked.participant)
    note_view(request, staff, "review", participant=asked.participant or None)
    standing = [day for day in days if day.flags and in_state(day, asked.state, staff)]
    chosen = [day for day in standing if not asked.flag or asked.flag in day.flags]
    total = max(1, -(-len(chosen) // PER_PAGE))
    number = min(asked.page, total)
    return page(
        request, "audit_review.html", asked=asked, since=since, days=chosen[(number - 1) * PER_PAGE :][:PER_PAGE],
        found=len(chosen), entered=len(days), counts=Counter(flag for day in standing for flag in day.flags),
        flagged=len(standing), flags=FLAGS, number=number, pages_total=total, kind=kind_of(staff),
    )  # fmt: skip


def in_state(day: ReviewDay, state: str, staff: SignedInStaff) -> bool:
    """Whether the day is still to be marked, or has been, by the kind of mark that this role sets."""
    marked = any(mark.kind == (kind_of(staff) or REVIEWED) for mark in day.marks)
    return state == "all" or marked == (state == "done")


def kind_of(staff: SignedInStaff) -> str:
    """The mark that this role may set; empty for none."""
    if staff.can(Permission.MARK_REVIEWED):
        return REVIEWED
    return VERIFIED if staff.can(Permission.VERIFY_SOURCE) else ""


def asked_for(request: Request) -> Asked:
    given = request.query_params
    flag, state = given.get("flag", ""), given.get("state", "")
    plain = asked_of(given)
    return Asked(
        flag=flag if flag in set(Flag) else "",
        state=state if state in STATES else "open",
        participant=plain.values["participant"],
        since=plain.values["since"] if day_of(plain.values["since"]) else "",
        page=plain.page,
    )


@pages.post("/audit/review/mark", may=Permission.MARK_REVIEWED, nav=Nav.AUDIT)
def take_reviewed(request: Request, staff: SignedInStaff) -> Response:
    """Mark the chosen days as reviewed."""
    return take_marks(request, staff, REVIEWED)


@pages.post("/audit/review/verify", may=Permission.VERIFY_SOURCE, nav=Nav.AUDIT)
def take_verified(request: Request, staff: SignedInStaff) -> Response:
    """Mark the chosen days as verified against their source."""
    return take_marks(request, staff, VERIFIED)


def take_marks(request: Request, staff: SignedInStaff, kind: str) -> Response:
    chosen = [value for value in form_of(request).getlist("day") if isinstance(value, str)]
    places = [place_of(value) for value in chosen]
    if not places:
        raise WordedRefusalError(NOTHING_CHOSEN, status=422)

    def mark(audit: Trail) -> int:
        return sum(mark_one(audit, staff, code, day, kind) for code, day in places)

    marked = act(request, mark)
    back = form_of(request).get("back", "")
    query = back if isinstance(back, str) and back.startswith("?") else ""
    return redirect(request, f"/audit/review{query}", said=MARKED, count=marked)


def mark_one(audit: Trail, staff: SignedInStaff, code: str, day: date, kind: str) -> bool:
    return mark_reviewed(audit, participant_for(audit.session, staff, code), day, kind=kind)


def place_of(value: str) -> tuple[str, date]:
    """A chosen day as the form sends it: the code, a slash, the date."""
    code, _, text = value.partition("/")
    day = day_of(text)
    if day is None:
        raise WordedRefusalError(NO_DAY, status=422)
    return code, day
