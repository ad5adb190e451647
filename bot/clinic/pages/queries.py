"""Queries on values: raised by whoever reads, answered by the site, closed by somebody else than who answered."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from bot.actions.answer_query import answer_query
from bot.actions.close_query import close_query
from bot.actions.raise_query import ITEMS, LONGEST, Place, raise_query, value_at
from bot.clinic.call import (
    SignedInStaff,
    WordedRefusalError,
    act,
    language_of,
    note_view,
    page,
    participant_for,
    reading,
    redirect,
    study_of,
    text_of,
)
from bot.clinic.pages.audit import day_of
from bot.clinic.routes import Nav, Pages
from bot.clinic.trail_words import FIELDS
from bot.clinic.words import say
from bot.i18n import clinic_text
from bot.people.roles import Permission
from bot.storage.assessments import COMPONENTS
from bot.storage.tables import QueryRow
from bot.storage.trail import Trail
from bot.storage.views.queries import QueryLine, count_queries, queries_of, query_by_id

pages = Pages()

PER_PAGE: Final = 50
STATES: Final = ("open", "answered", "closed", "all")
RAISED: Final = clinic_text("query", "The query was raised: the site sees it in its list.")
ANSWERED: Final = clinic_text("query", "The answer was stored.")
CLOSED: Final = clinic_text("query", "The query is closed.")
NO_QUERY: Final = clinic_text("refused", "There is no such query at your site.")
NO_PLACE: Final = clinic_text("query", "Say which value is meant: a diary day or a visit, and the item.")
NO_WORDS: Final = clinic_text("query", "Write 1 to %(longest)s characters.")
QUESTION: Final = {"question": clinic_text("form", "Question")}
ANSWER: Final = {"answer": clinic_text("form", "Answer")}


@pages.get("/queries", may=Permission.RAISE_QUERY, nav=Nav.AUDIT)
def show_queries(request: Request, staff: SignedInStaff) -> Response:
    """The queries of the account's sites, open ones unless asked otherwise."""
    state = request.query_params.get("state", "open")
    state = state if state in STATES else "open"
    code = request.query_params.get("participant", "").strip()[:20]
    number = request.query_params.get("page", "1")
    at = max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1
    wanted = "" if state == "all" else state
    with reading(request) as session:
        counts = count_queries(session, scope=staff.site, participant=code)
        lines = queries_of(
            session, scope=staff.site, state=wanted, participant=code, offset=(at - 1) * PER_PAGE, limit=PER_PAGE
        )
    note_view(request, staff, "queries")
    total = sum(count for key, count in counts.items() if wanted in ("", key))
    return page(
        request, "queries.html", lines=lines, counts=counts, state=state, code=code, number=at,
        pages_total=max(1, -(-total // PER_PAGE)), items=item_names(request),
        address=lambda **changed: "?" + urlencode({"state": state, "participant": code} | changed),
    )  # fmt: skip


@pages.get("/queries/new", may=Permission.RAISE_QUERY, nav=Nav.AUDIT)
def show_new(request: Request, staff: SignedInStaff) -> Response:
    """The form of a query on the value that the address names."""
    return form_page(request, staff, request.query_params)


@pages.post("/queries", may=Permission.RAISE_QUERY, nav=Nav.AUDIT, fields=QUESTION)
def take_query(request: Request, staff: SignedInStaff) -> Response:
    """Raise it."""
    names = ("participant", "day", "visit", "item", "question")
    given = {name: text_of(request, name) for name in names}
    place = place_of(given)
    if place is None:
        return form_page(request, staff, given, problem="place")
    if not 1 <= len(given["question"]) <= LONGEST:
        return form_page(request, staff, given, problem="question")

    def raise_it(audit: Trail) -> int:
        participant = participant_for(audit.session, staff, given["participant"])
        return raise_query(audit, participant, place, given["question"], study=study_of(request)).id or 0

    number = act(request, raise_it)
    return redirect(request, f"/queries/{number}", said=RAISED)


def form_page(request: Request, staff: SignedInStaff, given: Mapping[str, str], *, problem: str = "") -> Response:
    """The form, with the value as it stands now where it is known which one is meant."""
    place, code, value = place_of(given), given.get("participant", "").strip(), None
    if code and place is not None:
        with reading(request) as session:
            value = value_at(session, participant_for(session, staff, code), place)
    errors = {
        "place": say(NO_PLACE, staff.language) if problem == "place" else "",
        "question": say(NO_WORDS, staff.language, longest=LONGEST) if problem == "question" else "",
    }
    return page(
        request, "query_new.html", status=422 if problem else 200, given=given, place=place, code=code, value=value,
        errors=errors, items=item_names(request), visits=[visit.code for visit in study_of(request).protocol.visits],
    )  # fmt: skip


def place_of(given: Mapping[str, str]) -> Place | None:
    """The value meant, once day or visit, and the item, are known."""
    item, day, visit = given.get("item", ""), day_of(given.get("day", "").strip()), given.get("visit", "").strip()
    if day is not None and not visit and item in ITEMS:
        return Place(item, day=day)
    if day is None and visit and item in COMPONENTS:
        return Place(item, visit=visit[:10])
    return None


@pages.get("/queries/{query}", may=Permission.RAISE_QUERY, nav=Nav.AUDIT)
def show_query(request: Request, staff: SignedInStaff) -> Response:
    """One query with what was asked and answered."""
    return query_page(request, staff)


@pages.post("/queries/{query}/answer", may=Permission.ANSWER_QUERY, nav=Nav.AUDIT, fields=ANSWER)
def take_answer(request: Request, staff: SignedInStaff) -> Response:
    """Store the site's answer."""
    line, words = query_for(request, staff), text_of(request, "answer")
    if not 1 <= len(words) <= LONGEST:
        return query_page(request, staff, error=say(NO_WORDS, staff.language, longest=LONGEST))

    def answer(audit: Trail) -> None:
        answer_query(audit, fresh(audit, line), participant_for(audit.session, staff, line.code), words)

    act(request, answer)
    return redirect(request, f"/queries/{line.row.id}", said=ANSWERED)


@pages.post("/queries/{query}/close", may=Permission.RAISE_QUERY, nav=Nav.AUDIT)
def take_close(request: Request, staff: SignedInStaff) -> Response:
    """Close it."""
    line = query_for(request, staff)
    act(
        request,
        lambda audit: close_query(audit, fresh(audit, line), participant_for(audit.session, staff, line.code)),
    )
    return redirect(request, "/queries", said=CLOSED)


def query_page(request: Request, staff: SignedInStaff, *, error: str = "") -> Response:
    line = query_for(request, staff)
    note_view(request, staff, "query", participant=line.code)
    with reading(request) as session:
        place = Place(line.row.item, day=line.row.diary_day, visit=line.row.visit)
        value = value_at(session, participant_for(session, staff, line.code), place)
    return page(
        request, "query.html", status=422 if error else 200, line=line, row=line.row, value=value, error=error,
        typed=text_of(request, "answer"), items=item_names(request), longest=LONGEST,
    )  # fmt: skip


def query_for(request: Request, staff: SignedInStaff) -> QueryLine:
    """The query in the address; a foreign site's is not found."""
    given = str(request.path_params["query"])
    line = None
    if given.isdecimal() and len(given) < 10:
        with reading(request) as session:
            line = query_by_id(session, int(given))
    if line is None or not staff.sees(line.site):
        raise WordedRefusalError(NO_QUERY, status=404)
    return line


def fresh(audit: Trail, line: QueryLine) -> QueryRow:
    """The query as it stands in this transaction."""
    row = audit.session.get(QueryRow, line.row.id)
    if row is None:
        raise WordedRefusalError(NO_QUERY, status=404)
    return row


def item_names(request: Request) -> dict[str, str]:
    """What items and components are called."""
    return {name: say(FIELDS[name], language_of(request)) for name in (*ITEMS, *COMPONENTS)}
