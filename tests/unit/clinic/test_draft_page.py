"""The page of a CDAI draft: what it shows, what it takes, what it refuses, and what each role may fill in."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from bot.people.roles import Role
from bot.storage.tables import AssessmentRow, AuditRow, StoredDraftRow
from tests.support.clinic import ClinicBench, Visitor
from tests.support.draft_seed import COURSES, PICTURE, READY, draft_bench

PAGE = "/drafts/SH-012/W12"
EXAMINATION = {
    "group_arthritis_arthralgia": "no",
    "group_iritis_uveitis": "no",
    "group_skin_mouth": "no",
    "group_anal_fissure_fistula_abscess": "no",
    "group_other_fistula": "no",
    "group_fever_over_37_8": "no",
    "mass": "none",
    "antidiarrhoeal": "no",
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with draft_bench(tmp_path) as found:
        yield found


@pytest.fixture
def clinician(bench: ClinicBench) -> Visitor:
    return bench.browser_of(bench.add_staff(Role.CLINICIAN))


def words(answer: Any) -> str:
    """A page's visible words on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def rows_of(bench: ClinicBench, table: Any, **where: Any) -> list[Any]:
    with bench.database.read() as session:
        return list(session.exec(select(table).filter_by(**where)))


def test_the_page_shows_the_interval_what_is_decided_and_what_is_missing(clinician: Visitor) -> None:
    said = words(clinician.get(PAGE))
    assert "3 of 8 components missing" in said
    assert "142.7 to 302.7" in said
    assert "Remission undecided The interval crosses 150: it depends on what is missing." in said
    assert "Response decided: yes At least" in said
    assert "6 of 7 scored days used; at least 4 are needed." in said
    assert "3 items before it can be signed complications (4 of 6) , antidiarrhoeal , abdominal mass" in said


def test_nothing_is_preselected_in_what_was_not_answered(clinician: Visitor) -> None:
    text = clinician.get("/drafts/SH-014/W04").text
    assert not re.search(r'name="(group_\w+|mass|antidiarrhoeal|hct_unit)"[^>]*checked', text)


def test_the_page_never_says_which_answer_would_reach_remission(clinician: Visitor) -> None:
    said = words(clinician.get(PAGE)).lower()
    assert "to reach remission" not in said
    assert "would be in remission" not in said


def test_an_interval_has_no_band_and_too_few_days_have_no_bar(clinician: Visitor) -> None:
    page = clinician.get("/drafts/SH-016/W04")
    assert "bar-820" not in page.text
    said = words(page)
    assert "Only 3 of the 4 diary days needed can be reached. Not in hand: D−7, D−6, D−5, D−4." in said
    assert "Review and sign" not in said


def test_saving_the_clinic_part_completes_the_draft(bench: ClinicBench, clinician: Visitor) -> None:
    answer = clinician.post(f"{PAGE}/clinic", EXAMINATION)
    assert answer.status_code == 303
    said = words(clinician.get(PAGE))
    assert "Saved. What changed is in the audit trail." in said
    assert "CDAI total draft 142.7 Remission (<150)" in said
    assert "Review and sign" in said
    events = rows_of(bench, AuditRow, participant="SH-012", entity="assessment")
    assert {row.entity_id for row in events} >= {"SH-012/W12/mass/1", "SH-012/W12/complications/2"}


def test_what_was_stored_stays_when_a_field_is_left_empty(bench: ClinicBench, clinician: Visitor) -> None:
    clinician.post(f"{PAGE}/clinic", EXAMINATION | {"hct": "", "hct_on": "2026-06-09", "weight_kg": ""})
    stored = rows_of(bench, AssessmentRow, visit="W12", component="hct")
    assert [row.value for row in stored] == ['{"unit": "%", "value": "44.1"}']


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"hct": "4.41", "hct_unit": "%", "hct_on": "2026-06-08"}, "4.41 % is outside 10–70 %: check value and unit."),
        ({"hct": "44.1", "hct_on": "2026-06-08"}, "Choose the unit on the report: % or L/L."),
        ({"hct": "forty", "hct_unit": "%"}, "“forty” is not a number."),
        (
            {"hct": "41", "hct_unit": "%", "hct_on": "2026-06-10"},
            "It cannot have been measured after today, Tue 9 Jun.",
        ),
        ({"hct": "41", "hct_unit": "%", "hct_on": "yesterday"}, "“yesterday” is not a date: year-month-day."),
        ({"weight_kg": "605", "weight_on": "2026-06-09"}, "605 kg is outside 25–250 kg."),
        ({"hct_unit": "L/L"}, "A unit or date was given without a value."),
    ],
)
def test_a_refused_value_says_why_at_its_field_and_nothing_is_stored(
    bench: ClinicBench, clinician: Visitor, given: dict[str, str], sentence: str
) -> None:
    page = "/drafts/SH-014/W04"
    answer = clinician.post(f"{page}/clinic", given | {"mass": "none"})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert 'id="f-mass-none" value="none" checked' in answer.text
    assert rows_of(bench, AssessmentRow, visit="W04", component="mass", participant_id=3) == []


