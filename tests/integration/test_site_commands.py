"""The commands of a site, end to end on a migrated database, as typed at a console."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.cli.app import app, guarded
from bot.settings import setting_names
from bot.storage.database import Database
from bot.storage.schema import migrate
from bot.storage.tables import AuditRow, DiaryLinkRow, InstanceRow, StaffRow
from schedules.loader import seed_protocol_path

VECTORS = Path(__file__).parent.parent / "data" / "cdai_vectors.json"
DAY = timedelta(days=1)
Run = Callable[..., tuple[int, str, str]]


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


BASELINE = today() + 10 * DAY


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Types a command line; answers the exit code, stdout and stderr."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDAI_DATA_DIR", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'diary.sqlite3'}", synchronous="OFF")
    migrate(database)
    database.close()

    def typed(*words: object) -> tuple[int, str, str]:
        code = guarded(lambda: app([str(word) for word in words]))
        said = capsys.readouterr()
        return code, said.out, said.err

    return typed


def in_database(tmp_path: Path, row: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'diary.sqlite3'}", synchronous="OFF")
    with database.write() as session:
        session.add(row)
    database.close()


def enrol(run: Run, code: str = "SH-001", *more: object) -> dict[str, Any]:
    exit_code, out, err = run(
        "participant", "add", code, "--site", "seh", "--sex", "male", "--height-cm", "172", "--language", "zh",
        "--timezone", "Asia/Shanghai", "--baseline", BASELINE, "--json", *more,
    )  # fmt: skip
    assert exit_code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def read(run: Run, *words: object) -> Any:
    code, out, err = run(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_an_invitation_has_a_link_once_the_bots_name_is_known(run: Run, tmp_path: Path) -> None:
    first = enrol(run)
    assert {"code", "start_payload", "invite_link", "diary_link"} <= set(first)
    assert (first["code"], first["invite_link"]) == ("SH-001", None)
    in_database(tmp_path, InstanceRow(key="bot_username", value="example_diary_bot", learnt_at=datetime.now(UTC)))
    second = read(run, "participant", "invite", "SH-001")
    assert second["invite_link"] == f"https://t.me/example_diary_bot?start={second['start_payload']}"
    assert second["start_payload"] != first["start_payload"]


def test_the_diary_link_is_shown_once_made_anew_and_revoked(run: Run, tmp_path: Path) -> None:
    first = enrol(run)["diary_link"]
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/diary/[A-Za-z0-9_-]{22}", first)
    second = read(run, "participant", "link", "SH-001")["diary_link"]
    assert second.rpartition("/")[0] == first.rpartition("/")[0]
    assert second != first
    assert read(run, "participant", "link", "SH-001", "--revoke") == {"code": "SH-001", "diary_link": None}
    code, _out, err = run("participant", "link", "SH-001", "--revoke")
    assert (code, err.count("has no diary link")) == (1, 1)
    database = Database(f"sqlite:///{tmp_path / 'diary.sqlite3'}")
    with database.read() as session:
        rows = session.exec(select(DiaryLinkRow)).all()
        told = "".join(str(event.model_dump()) for event in session.exec(select(AuditRow)).all())
    database.close()
    assert [row.revoked_at is not None for row in rows] == [True, True]
    assert [first[-22:] in told, second[-22:] in told] == [False, False]


def test_the_list_says_where_everybody_stands(run: Run) -> None:
    enrol(run)
    enrol(run, "SH-002")
    assert run("participant", "withdraw", "SH-002", "--reason", "moved away")[0] == 0
    listed = read(run, "participant", "list")
    assert [list(row) for row in listed] == [
        ["code", "site", "status", "language", "timezone", "hour", "joined", "reach"]
    ] * 2
    assert [(row["code"], row["status"], row["hour"]) for row in listed] == [
        ("SH-001", "invited", "20:00"),
        ("SH-002", "withdrawn", "20:00"),
    ]


def test_a_refusal_is_one_sentence_and_a_typing_error_wrong_usage(run: Run) -> None:
    enrol(run)
    code, out, err = run("visit", "list", "SH-009")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "participant list" in err
    assert run("visit", "move", "SH-001", "W04", "9 June")[0] == 2
    assert run("visit", "move", "SH-001", "W04")[0] == 2
    assert run("draft", "SH-001", "W00", "--language", "fr")[0] == 2


def test_the_visit_list_has_every_visit_with_its_days(run: Run) -> None:
    enrol(run)
    visits = read(run, "visit", "list", "SH-001")
    assert [visit["visit"] for visit in visits] == ["W00", "W04", "W08", "W12", "W24"]
    first = visits[0]
    assert (first["on"], first["held"], first["state"]) == (str(BASELINE), False, "planned")
    assert first["window"] == {"first": str(BASELINE), "last": str(BASELINE)}
    assert first["days"][0] == {"on": str(BASELINE - 9 * DAY), "label": "D-9", "state": "not_open"}
    assert first["days"][-1]["label"] == "D-1"


def test_a_preview_has_exactly_its_keys_and_stores_nothing(run: Run) -> None:
    enrol(run)
    to = BASELINE + 30 * DAY
    found = read(run, "visit", "move", "SH-001", "W04", to, "--preview")
    assert found == {
        "from": str(BASELINE + 28 * DAY),
        "to": str(to),
        "days_in_hand": 0,
        "new_prompts": 2,
        "days_lost": 0,
        "evaluable_before": True,
        "evaluable_after": True,
        "outside_tolerance": False,
    }
    assert read(run, "visit", "list", "SH-001")[1]["on"] == str(BASELINE + 28 * DAY)


def test_outside_the_tolerance_only_a_reason_moves_a_visit(run: Run) -> None:
    enrol(run)
    to = BASELINE + 35 * DAY
    code, _out, err = run("visit", "move", "SH-001", "W04", to)
    assert (code, "--reason" in err) == (1, True)
    assert run("visit", "move", "SH-001", "W04", to, "--reason", "travelling", "--time", "09:30")[0] == 0
    assert read(run, "visit", "list", "SH-001")[1]["on"] == str(to)


def test_preparation_dates_can_follow_one_another_or_repeat_the_option(run: Run) -> None:
    enrol(run)
    two, one = BASELINE - 2 * DAY, BASELINE - DAY
    found = read(run, "visit", "prepare", "SH-001", "W00", "--bowel-prep", two, one, "--endoscopy", BASELINE)
    again = read(
        run, "visit", "prepare", "SH-001", "W00", "--bowel-prep", two, "--bowel-prep", one, "--endoscopy", BASELINE
    )
    assert found == again
    assert [day["label"] for day in found["days"] if day["state"] == "excluded"] == ["D-2", "D-1"]
    assert run("visit", "prepare", "SH-001", "W00")[0] == 2


def test_a_visit_is_held_assessed_and_drafted(run: Run, tmp_path: Path) -> None:
    enrol(run)
    held = read(run, "visit", "checkin", "SH-001", "W00")
    assert (held["on"], held["held"], held["state"]) == (str(today()), True, "held")
    segments = tmp_path / "segments.json"
    grades = {"ileum": [2, 1, 2, 0], "right_colon": [1, 1, 1, 1], "transverse_colon": [0, 0, 1, 0], "rectum": None}
    segments.write_text(json.dumps({**grades, "left_colon": [3, 2, 2, 1]}))
    rows = read(
        run, "assess", "SH-001", "W00", "--hct", "0.385", "--hct-unit", "L/L", "--weight-kg", "61", "--mass", "none",
        "--complications", "none", "--antidiarrhoeal", "no", "--sescd", segments,
    )  # fmt: skip
    assert {row["component"]: row["measured_on"] for row in rows}["hct"] == str(today())
    assert {row["source"] for row in rows} == {"operator"}
    found = read(run, "draft", "SH-001", "W00")
    assert (found["held"], found["status"], found["total"], found["from_baseline"]) == (
        True,
        "not_computable",
        None,
        None,
    )
    assert found["components"]["hct"]["points"] == 51.0
    assert found["endoscopic"]["total"] == 18
    for language, word in (("en", "clinician review"), ("zh", "研究者审阅")):
        code, out, _err = run("draft", "SH-001", "W00", "--language", language)
        assert (code, word in out) == (0, True)


def test_a_draft_before_its_days_have_ended_is_incomplete(run: Run) -> None:
    enrol(run)
    found = read(run, "draft", "SH-001", "W00")
    assert (found["status"], found["total"], found["sums"], found["pro"]) == ("incomplete", None, None, None)
    assert [day["state"] for day in found["scoring_days"]] == ["not_open"] * 7
    assert set(found["missing"]) == set(found["components"])
    assert found["interval"]["min"] < found["interval"]["max"]


def test_an_impossible_value_is_refused_and_an_unusual_one_confirmed(run: Run) -> None:
    enrol(run)
    run("visit", "checkin", "SH-001", "W00")
    code, _out, err = run("assess", "SH-001", "W00", "--hct", "38.5")
    assert (code, "state % or L/L" in err) == (1, True)
    assert run("assess", "SH-001", "W00", "--weight-kg", "140")[0] == 1
    assert run("assess", "SH-001", "W00", "--weight-kg", "140", "--confirm")[0] == 0


def test_a_check_in_on_its_planned_date_names_one_date(run: Run) -> None:
    enrol(run, "SH-001", "--baseline", today())
    _code, said, _err = run("visit", "checkin", "SH-001", "W00")
    assert said.startswith(f"W00: {today()}, as planned. ")


def test_a_missed_visit_has_no_draft_and_a_held_one_cannot_be_missed(run: Run) -> None:
    enrol(run)
    assert run("visit", "missed", "SH-001", "W08", "--as", "not_done", "--reason", "holiday")[0] == 0
    assert "recorded as not_done" in run("draft", "SH-001", "W08")[2]
    run("visit", "checkin", "SH-001", "W00")
    assert run("visit", "missed", "SH-001", "W00", "--as", "no_show", "--reason", "mistake")[0] == 1
    assert (
        "no_show, not_done or terminated" in run("visit", "missed", "SH-001", "W04", "--as", "lost", "--reason", "x")[2]
    )


def test_a_zone_is_changed_by_its_iana_name(run: Run) -> None:
    enrol(run)
    assert run("participant", "zone", "SH-001", "Europe/London", "--reason", "travels")[0] == 0
    code, _out, err = run("participant", "zone", "SH-001", "GMT+1", "--reason", "travels")
    assert (code, "IANA" in err) == (1, True)


def test_staff_act_at_their_own_site_and_by_their_role(run: Run, tmp_path: Path) -> None:
    enrol(run)
    made = {"created_at": datetime.now(UTC)}
    in_database(tmp_path, StaffRow(name="ann", role="coordinator", site="seh", **made))
    in_database(tmp_path, StaffRow(name="bo", role="coordinator", site="elsewhere", **made))
    in_database(tmp_path, StaffRow(name="mo", role="monitor", site="seh", **made))
    assert run("participant", "invite", "SH-001", "--by", "ann")[0] == 0
    assert "There is no participant SH-001" in run("participant", "invite", "SH-001", "--by", "bo")[2]
    assert "monitor may not" in run("participant", "invite", "SH-001", "--by", "mo")[2]
    assert run("participant", "invite", "SH-001", "--by", "nobody")[0] == 1
    words = ("--sex", "female", "--height-cm", "165", "--language", "en", "--timezone", "Asia/Shanghai")
    foreign = run("participant", "add", "SH-002", "--site", "seh", *words, "--baseline", BASELINE, "--by", "bo")
    assert "does not belong to the site seh" in foreign[2]


def test_a_changed_protocol_is_adopted_with_a_preview(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(run)
    changed = tmp_path / "changed.toml"
    text = seed_protocol_path().read_text(encoding="utf-8")
    text = text.replace('version = { value = "1"', 'version = { value = "2"', 1)
    changed.write_text(text.replace("days_after = { value = 3", "days_after = { value = 5"), encoding="utf-8")
    words = ("protocol", "adopt", changed, "--from", today(), "--reason", "wider windows")
    seen = read(run, *words, "--preview")
    assert (seen["from_version"], seen["to_version"]) == ("1", "2")
    assert {one["visit"] for one in seen["visits"]} == {"W04", "W08", "W12", "W24"}
    assert read(run, *words) == seen
    code, _out, err = run("participant", "invite", "SH-001")
    assert (code, "is not the protocol in force" in err) == (1, True)
    monkeypatch.setenv("CDAI_PROTOCOL", str(changed))
    assert read(run, "protocol", "show")["version"] == "2"
    last = read(run, "visit", "list", "SH-001")[1]["window"]["last"]
    assert last == str(BASELINE + 33 * DAY)
    assert "in force already" in run(*words)[2]


def test_protocol_check_names_file_line_and_key(run: Run, tmp_path: Path) -> None:
    assert run("protocol", "check", seed_protocol_path())[0] == 0
    broken = tmp_path / "broken.toml"
    shutil.copy(seed_protocol_path(), broken)
    broken.write_text(
        broken.read_text(encoding="utf-8").replace("value = 18:00:00", 'value = "six"', 1), encoding="utf-8"
    )
    code, out, err = run("protocol", "check", broken)
    assert (code, out) == (1, "")
    assert err.startswith(f"{broken}:")
    assert ": diary.opens: " in err


def test_score_answers_every_vector_of_a_file(run: Run) -> None:
    document = json.loads(VECTORS.read_text(encoding="utf-8"))
    groups = ("cdai", "pro_scores", "response", "ses_cd", "input_validation")
    wanted = [vector["id"] for group in groups for vector in document[group]]
    results = read(run, "score", VECTORS)
    assert [one["id"] for one in results] == wanted
    code, out, _err = run("score", VECTORS)
    assert code == 0
    assert "C02" in out


@pytest.mark.parametrize("text", ["", "[1]", '{"schema": "cdai-vectors/2"}', "not json"])
def test_score_refuses_another_file_in_one_sentence(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    code, out, err = run("score", file, "--json")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert run("score", tmp_path / "absent.json")[0] == 1
