"""The completeness report: scored diary days by week and site, on time, late, missed; it names nobody."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.clinic.call import SignedInStaff, clinic_of, page, reading, study_now, study_of
from bot.clinic.pages.study_table import sites_of
from bot.clinic.routes import Nav, Pages
from bot.diary.completeness import DayState
from bot.people.roles import Permission
from bot.storage.views.completeness import WeekLine, read_completeness, total_of

pages = Pages()

PERCENT: Final = 100


@pages.get("/study/completeness", may=Permission.SEE_COUNTS, nav=Nav.STUDY)
def show_completeness(request: Request, staff: SignedInStaff) -> Response:
    """Every week of the account's sites."""
    protocol = study_of(request).protocol
    with reading(request) as session:
        kept = clinic_of(request).memory.weeks
        lines = read_completeness(session, protocol, study_now(request), sites=sites_of(staff), kept=kept)
    present = [site.id for site in protocol.sites if staff.sees(site.id)]
    return page(
        request,
        "completeness.html",
        lines=lines,
        totals=[found for site in present if (found := total_of(lines, site)) is not None],
        DayState=DayState,
        share=share,
    )


def share(line: WeekLine) -> str:
    """Days entered of days expected, in percent; a dash while nothing was expected."""
    return f"{PERCENT * line.entered / line.expected:.1f} %" if line.expected else "–"