def test_full_width_digits_and_a_decimal_comma_are_read(bench: ClinicBench, clinician: Visitor) -> None:
    given = {
        "hct": "４１,５",
        "hct_unit": "%",
        "hct_on": "2026-06-08",
        "weight_kg": "６０．５",
        "weight_on": "2026-06-09",
    }
    assert clinician.post("/drafts/SH-014/W04/clinic", given).status_code == 303
    (hct,) = rows_of(bench, AssessmentRow, visit="W04", component="hct", participant_id=3)
    assert hct.value == '{"unit": "%", "value": "41.5"}'


def test_an_unusual_value_is_confirmed_as_it_was_typed(bench: ClinicBench, clinician: Visitor) -> None:
    page, given = "/drafts/SH-014/W04", {"weight_kg": "131", "weight_on": "2026-06-09"}
    asked = clinician.post(f"{page}/clinic", given)
    assert asked.status_code == 422
    assert "131 kg is unusual (usual: 35–130 kg)." in words(asked)
    other = clinician.post(f"{page}/clinic", {"weight_kg": "132", "weight_on": "2026-06-09", "confirm_weight": "131"})
    assert other.status_code == 422
    assert clinician.post(f"{page}/clinic", given | {"confirm_weight": "131"}).status_code == 303
    (stored,) = rows_of(bench, AssessmentRow, visit="W04", component="weight", participant_id=3)
    assert '"131"' in stored.value


def test_the_worksheet_answers_what_was_typed_and_stores_nothing(bench: ClinicBench, clinician: Visitor) -> None:
    before = len(rows_of(bench, AuditRow))
    answer = clinician.post(f"{PAGE}/worksheet", EXAMINATION | {"hct": "38", "hct_unit": "%", "hct_on": "2026-06-06"})
    said = words(answer)
    assert "179.3 Mild (150–219.9)" in said
    assert "with what you typed, not saved yet" in said
    assert "Save what you typed first: only what is saved is signed." in said
    assert len(rows_of(bench, AuditRow)) == before
    assert "142.7 to 302.7" in words(clinician.get(PAGE))


def test_a_carried_forward_value_is_offered_and_accepted(clinician: Visitor) -> None:
    page = "/drafts/SH-015/W04"
    said = words(clinician.get(page))
    assert "Carried forward from 11 May: 41 %. The total is provisional" in said
    assert "accept the haematocrit carried forward" in said
    assert clinician.post(f"{page}/accept", {"component": "hct"}).status_code == 303
    said = words(clinician.get(page))
    assert "Draft, ready to sign" in said
    assert "Carried forward from" not in said


def test_a_coordinator_enters_laboratory_and_weight_only(bench: ClinicBench) -> None:
    coordinator = bench.browser_of(bench.add_staff(Role.COORDINATOR))
    page = coordinator.get("/drafts/SH-014/W04")
    assert 'name="mass"' not in page.text
    assert "Sign as" not in page.text
    given = {"weight_kg": "61", "weight_on": "2026-06-09", "mass": "definite", "group_iritis_uveitis": "yes"}
    assert coordinator.post("/drafts/SH-014/W04/clinic", given).status_code == 303
    components = {row.component for row in rows_of(bench, AssessmentRow, visit="W04", participant_id=3)}
    assert components == {"weight"}
    assert coordinator.post("/drafts/SH-014/W04/sescd", {}).status_code == 403


@pytest.mark.parametrize("role", [Role.MONITOR, Role.DATA_MANAGER])
def test_monitors_and_data_managers_read_and_change_nothing(bench: ClinicBench, role: Role) -> None:
    reader = bench.browser_of(bench.add_staff(role))
    page = reader.get("/drafts/SH-013/W08")
    assert page.status_code == 200
    assert "/clinic" not in re.findall(r'action="([^"]*)"', page.text.split("draft-side")[1])
    assert reader.post("/drafts/SH-013/W08/clinic", EXAMINATION).status_code == 403


def test_an_administrator_sees_no_draft(bench: ClinicBench) -> None:
    admin = bench.browser_of(bench.add_staff(Role.ADMIN))
    for path in ("/drafts", PAGE, "/study", f"{PAGE}/cdai.pdf"):
        assert admin.get(path).status_code == 403
    assert admin.get("/study/completeness").status_code == 200


def test_the_endoscopy_is_taken_by_segment(bench: ClinicBench, clinician: Visitor) -> None:
    half = {"ileum_seen": "yes", "ileum_ulcer_size": "1"}
    assert "Give all four grades of a segment" in words(clinician.post(f"{PAGE}/sescd", half))
    given = {f"{name}_seen": "no" for name in ("right_colon", "transverse_colon", "left_colon", "rectum")}
    given |= half | {"ileum_ulcerated_surface": "1", "ileum_affected_surface": "1", "ileum_narrowing": "0"}
    assert clinician.post(f"{PAGE}/sescd", given).status_code == 303
    said = words(clinician.get(PAGE))
    assert "3 over 1 of 5 segments" in said
    (stored,) = rows_of(bench, AssessmentRow, visit="W12", component="sescd")
    assert '"ileum": [1, 1, 1, 0], "left_colon": null' in stored.value


