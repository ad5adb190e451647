"""`audit verify` and `audit anchor`: what is intact says so, and what is not is named by kind and number."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from bot.actions.anchor_audit import anchor_audit, anchor_if_due
from bot.actions.verify_audit import verify_audit, verify_if_due
from bot.cli.app import app, guarded
from bot.errors import RefusedError
from bot.settings import setting_names
from bot.storage.anchors import FILE_NAME, read_anchors
from bot.storage.chain import VerificationStoppedError, verify_database
from bot.storage.database import Database
from bot.storage.signatures import head_of_trail
from bot.storage.tables import AuditRow, EntryRow
from tests.support.audited import CODE, DAYS, audited_study, enter, sign
from tests.support.database import study_database
from tests.support.site import W00, shanghai

ROOT = Path(__file__).parents[3]
AT = datetime(2025, 4, 1, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance whose data folder holds an audited study; answers the folder."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    with study_database(tmp_path / "data") as database:
        audited_study(database)
    return tmp_path / "data"


def command(*arguments: str) -> int:
    return guarded(lambda: app(["audit", *arguments]))


def verified(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = command("verify", "--json", *arguments)
    return code, json.loads(capsys.readouterr().out)


def tamper(folder: Path, *statements: str) -> None:
    """Do what the owner of the file can: take the guards of a table down, act, put them up again."""
    database = Database(f"sqlite:///{folder / 'diary.sqlite3'}")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        guards = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _definition in guards:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.exec_driver_sql(statement)
        for _name, definition in guards:
            connection.exec_driver_sql(definition)
        connection.exec_driver_sql("BEGIN")
    database.close()


def test_an_untouched_study_is_intact(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = verified(capsys)
    assert (code, found["intact"], found["kind"], found["findings"]) == (0, True, None, [])
    assert found["events"]["audit_event"] > 60
    assert found["events"]["access_event"] == 3
    assert command("verify") == 0
    assert capsys.readouterr().out.startswith("Intact: ")


@pytest.mark.parametrize(
    ("act", "kind", "seq"),
    [
        ("UPDATE audit_event SET new = '0' WHERE seq = 30", "broken", 30),
        ("DELETE FROM audit_event WHERE seq = 30", "gap", 30),
        ("UPDATE access_event SET participant = 'SH-002' WHERE seq = 2", "broken", 2),
        ("DELETE FROM access_event WHERE seq = 1", "gap", 1),
        ("UPDATE audit_event SET seq = 900 WHERE seq = 30", "gap", 30),
    ],
)
def test_a_tampered_chain_is_named_by_kind_and_number(
    kept: Path, capsys: pytest.CaptureFixture[str], act: str, kind: str, seq: int
) -> None:
    tamper(kept, act)
    code, found = verified(capsys)
    assert (code, found["kind"], found["seq"]) == (1, kind, seq)
    assert found["sentence"].startswith(f"{kind} at event {seq} of the ")
    assert command("verify") == 1
    assert f"{kind} at event {seq} of the " in capsys.readouterr().out


def test_with_an_anchor_a_cut_end_is_truncated_even_when_the_rows_went_with_it(
    kept: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.jsonl"
    assert command("anchor", str(file)) == 0
    head = json.loads(file.read_text())["seq"]
    tamper(kept, f"DELETE FROM audit_event WHERE seq > {head - 2}", "DELETE FROM participant_zone WHERE id = 2")  # noqa: S608
    assert verified(capsys)[0] == 0
    code, found = verified(capsys, "--anchor", str(file))
    assert (code, found["kind"], found["seq"], found["chain"]) == (1, "truncated", head - 1, "audit_event")


def test_a_cut_end_of_the_record_of_access_is_found_by_the_same_anchor(
    kept: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.jsonl"
    command("anchor", str(file))
    tamper(kept, "DELETE FROM access_event WHERE seq = 3")
    code, found = verified(capsys, "--anchor", str(file))
    assert (code, found["kind"], found["seq"], found["chain"]) == (1, "truncated", 3, "access_event")


def test_an_anchor_of_another_chain_is_not_taken_for_this_one(
    kept: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.jsonl"
    command("anchor", str(file))
    line = json.loads(file.read_text())
    file.write_text(json.dumps(line | {"hash": "0" * 64}) + "\n")
    code, found = verified(capsys, "--anchor", str(file))
    assert (code, found["kind"], found["seq"]) == (1, "anchor", line["seq"])


def test_rows_without_their_event_and_events_without_their_row_are_unmatched(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ", ".join(name for name in EntryRow.__table__.columns.keys() if name != "id")  # type: ignore[attr-defined]  # noqa: SIM118
    forged = columns.replace("diary_day", "'2025-03-25'")
    tamper(kept, f"INSERT INTO entry ({columns}) SELECT {forged} FROM entry WHERE id = 1")  # noqa: S608
    code, found = verified(capsys)
    assert (code, found["kind"]) == (1, "unmatched")
    assert f"none tells of entry {CODE}/2025-03-25/1" in found["sentence"]
    tamper(kept, "DELETE FROM entry WHERE diary_day = '2025-03-25'", "UPDATE entry SET stools = 9 WHERE id = 2")
    code, found = verified(capsys)
    assert (code, found["kind"]) == (1, "unmatched")
    assert f"says of {CODE}/{DAYS[1]}/1 (stools)" in found["sentence"]


def test_a_missing_guard_is_a_finding(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(kept)
    assert verified(capsys)[0] == 0
    with Database(f"sqlite:///{kept / 'diary.sqlite3'}").engine.begin() as connection:
        connection.execute(text("DROP TRIGGER stored_draft_no_delete"))
    code, found = verified(capsys)
    assert (code, found["kind"]) == (1, "trigger")
    assert "stored_draft_no_delete" in found["sentence"]
    assert guarded(lambda: app(["check"])) == 1
    assert "lacks the guard stored_draft_no_delete" in capsys.readouterr().out
    served = subprocess.run(
        [sys.executable, "-m", "bot", "run"], capture_output=True, text=True, timeout=60, check=False, cwd=kept.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert served.returncode == 1
    assert "lacks the guard stored_draft_no_delete: restore" in served.stderr


@pytest.mark.parametrize("content", ["", "not an anchor\n", '{"seq": 1}\n', '{"at": "2025-04-01", "seq": 1}\n'])
def test_a_file_without_sound_anchors_is_refused_in_a_sentence(
    kept: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(content)
    assert command("verify", "--anchor", str(file)) == 1
    assert "anchor" in capsys.readouterr().err
    assert command("verify", "--anchor", str(tmp_path / "none")) == 1
    assert "There is no anchor file" in capsys.readouterr().err


def test_anchors_are_only_ever_added_and_all_of_them_count(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.jsonl"
    for _ in range(3):
        command("anchor", str(file))
    lines = file.read_text().splitlines()
    assert len(lines) == len(read_anchors(file)) == 3
    assert set(json.loads(lines[0])) == {"at", "seq", "hash", "count", "access"}


def test_an_hour_or_a_signature_asks_for_an_anchor_and_nothing_new_does_not(either: Database, tmp_path: Path) -> None:
    site = audited_study(either)
    assert anchor_if_due(either, tmp_path / "absent", at=AT) is None
    assert anchor_if_due(either, tmp_path, at=AT) is not None
    assert anchor_if_due(either, tmp_path, at=AT + timedelta(hours=2)) is None
    enter(site, W00 - timedelta(days=6), 4, at=shanghai(W00, 18))
    assert anchor_if_due(either, tmp_path, at=AT + timedelta(minutes=59)) is None
    sign(site, at=shanghai(W00, 19))
    assert anchor_if_due(either, tmp_path, at=AT + timedelta(minutes=59)) is not None
    enter(site, W00 - timedelta(days=7), 4, at=shanghai(W00, 20))
    assert anchor_if_due(either, tmp_path, at=AT + timedelta(minutes=119)) is not None
    anchors = read_anchors(tmp_path / FILE_NAME)
    assert [one.at for one in anchors] == sorted(one.at for one in anchors)
    assert verify_database(either, anchors).intact


def test_a_verification_can_be_stopped_at_every_row_and_is_then_not_remembered(either: Database) -> None:
    audited_study(either)
    rows: list[int] = []
    verify_database(either, watch=lambda: rows.append(1))

    def patience(calls: int) -> Callable[[], None]:
        left = iter(range(calls))

        def watch() -> None:
            if next(left, None) is None:
                raise VerificationStoppedError

        return watch

    for calls in (0, len(rows) // 2, len(rows) - 1):
        with pytest.raises(VerificationStoppedError):
            verify_audit(either, at=AT, watch=patience(calls))
    assert verify_if_due(either, at=AT, watch=patience(len(rows))) is not None


def test_verifying_is_remembered_with_its_result_and_repeated_daily(either: Database, tmp_path: Path) -> None:
    audited_study(either)
    anchor_audit(either, tmp_path / FILE_NAME, at=AT)
    assert verify_audit(either, at=AT).anchors == 1
    assert verify_if_due(either, at=AT + timedelta(hours=23)) is None
    assert verify_if_due(either, at=AT + timedelta(hours=24)) is not None
    (tmp_path / FILE_NAME).write_text("half a li")
    found = verify_audit(either, at=AT)
    assert [finding.kind for finding in found.findings] == ["anchor"]


def test_changing_one_field_gives_one_event_with_all_its_parts(either: Database) -> None:
    site = audited_study(either)
    day = DAYS[-1]
    with either.read() as session:
        head = head_of_trail(session)
    enter(site, day, 6, at=shanghai(day, 22))
    with either.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.seq > head)).all()
    revised = [row for row in rows if row.action == "revise"]
    assert [(row.field, row.old, row.new) for row in revised] == [("stools", "5", "6")]
    (event,) = revised
    assert (event.actor_kind, event.actor_id, event.actor_role) == ("staff", "Coordinator 01", "coordinator")
    assert (event.at, event.reason, event.origin) == (shanghai(day, 22), "gave it by phone", "command")
    assert (event.entity, event.entity_id, event.participant) == ("entry", f"{CODE}/{day}/3", CODE)
    assert event.request_id
    assert event.app_version


TABLES = ("answer", "entry", "assessment", "stored_draft", "signature", "signature_void", "unlock_request",
          "review_mark", "participant_zone", "audit_event", "access_event")  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_stored_rows_refuse_every_way_of_changing_them_in_place(either: Database, table: str) -> None:
    audited_study(either)
    key = "seq" if table in ("audit_event", "access_event") else "id"
    acts = [f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"]  # noqa: S608
    copy = f"INTO {table} SELECT * FROM {table} WHERE {key} = 1"  # noqa: S608
    if either.is_sqlite:
        acts += [f"REPLACE {copy}", f"INSERT OR REPLACE {copy}"]
        acts.append(f"INSERT {copy} ON CONFLICT ({key}) DO UPDATE SET {key} = excluded.{key}")
    else:
        acts.append(f"TRUNCATE {table} CASCADE")
        acts.append(f"INSERT {copy} ON CONFLICT ({key}) DO UPDATE SET {key} = excluded.{key}")
    for act in acts:
        with pytest.raises(DBAPIError, match="insert-only"), either.engine.begin() as connection:
            connection.execute(text(act))
    assert verify_database(either).intact


def test_reading_anchors_from_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="is not a file of anchors"):
        read_anchors(tmp_path)
