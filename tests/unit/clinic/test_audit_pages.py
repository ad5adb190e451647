"""The pages around the audit trail: filters, scope, state of the chain, review marks, queries and exports."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from bot.actions.decide_correction import approve_correction, propose_correction
from bot.actions.enrol import Enrolment, enrol
from bot.audit import verify_chain
from bot.clinic.routes import all_routes
from bot.diary.items import Item
from bot.documents.audit_file import from_csv, from_json
from bot.people.actor import Origin, operator_actor
from bot.people.roles import Permission, Role, can
from bot.storage.chain import verify_database
from bot.storage.database import Database
from bot.storage.tables import AccessRow, AuditRow, OutageRow, QueryRow, ReviewMarkRow
from bot.storage.trail import Trail
from bot.storage.views.audit import Wanted, audit_events
from bot.storage.views.review import Flag, read_review
from tests.support.audit_scene import NOW, audit_clinic
from tests.support.audited import CODE, DAYS
from tests.support.clinic import FOREIGN_SITE, OWN_SITE, ClinicBench, Visitor, body_of, clinic_bench
from tests.support.site import W00, SiteStudy, shanghai, site_study
from tests.support.world import FIRST_DAY, study_world


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with audit_clinic(tmp_path) as found:
        yield found


@pytest.fixture
def monitor(bench: ClinicBench) -> Visitor:
    return bench.signed_in(bench.add_staff(Role.MONITOR))


@pytest.fixture
def coordinator(bench: ClinicBench) -> Visitor:
    return bench.signed_in(bench.add_staff(Role.COORDINATOR))


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that read from the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(database.reader, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.reader, "before_cursor_execute", note)


def numbers(answer: Any) -> list[int]:
    """The sequence numbers on a page."""
    return [int(found) for found in re.findall(r'id="e-(\d+)"', answer.text)]


def test_both_values_the_reason_and_both_times_are_readable(monitor: Visitor) -> None:
    page = body_of(monitor.get("/audit?participant=SH-001&field=stools&action=revise"))
    assert '<span class="old">3 →</span> 5' in page
    assert "gave it by phone" in page
    assert "Sat 29 Mar, 21:00" in page
    assert "2025-03-29 13:00 UTC" in page
    assert "Coordinator 01" in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("participant=sh-00", Wanted(participant="SH-001")),
        ("field=pain", Wanted(field="pain")),
        ("person=investigator", Wanted(person="Investigator 01")),
        ("action=sign_draft", Wanted(action="sign_draft")),
        ("since=2025-03-31&until=2025-03-31", Wanted(since=shanghai(W00, 0), until=shanghai(W00 + timedelta(1), 0))),
        ("since=tomorrow&page=x", Wanted()),
    ],
)
def test_filters_show_exactly_what_they_ask_for(
    bench: ClinicBench, monitor: Visitor, query: str, wanted: Wanted
) -> None:
    with bench.database.read() as session:
        expected = [row.seq for row in audit_events(session, wanted, scope="all")]
    assert len(expected) > 0
    found = numbers(monitor.get(f"/audit?{query}"))
    assert found == expected[:50]


def test_pages_follow_one_another_without_a_gap(bench: ClinicBench, monitor: Visitor) -> None:
    with bench.database.read() as session:
        expected = [row.seq for row in audit_events(session, Wanted(), scope="all")]
    found = [seq for number in (1, 2, 3) for seq in numbers(monitor.get(f"/audit?page={number}"))]
    assert found == expected


def test_a_site_sees_its_own_participants_and_the_study_but_no_foreign_ones(
    bench: ClinicBench, coordinator: Visitor
) -> None:
    with bench.database.write() as session:
        trail = Trail(session, NOW, operator_actor("test"), Origin.COMMAND)
        given = {"sex": "male", "height_cm": 170, "language": "en", "timezone": "Asia/Shanghai", "baseline_on": W00}
        enrol(trail, Enrolment(code="FAR-001", site=FOREIGN_SITE, **given), study=bench.study)  # type: ignore[arg-type]
    assert "FAR-001" not in body_of(coordinator.get("/audit"))
    assert "No event matches" in body_of(coordinator.get("/audit?participant=FAR-001"))
    assert "Protocol put in force" in body_of(coordinator.get("/audit?action=adopt_protocol"))
    everywhere = bench.signed_in(bench.add_staff(Role.DATA_MANAGER))
    assert "FAR-001" in body_of(everywhere.get("/audit?participant=FAR-001"))


def test_events_of_accounts_stand_on_their_own_page_for_those_who_may(bench: ClinicBench, monitor: Visitor) -> None:
    assert "No event matches" in body_of(monitor.get("/audit?action=add_staff"))
    admin = bench.signed_in(bench.add_staff(Role.ADMIN))
    page = body_of(admin.get("/audit/access?of=accounts"))
    assert "Account created" in page
    looked = body_of(admin.get("/audit/access"))
    assert "Signed in" in looked
    assert CODE not in looked
    manager = bench.signed_in(bench.add_staff(Role.DATA_MANAGER))
    assert f"Looked at · {CODE}" in body_of(manager.get("/audit/access")).replace("\n", "")


def test_the_state_of_the_chain_is_shown_with_its_verification_and_anchor(monitor: Visitor) -> None:
    page = body_of(monitor.get("/audit"))
    assert "The chain is intact." in page
    assert "Verified Mon 31 Mar, 17:00" in page
    assert "Last anchor Mon 31 Mar, 17:00" in page


def test_verifying_finds_what_was_tampered_with_and_says_so_until_it_is_mended(
    bench: ClinicBench, monitor: Visitor
) -> None:
    answer = monitor.post("/audit/verify")
    assert answer.status_code == 303
    assert "The chain is intact" in body_of(monitor.get("/audit"))
    with bench.database.engine.begin() as connection:
        kept = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE name = 'audit_event_no_update'")
        ).scalar_one()
        connection.execute(text("DROP TRIGGER audit_event_no_update"))
        connection.execute(text("UPDATE audit_event SET new = '9' WHERE seq = 30"))
        connection.execute(text(kept))
    monitor.post("/audit/verify")
    page = body_of(monitor.get("/audit"))
    assert "The chain is not intact: an event was changed or put elsewhere, at event 30." in page
    assert "Change nothing more" in page


def test_an_export_needs_the_person_confirmed_and_reads_back_equal(bench: ClinicBench, monitor: Visitor) -> None:
    name = bench.add_staff(Role.DATA_MANAGER)
    visitor = bench.signed_in(name)
    asked = visitor.post("/audit/export", {"format": "csv"})
    assert "confirm_password" in asked.text
    with bench.database.read() as session:
        everything = audit_events(session, Wanted(), scope="all")[::-1]
        stools = audit_events(session, Wanted(field="stools"), scope="all")[::-1]
    for kind, read, rows, given in (
        ("csv", from_csv, everything, {}),
        ("json", from_json, stools, {"field": "stools"}),
    ):
        bench.next_code()
        answer = visitor.post("/audit/export", visitor.confirm(name, format=kind, **given))
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].endswith(f'.{kind}"')
        found = read(answer.content)
        assert [(one.event.seq, one.hash) for one in found] == [(row.seq, row.hash) for row in rows]
        assert all(getattr(one.event, part) == getattr(row, part) for one, row in zip(found, rows, strict=True)
                   for part in one.event.__slots__)  # fmt: skip
    with bench.database.read() as session:
        taken = session.exec(select(AccessRow).where(AccessRow.action == "export_audit")).all()
    assert [(row.entity_id, row.new) for row in taken] == [("csv", str(len(everything))), ("json", str(len(stools)))]


def test_an_exported_chain_can_be_verified_outside(bench: ClinicBench) -> None:
    with bench.database.read() as session:
        total = session.exec(select(AuditRow)).all()
    name = bench.add_staff(Role.DATA_MANAGER)
    visitor = bench.signed_in(name)
    bench.next_code()
    found = from_csv(visitor.post("/audit/export", visitor.confirm(name, format="csv")).content)
    assert len(found) == len(total)
    assert verify_chain((one.event, one.prev_hash, one.hash) for one in found) is None


# Review


def test_days_wait_for_review_until_they_are_marked_and_again_after_a_change(
    bench: ClinicBench, coordinator: Visitor
) -> None:
    day = DAYS[-1]
    assert f'value="{CODE}/{day}"' in coordinator.get("/audit/review").text
    assert f'value="{CODE}/{DAYS[0]}"' not in coordinator.get("/audit/review").text
    answer = coordinator.post("/audit/review/mark", {"day": [f"{CODE}/{day}", f"{CODE}/{DAYS[1]}"]})
    assert answer.status_code == 303
    assert f'value="{CODE}/{day}"' not in coordinator.get("/audit/review").text
    assert "reviewed" in body_of(coordinator.get("/audit/review?state=done"))
    with bench.database.read() as session:
        marks = session.exec(select(ReviewMarkRow)).all()
        place = select(AuditRow).where(AuditRow.entity_id == f"{CODE}/{day}/2", AuditRow.action == "mark_reviewed")
        (seen,) = session.exec(place).all()
    assert len(marks) == 3
    assert (seen.participant, seen.field, seen.actor_role) == (CODE, "reviewed", "coordinator")
    assert verify_database(bench.database).intact


def test_a_monitor_verifies_against_the_source_which_is_another_mark(bench: ClinicBench, monitor: Visitor) -> None:
    assert monitor.post("/audit/review/mark", {"day": f"{CODE}/{DAYS[0]}"}).status_code == 403
    assert f'value="{CODE}/{DAYS[0]}"' in monitor.get("/audit/review").text
    assert monitor.post("/audit/review/verify", {"day": f"{CODE}/{DAYS[0]}"}).status_code == 303
    assert f'value="{CODE}/{DAYS[0]}"' not in monitor.get("/audit/review").text


@pytest.mark.parametrize("day", ["", "SH-001", "SH-001/yesterday"])
def test_marking_nothing_is_refused_in_words(coordinator: Visitor, day: str) -> None:
    assert coordinator.post("/audit/review/mark", {"day": day} if day else {}).status_code == 422


def flags(database: Database, site: SiteStudy) -> dict[Any, set[Flag]]:
    with database.read() as session:
        days = read_review(session, site.study.protocol, scope="all", since=W00 - timedelta(days=400))
    return {day.on: set(day.flags) for day in days}


def test_entries_of_staff_corrections_after_the_visit_and_one_minute_for_many_days_are_flagged(
    tmp_path: Path,
) -> None:
    with site_study(tmp_path) as site:
        site.enrol()
        for day in DAYS:
            site.fill(day, 3, 1, 1)
        site.fill(DAYS[0] - timedelta(days=1), 3, 1, 1, timing="late")
        before = flags(site.database, site)
        assert before.pop(DAYS[0] - timedelta(days=1)) == {Flag.LATE}
        assert before == {day: set() for day in DAYS}
        site.check_in()
        values = {Item.STOOLS: 9, Item.PAIN: 1, Item.WELLBEING: 1}
        with site.acting(shanghai(W00, 11)) as (audit, participant):
            row = propose_correction(audit, participant, DAYS[0], values, reason="slip", study=site.study)
            approve_correction(audit, row, participant, values, reason=None, study=site.study)
        found = flags(site.database, site)
        assert Flag.CORRECTED in found[DAYS[0]]
        assert Flag.CORRECTED not in found[DAYS[1]]


def test_an_outage_before_the_entry_is_flagged_and_one_after_it_is_not(tmp_path: Path) -> None:
    with site_study(tmp_path) as site:
        site.enrol()
        for day in DAYS:
            site.fill(day, 3, 1, 1)
        with site.database.write() as session:
            session.add(OutageRow(started_at=shanghai(DAYS[1], 18), ended_at=shanghai(DAYS[1], 19)))
            session.add(OutageRow(started_at=shanghai(DAYS[2], 21), ended_at=shanghai(DAYS[2], 22)))
        found = flags(site.database, site)
        assert [Flag.OUTAGE in found[day] for day in DAYS] == [False, True, False, False]


def test_a_card_that_is_tapped_through_in_no_time_is_flagged_and_one_that_is_read_is_not(tmp_path: Path) -> None:
    with study_world(tmp_path) as study:
        phone = study.joined()
        for evening, pause in ((0, 1.0), (1, 4.0)):
            study.wait_for(FIRST_DAY + timedelta(days=evening), "20:00")
            for label in ("Start", "4", "1 Mild", "2 Poor", "Submit"):
                phone.tap(label)
                study.now += timedelta(seconds=pause)
        with study.db.read() as session:
            days = read_review(session, study.study.protocol, scope="all", since=FIRST_DAY)
    assert [(day.on - FIRST_DAY, day.flags) for day in days] == [(timedelta(1), ()), (timedelta(0), (Flag.FAST,))]


# Queries


def test_a_query_goes_from_the_value_to_the_site_and_back(
    bench: ClinicBench, monitor: Visitor, coordinator: Visitor
) -> None:
    link = f"/queries/new?participant={CODE}&day={DAYS[1]}&item=pain"
    assert link.replace("&", "&amp;") in monitor.get("/audit?field=pain").text.replace("/clinic", "")
    form = body_of(monitor.get(link))
    assert "Pain <b>1</b>" in form
    given = {"participant": CODE, "day": str(DAYS[1]), "item": "pain", "question": "Was it so?"}
    place = monitor.post("/queries", given).headers["location"].removeprefix("/clinic")
    assert "Was it so?" in body_of(coordinator.get("/queries"))
    assert coordinator.post(f"{place}/answer", {"answer": " "}).status_code == 422
    assert monitor.post(f"{place}/answer", {"answer": "Yes."}).status_code == 403
    assert coordinator.post(f"{place}/answer", {"answer": "Yes, by phone."}).status_code == 303
    assert coordinator.post(f"{place}/answer", {"answer": "No."}).status_code == 409
    assert coordinator.post(f"{place}/close").status_code == 403
    assert "Yes, by phone." in body_of(monitor.get(place))
    assert monitor.post(f"{place}/close").status_code == 303
    assert monitor.post(f"{place}/close").status_code == 409
    with bench.database.read() as session:
        number = int(place.rsplit("/", 1)[1])
        row = session.get(QueryRow, number)
        said = session.exec(select(AuditRow).where(AuditRow.entity == "query", AuditRow.entity_id == str(number))).all()
    assert row is not None
    assert (row.state, row.value, row.raised_role) == ("closed", "1", "monitor")
    assert not any("Was it so" in str(one.new) or "by phone" in str(one.new) for one in said)
    assert all(one.participant == CODE for one in said)


def test_a_query_on_nothing_or_without_words_is_refused_beside_its_field(monitor: Visitor) -> None:
    given = {"participant": CODE, "item": "pain", "question": "Why?"}
    for wrong in ({}, {"day": "soon"}, {"visit": "W00"}, {"day": "2025-03-29", "visit": "W00"}):
        answer = monitor.post("/queries", given | wrong)
        assert answer.status_code == 422
        assert "Say which value is meant" in body_of(answer)
    answer = monitor.post("/queries", given | {"day": "2025-03-29", "question": "x" * 501})
    assert answer.status_code == 422
    assert "Write 1 to 500 characters." in body_of(answer)


def test_a_foreign_site_sees_no_query_of_this_one(bench: ClinicBench) -> None:
    visitor = bench.signed_in(bench.add_staff(Role.COORDINATOR, site=FOREIGN_SITE))
    assert visitor.get("/queries/1").status_code == 404
    assert "No query waits" in body_of(visitor.get("/queries"))
    answer = visitor.post("/queries", {"participant": CODE, "day": str(DAYS[0]), "item": "pain", "question": "Why?"})
    assert answer.status_code == 404


# Shared


def test_a_page_costs_the_same_number_of_queries_however_much_it_shows(bench: ClinicBench) -> None:
    visitor = bench.signed_in(bench.add_staff(Role.MONITOR))
    visitor.get("/audit")  # the counts of the top bar are kept for a while
    for few, many in (
        ("/audit?action=sign_draft", "/audit"),
        (f"/audit/review?since={W00}", "/audit/review?state=all"),
        ("/queries?state=closed", "/queries?state=all"),
    ):
        costs = []
        for path in (few, many):
            with counted(bench.database) as sent:
                assert visitor.get(path).status_code == 200
            costs.append(len(sent))
        assert costs[0] == costs[1], (few, many)


@pytest.mark.parametrize("path", ["/audit", "/audit/review", "/queries", "/queries/1", "/queries/new", "/audit/access"])
def test_every_page_speaks_chinese(bench: ClinicBench, path: str) -> None:
    visitor = bench.signed_in(bench.add_staff(Role.DATA_MANAGER, language="zh"))
    page = visitor.get(path)
    assert page.status_code == 200
    assert 'lang="zh-Hans"' in page.text


def test_an_empty_trail_says_what_to_do(tmp_path: Path) -> None:
    with clinic_bench(tmp_path) as empty:
        visitor = empty.signed_in(empty.add_staff(Role.COORDINATOR))
        assert "No event has been recorded for your site yet." in body_of(visitor.get("/audit"))
        assert "Nothing waits for a second look." in body_of(visitor.get("/audit/review"))
        assert "No query waits for an answer." in body_of(visitor.get("/queries"))
        assert "The chain has not been verified yet." in body_of(visitor.get("/audit"))


def test_only_those_who_may_see_answers_read_the_trail_of_participants() -> None:
    mine = {route.path: route.may for route in all_routes() if route.path.startswith(("/audit", "/queries"))}
    assert mine["/audit"] is Permission.SEE_AUDIT
    assert not can(Role.ADMIN, Permission.SEE_AUDIT)
    assert OWN_SITE != FOREIGN_SITE