def test_a_visit_is_checked_in_from_where_its_absence_is_noticed(clinician: Visitor) -> None:
    page = "/drafts/SH-017/W04"
    assert "1 item before it can be signed check-in" in words(clinician.get(page))
    assert clinician.post(f"{page}/check-in").status_code == 303
    assert "Draft, ready to sign" in words(clinician.get(page))


def test_the_printed_page_is_a_pdf_and_is_kept_on_record(bench: ClinicBench, clinician: Visitor) -> None:
    answer = clinician.get("/drafts/SH-013/W08/cdai.pdf?language=zh")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"%PDF")
    assert clinician.get("/drafts/SH-013/W08/cdai.pdf?language=zh").content == answer.content
    (kept,) = rows_of(bench, StoredDraftRow)
    assert (kept.visit, kept.occasion) == ("W08", "printed")


def test_what_changed_since_the_page_was_printed_stands_on_the_draft(clinician: Visitor) -> None:
    clinician.get(f"{PAGE}/cdai.pdf")
    clinician.post(f"{PAGE}/clinic", {"mass": "definite"})
    said = words(clinician.get(PAGE))
    assert "Abdominal mass: – → definite" in said


def test_a_visit_that_the_study_does_not_have_is_not_found(clinician: Visitor) -> None:
    assert clinician.get("/drafts/SH-012/W99").status_code == 404
    assert clinician.get("/drafts/SH-999/W00").status_code == 404


def test_every_view_leaves_an_access_event(bench: ClinicBench, clinician: Visitor) -> None:
    from bot.storage.tables import AccessRow

    clinician.get(PAGE)
    clinician.get("/drafts")
    clinician.get("/study")
    actions = [row.action for row in rows_of(bench, AccessRow)]
    assert {"view_draft", "view_draft_list", "view_study_table"} <= set(actions)


def test_the_list_shows_todays_visits_first_with_what_is_missing(clinician: Visitor) -> None:
    said = words(clinician.get("/drafts"))
    assert said.index("Today's visits 7") < said.index("Held, not signed yet 9")
    assert "SH-012 · W12 Tue 9 Jun Draft, incomplete 142.7 – 302.7 complications (4 of 6), antidiarrhoeal" in said
    assert "SH-013 · W08 Tue 9 Jun Draft, ready to sign 168.7 mild" in said
    assert "SH-016 · W04 Tue 9 Jun Cannot be computed – no total can be computed" in said
    assert "SH-012" not in words(clinician.get("/drafts?q=SH-013")).split("Find")[1]


def test_an_empty_list_says_what_to_do_next(tmp_path: Path) -> None:
    with draft_bench(tmp_path, courses={}) as bench:
        clinician = bench.browser_of(bench.add_staff(Role.CLINICIAN))
        assert "No draft waits here." in words(clinician.get("/drafts"))
        assert "Nobody has held week 0 yet." in words(clinician.get("/study"))
        assert "No scored diary day has begun yet." in words(clinician.get("/study/completeness"))


def test_the_study_table_counts_with_limits_reasons_and_non_responders(clinician: Visitor) -> None:
    said = words(clinician.get("/study"))
    assert "7 participants have held week 0" in said
    assert "Clinical response 1 provisional 3 of 3 100.0 % 29.2–100.0 4" in said
    assert "not held 2, below minimum days 1, clinic part missing 1 3 of 7 42.9 % 9.9–81.6" in said
    week_0 = said.split("W00 Week 0")[1].split("W04")[0]
    assert "response" not in week_0.lower()


def test_the_completeness_report_counts_by_week_and_names_nobody(clinician: Visitor) -> None:
    said = words(clinician.get("/study/completeness"))
    assert "2026-06-01" in said
    assert "SH-0" not in said
    assert "Shanghai East Hospital" in said


def queries_of(bench: ClinicBench, visitor: Visitor, path: str) -> int:
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    visitor.get(path)  # counts beside the top bar are kept from now on
    engines = {bench.database.engine, bench.database.reader}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    visitor.get(path)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    return count


@pytest.mark.parametrize("path", ["/drafts", "/study", "/study/completeness", "/drafts/SH-001/W12"])
def test_a_page_asks_as_many_questions_for_thirty_participants_as_for_one(tmp_path: Path, path: str) -> None:
    found = []
    for number in (1, 30):
        folder = tmp_path / str(number)
        folder.mkdir()
        courses = {f"SH-{n:03d}": PICTURE if n % 2 else READY for n in range(1, number + 1)}
        with draft_bench(folder, courses=courses) as bench:
            visitor = bench.browser_of(bench.add_staff(Role.CLINICIAN))
            found.append(queries_of(bench, visitor, path))
    assert found[0] == found[1]
    assert found[0] < 50


def test_every_course_of_the_seed_opens_in_chinese_too(bench: ClinicBench) -> None:
    clinician = bench.browser_of(bench.add_staff(Role.CLINICIAN, language="zh"))
    for code, course in COURSES.items():
        page = clinician.get(f"/drafts/{code}/{course.visit}")
        assert page.status_code == 200
        assert 'lang="zh-Hans"' in page.text
