"""The study table: by visit, how many of how many evaluable reached each endpoint, with what is missing and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.clinic.call import SignedInStaff, clinic_of, note_view, page, reading, study_now, study_of
from bot.clinic.routes import Nav, Pages
from bot.clinic.words import say
from bot.i18n import Message, clinic_text
from bot.people.roles import ALL_SITES, Permission
from bot.scoring.study_table import Proportion, StudyRow, proportion_shown
from bot.storage.views.endpoints import read_study_table

pages = Pages()

ENDPOINTS: Final[Mapping[str, Message]] = {
    "clinical_remission": clinic_text("endpoint", "Clinical remission"),
    "clinical_response": clinic_text("endpoint", "Clinical response"),
    "endoscopic_response": clinic_text("endpoint", "Endoscopic response"),
    "endoscopic_remission": clinic_text("endpoint", "Endoscopic remission"),
}
FURTHER: Final[Mapping[str, Message]] = {
    "response_70": clinic_text("endpoint", "Response by 70 points"),
    "response_100": clinic_text("endpoint", "Response by 100 points"),
    "combined_remission": clinic_text("endpoint", "Clinical and endoscopic remission"),
    "combined_response": clinic_text("endpoint", "Clinical and endoscopic response"),
}
MISSING: Final[Mapping[str, Message]] = {
    "withdrawn": clinic_text("missing", "withdrawn"),
    "not_held": clinic_text("missing", "not held"),
    "stoma": clinic_text("missing", "stoma or pouch"),
    "below_minimum_days": clinic_text("missing", "below minimum days"),
    "diary_open": clinic_text("missing", "diary still open"),
    "laboratory_missing": clinic_text("missing", "laboratory missing"),
    "clinic_missing": clinic_text("missing", "clinic part missing"),
    "baseline_missing": clinic_text("missing", "week 0 missing"),
    "endoscopy_missing": clinic_text("missing", "endoscopy missing"),
    "baseline_zero": clinic_text("missing", "no change from 0"),
}
RATE: Final = clinic_text("study_table", "%(count)s of %(of)s")


@dataclass(frozen=True, slots=True)
class Line:
    """One endpoint of one visit, worded."""

    name: str
    rate: str
    percent: str
    limits: str
    missing: int
    reasons: str
    imputed_rate: str
    imputed_percent: str
    imputed_limits: str
    provisional: int


@pages.get("/study", may=Permission.SEE_ANSWERS, nav=Nav.STUDY)
def show_study(request: Request, staff: SignedInStaff) -> Response:
    """The table as of now, over the account's sites."""
    protocol, sites = study_of(request).protocol, sites_of(staff)
    with reading(request) as session:
        kept = clinic_of(request).memory.facts
        rows = read_study_table(session, protocol, study_now(request), sites=sites, kept=kept)
    note_view(request, staff, "study_table")
    names = {visit.code: visit.names[staff.language] for visit in protocol.visits}
    return page(
        request,
        "study_table.html",
        visits=by_visit(rows, ENDPOINTS, staff.language),
        further=by_visit(rows, FURTHER, staff.language),
        names=names,
        planned=rows[0].planned if rows else 0,
        scope=staff.site,
    )


def sites_of(staff: SignedInStaff) -> frozenset[str] | None:
    """The sites an account sees; None for all."""
    return None if staff.site == ALL_SITES else frozenset(staff.site.split(","))


def by_visit(rows: Iterable[StudyRow], endpoints: Mapping[str, Message], language: str) -> list[tuple[str, list[Line]]]:
    """The wanted endpoints of each visit, in the order in which they are named."""
    found = []
    for visit, own in groupby(rows, key=lambda row: row.visit):
        known = {row.endpoint: row for row in own}
        lines = [line_of(known[key], message, language) for key, message in endpoints.items() if key in known]
        found.append((visit, lines))
    return found


def line_of(row: StudyRow, name: Message, language: str) -> Line:
    """Word one row."""
    comma = "、" if language == "zh" else ", "
    reasons = comma.join(f"{say(MISSING[key], language)} {count}" for key, count in row.missing.items() if count)
    return Line(
        name=say(name, language),
        rate=rate(row.observed, language),
        percent=percent(row.observed),
        limits=limits(row.observed),
        missing=row.missing_total,
        reasons=reasons,
        imputed_rate=rate(row.imputed, language),
        imputed_percent=percent(row.imputed),
        imputed_limits=limits(row.imputed),
        provisional=row.provisional,
    )


def rate(found: Proportion, language: str) -> str:
    return say(RATE, language, count=found.numerator, of=found.denominator)


def percent(found: Proportion) -> str:
    reached, _low, _high = proportion_shown(found)
    return "–" if reached is None else f"{reached:.1f} %"


def limits(found: Proportion) -> str:
    """The exact 95 % limits, in percent."""
    _reached, low, high = proportion_shown(found)
    return "–" if low is None or high is None else f"{low:.1f}–{high:.1f}"
