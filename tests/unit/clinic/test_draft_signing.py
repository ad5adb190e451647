"""Signing a CDAI: review, meaning, both factors, a hash of what was signed; and everything that makes it void."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from bot.actions.adopt_protocol import adopt_protocol
from bot.actions.assess import ClinicValues, assess
from bot.actions.prepare_visit import prepare_visit
from bot.actions.pull_draft import pull_draft
from bot.actions.show_signature import signature_json
from bot.actions.study import Study, put_first_protocol_in_force
from bot.actions.void_signatures import void_if_changed
from bot.people.actor import Actor, ActorKind, Origin
from bot.people.roles import Role
from bot.scoring import record
from bot.storage.chain import verify_trail
from bot.storage.diary import add_entry, entries_of
from bot.storage.participants import participant_by_code
from bot.storage.signatures import hash_of, is_current, is_genuine
from bot.storage.tables import (
    AuditRow,
    EntryRow,
    ParticipantRow,
    SignatureRow,
    SignatureVoidRow,
    StoredDraftRow,
)
from bot.storage.trail import Trail
from bot.storage.views.draft import read_draft
from schedules.loader import seed_protocol_path
from tests.support.clinic import PASSWORD, ClinicBench, Visitor
from tests.support.draft_seed import draft_bench

PAGE = "/drafts/SH-013/W08"
MINIMUM = re.compile(r"(min_valid_days = { value = )4")
CHEN = Actor(ActorKind.STAFF, "chen", "clinician")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with draft_bench(tmp_path) as found:
        yield found


@pytest.fixture
def name(bench: ClinicBench) -> str:
    return bench.add_staff(Role.CLINICIAN, name="Investigator 01")


@pytest.fixture
def clinician(bench: ClinicBench, name: str) -> Visitor:
    return bench.browser_of(name)


def words(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def rows_of(bench: ClinicBench, table: Any, **where: Any) -> list[Any]:
    with bench.database.read() as session:
        return list(session.exec(select(table).filter_by(**where)))


def shown_on(visitor: Visitor, page: str = PAGE) -> str:
    """The hash that the review page sends back."""
    return re.findall(r'name="shown" value="([^"]+)"', visitor.get(f"{page}/sign").text)[0]


def sign(visitor: Visitor, name: str, page: str = PAGE, **more: str) -> Any:
    return visitor.post(f"{page}/sign", visitor.confirm(name, shown=shown_on(visitor, page), **more))


def changing(bench: ClinicBench, actor: Actor = CHEN) -> Any:
    """A transaction about SH-013, an hour later."""

    class Change:
        def __enter__(self) -> tuple[Trail, ParticipantRow]:
            self.write = bench.database.write()
            session = self.write.__enter__()
            audit = Trail(session, bench.clock.now() + timedelta(hours=1), actor, Origin.COMMAND, participant="SH-013")
            return audit, participant_by_code(session, "SH-013")

        def __exit__(self, *found: Any) -> None:
            self.write.__exit__(*found)

    return Change()


def revise_day(audit: Trail, participant: ParticipantRow, on: date, **values: Any) -> EntryRow:
    """A correction of a closed day, as an approved one is stored."""
    previous = entries_of(audit.session, participant.id or 0, [on])[on][-1]
    kept = {key: getattr(previous, key) for key in EntryRow.model_fields if key != "id"}
    row = EntryRow(**(kept | {"revision": previous.revision + 1, "source": "staff", "reason": "paper note"} | values))
    add_entry(audit, row, previous=previous)
    return row


def test_the_review_page_holds_everything_that_is_signed_and_its_meaning(clinician: Visitor) -> None:
    said = words(clinician.get(f"{PAGE}/sign"))
    assert "Review and sign SH-013 · W08" in said
    assert "“I have reviewed this CDAI, and it agrees with the source records.”" in said
    assert "3 + 3 + 3 + 3 + 3 + 3 + 3 = 21; 21 × 2 = 42.0" in said
    assert "Sign as Dr Investigator 01" in said


def test_the_first_signature_asks_both_factors_and_a_later_one_the_password(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    assert "confirm_code" in clinician.get(f"{PAGE}/sign").text
    assert sign(clinician, name).status_code == 303
    later = clinician.get("/drafts/SH-018/W00/sign").text
    assert "confirm_password" in later
    assert "confirm_code" not in later
    only_password = {"confirm_password": PASSWORD, "shown": shown_on(clinician, "/drafts/SH-018/W00")}
    assert clinician.post("/drafts/SH-018/W00/sign", only_password).status_code == 303
    methods = [row.method for row in rows_of(bench, SignatureRow)]
    assert methods == ["password_and_code", "password"]


def test_after_five_idle_minutes_both_are_asked_again(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    sign(clinician, name)
    bench.clock.advance(timedelta(minutes=5, seconds=1))
    assert "confirm_code" in clinician.get("/drafts/SH-018/W00/sign").text


def test_a_code_that_was_just_used_says_when_the_next_one_comes(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.CLINICIAN, name="Wu Min")
    visitor = bench.signed_in(name)
    assert "The next one comes in" in words(visitor.get(f"{PAGE}/sign"))


def test_a_signature_holds_name_role_time_zone_meaning_method_hash_and_audit_event(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    sign(clinician, name)
    (row,) = rows_of(bench, SignatureRow)
    assert (row.printed_name, row.username, row.role, row.tzid) == (
        "Dr Investigator 01",
        "Investigator 01",
        "clinician",
        "Asia/Shanghai",
    )
    assert (row.meaning, row.language, row.method) == ("reviewed", "en", "password_and_code")
    assert row.hash == hash_of(row.bundle)
    (event,) = rows_of(bench, AuditRow, seq=row.audit_seq)
    assert (event.action, event.new, event.participant) == ("sign_draft", row.hash, "SH-013")
    (stored,) = rows_of(bench, StoredDraftRow, occasion="signed")
    assert json.loads(row.bundle)["draft"] == stored.hash
    assert set(json.loads(row.bundle)["clinic"]) == {"antidiarrhoeal", "complications", "hct", "mass", "weight"}


def test_the_signature_stands_on_the_page_the_list_and_the_json(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    sign(clinician, name)
    said = words(clinician.get(PAGE))
    assert "Signed. The page below prints with your signature." in said
    assert "Dr Investigator 01 (Investigator 01, Investigator)" in said
    assert "Tue 9 Jun, 09:12 (Asia/Shanghai) = 2026-06-09 01:12 UTC" in said
    listed = words(clinician.get("/drafts?show=signed"))
    assert "SH-013 · W08 Tue 9 Jun Signed 168.7 mild signed by Dr Investigator 01" in listed
    with bench.database.read() as session:
        pulled = pull_draft(session, "SH-013", "W08", study=bench.study, now=bench.clock.now())
    found = signature_json(pulled.signature)
    assert found is not None
    assert (found["by"], found["role"], found["at"], found["void"]) == (
        "Dr Investigator 01", "clinician", "2026-06-09T01:12:00Z", None,
    )  # fmt: skip
    assert clinician.get(f"{PAGE}/cdai.pdf").content.startswith(b"%PDF")


def test_sign_is_absent_until_it_can_succeed(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    for page in ("/drafts/SH-012/W12", "/drafts/SH-015/W04", "/drafts/SH-016/W04", "/drafts/SH-017/W04"):
        assert "/sign" not in re.findall(r'href="([^"]*)"', clinician.get(page).text.replace("/sign-", ""))
        assert clinician.get(f"{page}/sign").status_code == 303
        answer = clinician.post(f"{page}/sign", clinician.confirm(name, shown="sha256:0"))
        assert answer.status_code == 409
    assert rows_of(bench, SignatureRow) == []


def test_what_changed_while_it_was_reviewed_is_not_signed(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    shown = shown_on(clinician)
    clinician.post(f"{PAGE}/clinic", {"mass": "definite"})
    answer = clinician.post(f"{PAGE}/sign", clinician.confirm(name, shown=shown))
    assert answer.status_code == 409
    assert "has changed since you opened it for review" in words(answer)
    assert rows_of(bench, SignatureRow) == []


def test_a_wrong_password_signs_nothing(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    given = clinician.confirm(name, shown=shown_on(clinician)) | {"confirm_password": "quite another one"}
    assert clinician.post(f"{PAGE}/sign", given).status_code == 403
    assert rows_of(bench, SignatureRow) == []


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.MONITOR, Role.DATA_MANAGER, Role.ADMIN])
def test_only_a_clinician_signs(bench: ClinicBench, role: Role) -> None:
    other = bench.browser_of(bench.add_staff(role))
    assert other.get(f"{PAGE}/sign").status_code == 403
    assert other.post(f"{PAGE}/sign", {"shown": "x"}).status_code == 403


def test_a_changed_diary_value_makes_the_signature_void_with_who_when_and_why(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    sign(clinician, name)
    with changing(bench) as (audit, participant):
        revise_day(audit, participant, date(2026, 6, 5), stools=9)
        assert void_if_changed(audit, participant, "entry", study=bench.study, reason="paper note") == ("W08",)
    (void,) = rows_of(bench, SignatureVoidRow)
    assert (void.by, void.cause, void.reason) == ("chen", "entry", "paper note")
    (event,) = rows_of(bench, AuditRow, action="signature_voided")
    assert (event.participant, event.field, event.reason) == ("SH-013", "W08", "paper note")
    said = words(clinician.get(PAGE))
    assert "Signature void, sign again" in said
    assert "Void since Tue 9 Jun, 10:12 by chen: a diary entry changed: paper note" in said
    assert "stools: 3 → 9" in said.lower()
    assert "Signature void, to be signed again 1" in words(clinician.get("/drafts"))


def test_a_changed_laboratory_value_makes_it_void_and_the_change_needs_a_reason(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    sign(clinician, name)
    given = {"hct": "40", "hct_unit": "%", "hct_on": "2026-06-08"}
    refused = clinician.post(f"{PAGE}/clinic", given)
    assert refused.status_code == 422
    assert "Say why: saving makes the signature void." in words(refused)
    assert clinician.post(f"{PAGE}/clinic", given | {"reason": "corrected report"}).status_code == 303
    (void,) = rows_of(bench, SignatureVoidRow)
    assert (void.by, void.cause, void.reason) == ("Investigator 01", "clinic", "corrected report")
    assert sign(clinician, name).status_code == 303
    assert [row.visit for row in rows_of(bench, SignatureRow)] == ["W08", "W08"]


def test_the_visits_of_a_participant_show_the_signed_total_for_as_long_as_the_signature_stands(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    home, total = "/participants/SH-013", "of 7 days · CDAI "
    assert total not in words(clinician.get(home))
    sign(clinician, name)
    (stored,) = rows_of(bench, StoredDraftRow)
    signed = words(clinician.get(home))
    assert "W08 Tue 9 Jun Signed" in signed
    assert f"{total}{json.loads(stored.result)['total']}" in signed
    with changing(bench) as (audit, participant):
        revise_day(audit, participant, date(2026, 6, 7), stools=9)
        void_if_changed(audit, participant, "entry", study=bench.study, reason="paper note")
    void = words(clinician.get(home))
    assert "W08 Tue 9 Jun Signature void" in void
    assert total not in void


def test_week_0_stands_behind_every_later_signature(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    sign(clinician, name)
    with changing(bench) as (audit, participant):
        values = ClinicValues(weight_kg=Decimal(50), weight_on=date(2026, 4, 14))
        assess(audit, participant, "W00", values, study=bench.study)
    assert [row.cause for row in rows_of(bench, SignatureVoidRow)] == ["clinic"]


def test_preparation_days_that_reach_into_the_signed_days_make_it_void(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    sign(clinician, name)
    with changing(bench) as (audit, participant):
        prepare_visit(
            audit, participant, "W12", bowel_prep=[date(2026, 6, 30)], endoscopy_on=date(2026, 7, 1), study=bench.study
        )
    assert rows_of(bench, SignatureVoidRow) == []


def test_a_later_visits_values_leave_it_alone(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    sign(clinician, name)
    with changing(bench) as (audit, participant):
        values = ClinicValues(mass="definite")
        assess(audit, participant, "W12", values, study=bench.study)
        revise_day(audit, participant, date(2026, 5, 7), stools=1)
        void_if_changed(audit, participant, "entry", study=bench.study)
    voided = rows_of(bench, SignatureVoidRow)
    assert voided == []


def test_a_new_protocol_version_leaves_held_and_signed_visits_alone(
    bench: ClinicBench, name: str, clinician: Visitor, tmp_path: Path
) -> None:
    sign(clinician, name)
    changed = tmp_path / "changed.toml"
    source = seed_protocol_path().read_text(encoding="utf-8")
    changed.write_text(MINIMUM.sub(r"\g<1>5", source, count=1), encoding="utf-8")
    operator = Actor(ActorKind.OPERATOR, "operator:test", "operator")
    with changing(bench, operator) as (audit, _participant):
        put_first_protocol_in_force(audit, bench.study.protocol, seed_protocol_path())
    with changing(bench, operator) as (audit, _participant):
        adopt_protocol(audit, changed, from_on=date(2026, 6, 9), reason="five days are needed")
    assert rows_of(bench, SignatureVoidRow) == []


def test_another_rule_set_for_the_same_visit_makes_it_void(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    sign(clinician, name)
    rules = replace(bench.study.protocol.rules, min_valid_days=5)
    other = Study(replace(bench.study.protocol, rules=rules))
    with changing(bench) as (audit, participant):
        assert void_if_changed(audit, participant, "protocol", study=other) == ("W08",)


def test_a_newer_version_of_the_product_does_not_make_it_void(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    """An upgrade may word or work out the result in another way; what the draft was read from stays the same."""
    sign(clinician, name)
    (row,), (stored,) = rows_of(bench, SignatureRow), rows_of(bench, StoredDraftRow)
    older = StoredDraftRow(**(stored.model_dump() | {"result": "{}", "app_version": "0.0.1"}))
    with bench.database.read() as session:
        participant = participant_by_code(session, "SH-013")
        sources = read_draft(session, participant, "W08", bench.study.protocol, bench.clock.now())
    assert is_current(row, older, sources)


def test_unlocking_needs_a_reason_and_a_second_person(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    sign(clinician, name)
    assert clinician.post(f"{PAGE}/unlock", clinician.confirm(name)).status_code == 422
    only = {"confirm_password": PASSWORD, "reason": "signed for the wrong visit"}
    assert clinician.post(f"{PAGE}/unlock", only).status_code == 303
    assert "Unlocking awaits a second person" in words(clinician.get(PAGE))
    assert clinician.post(f"{PAGE}/unlock/confirm", {"confirm_password": PASSWORD}).status_code == 403
    assert rows_of(bench, SignatureVoidRow) == []
    manager = bench.add_staff(Role.DATA_MANAGER)
    second = bench.browser_of(manager)
    assert "Confirm and make the signature void" in words(second.get(PAGE))
    assert second.post(f"{PAGE}/unlock/confirm", second.confirm(manager)).status_code == 303
    (void,) = rows_of(bench, SignatureVoidRow)
    assert (void.by, void.cause, void.reason) == (manager, "unlock", "signed for the wrong visit")
    assert [row.action for row in rows_of(bench, AuditRow, entity="unlock_request")] == [
        "request_unlock", "confirm_unlock",
    ]  # fmt: skip


def test_a_signature_moved_to_another_record_is_not_genuine(bench: ClinicBench, name: str, clinician: Visitor) -> None:
    sign(clinician, name)
    sign(clinician, name, "/drafts/SH-018/W00")
    first, second = rows_of(bench, SignatureRow)
    stored = {row.id: row for row in rows_of(bench, StoredDraftRow)}
    assert is_genuine(first, stored[first.stored_draft_id])
    assert not is_genuine(first, stored[second.stored_draft_id])
    moved = SignatureRow(**(first.model_dump() | {"participant_id": second.participant_id}))
    assert not is_genuine(moved, stored[first.stored_draft_id])
    altered = SignatureRow(**(first.model_dump() | {"bundle": first.bundle.replace("W08", "W04")}))
    assert not is_genuine(altered, stored[first.stored_draft_id])


@pytest.mark.parametrize("table", ["signature", "signature_void", "unlock_request"])
def test_the_database_refuses_to_change_or_delete_what_was_signed(
    bench: ClinicBench, name: str, clinician: Visitor, table: str
) -> None:
    sign(clinician, name)
    clinician.post(f"{PAGE}/unlock", {"confirm_password": PASSWORD, "reason": "wrong visit"})
    clinician.post(f"{PAGE}/clinic", {"mass": "definite", "reason": "typed wrongly"})
    for statement in (f"UPDATE {table} SET at = at", f"DELETE FROM {table}"):  # noqa: S608  # own names
        with bench.database.engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(text(statement))


def test_the_audit_chain_stays_whole_through_signing_and_voiding(
    bench: ClinicBench, name: str, clinician: Visitor
) -> None:
    sign(clinician, name)
    clinician.post(f"{PAGE}/clinic", {"mass": "definite", "reason": "typed wrongly"})
    with bench.database.read() as session:
        assert verify_trail(session) is None


def test_the_first_spelling_of_the_signed_inputs_never_changes(bench: ClinicBench) -> None:
    """When this fails, keep the old spelling for old signatures and give the new one its own number."""
    with bench.database.read() as session:
        found = pull_draft(session, "SH-013", "W08", study=bench.study, now=bench.clock.now()).draft
    keys = {key: sorted(value) if isinstance(value, dict) else value for key, value in record.inputs_of(found).items()}
    assert set(keys) == {
        "participant", "visit", "planned", "person", "days", "excluded", "complications", "antidiarrhoeal", "mass",
        "hct", "weight", "carried", "sescd", "baseline", "rules",
    }  # fmt: skip
    day = record.inputs_of(replace(found))["days"]
    assert isinstance(day, dict)
    assert set(day["2026-06-02"]) == {
        "state", "stools", "pain", "wellbeing", "antidiarrhoeal", "source", "revision", "corrected", "helped", "outage",
        "after_closing",
    }  # fmt: skip
