"""`check` and `migrate`: each look is a line, the key is made once, and JSON stands alone on stdout."""

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.cli.app import app, guarded
from bot.cli.run import chosen
from bot.errors import SettingsError
from bot.settings import Settings, setting_names
from bot.storage.database import Database
from bot.wiring import PARTS, build

LINES = [
    "settings",
    "secret key",
    "protocol",
    "data region",
    "database schema",
    "audit chain",
    "clock",
    "catalogues",
    "instrument wording",
]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> int:
    return guarded(lambda: app(list(arguments)))


def looks(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[bool, str]]:
    found = json.loads(capsys.readouterr().out)
    return {line["name"]: (line["ok"], line["sentence"]) for line in found}


def test_a_migrated_instance_passes_every_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("migrate") == 0
    capsys.readouterr()
    assert run("check", "--json") == 0
    found = looks(capsys)
    assert list(found) == LINES
    assert all(ok for ok, _ in found.values())


def test_before_migrating_the_schema_line_names_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json") == 1
    found = looks(capsys)
    assert found["database schema"] == (False, "The study database has no schema yet: run `python -m bot migrate`.")
    assert found["catalogues"][0]


def test_a_slip_in_the_settings_is_the_only_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDAI_LISTN", "x")
    assert run("check", "--json") == 1
    (only,) = looks(capsys).items()
    assert only[0] == "settings"
    assert "CDAI_LISTN is not a setting" in only[1][1]


def test_a_forged_audit_event_is_found_by_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    run("migrate")
    database = Database("sqlite:///data/diary.sqlite3")
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event (seq, at, shifted, actor_kind, actor_id, actor_role, origin, action, entity,"
                " entity_id, request_id, app_version, prev_hash, hash) VALUES (1, '2025-03-24 12:00:00.000000', 0,"
                " 'system', 'system', 'system', 'command', 'act', 'entry', '1', 'r', '0', 'a', 'b')"
            )
        )
    database.close()
    capsys.readouterr()
    assert run("check", "--json") == 1
    assert looks(capsys)["audit chain"] == (
        False,
        "broken at event 1: keep this file as it is and ask for help.",
    )


def test_the_study_clock_is_named_while_it_is_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "clock").write_text("86400")
    monkeypatch.setenv("CDAI_STUDY_CLOCK", "clock")
    monkeypatch.setenv("CDAI_TELEGRAM_API_URL", "http://127.0.0.1:1/bot")
    run("check", "--json")
    assert "the study clock is on and adds 86400 seconds" in looks(capsys)["clock"][1]


def test_plain_lines_say_ok_or_not(capsys: pytest.CaptureFixture[str]) -> None:
    run("check")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok   settings: ")
    assert any(line.startswith("NOT  database schema: ") for line in lines)


def test_migrating_makes_a_secret_key_that_only_its_owner_can_read_and_keeps_it(tmp_path: Path) -> None:
    assert run("migrate") == 0
    key = tmp_path / "data" / "secret_key"
    before = key.read_text()
    assert len(before) > 40
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert run("migrate") == 0
    assert key.read_text() == before


def test_a_lost_key_is_missed_before_the_service_is_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("migrate") == 0
    (tmp_path / "data" / "secret_key").unlink()
    capsys.readouterr()
    assert run("check", "--json") == 1
    found = looks(capsys)
    assert [name for name, (ok, _) in found.items() if not ok] == ["secret key"]
    assert "run `python -m bot migrate`" in found["secret key"][1]


def test_the_data_folder_is_made_for_this_account_alone(tmp_path: Path) -> None:
    assert run("migrate") == 0
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_used_is_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDAI_DATABASE_URL", f"sqlite:///{tmp_path}/nowhere/diary.sqlite3")
    assert run("migrate") == 2
    assert "nowhere/diary.sqlite3 does not exist: make it" in capsys.readouterr().err
    (tmp_path / "file").touch()
    monkeypatch.setenv("CDAI_DATA_DIR", str(tmp_path / "file"))
    assert run("migrate") == 1
    said = capsys.readouterr().err
    assert "/file cannot be used (File exists, error " in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "without CDAI_TELEGRAM_TOKEN `run` serves the web part only."),
        ({"CDAI_TELEGRAM_TOKEN": "123:abcdef"}, "Telegram is asked by polling."),
        (
            {
                "CDAI_TELEGRAM_TOKEN": "123:abcdef",
                "CDAI_PUBLIC_URL": "https://diary.example.org/",
                "CDAI_WEBHOOK_SECRET": "hook",
            },
            "Telegram calls https://diary.example.org/telegram/webhook.",
        ),
    ],
)
def test_check_says_how_telegram_is_reached(
    settings: dict[str, str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    run("check", "--json")
    assert looks(capsys)["settings"][1].endswith(sentence)


def test_a_key_from_the_settings_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDAI_SECRET_KEY", "k" * 40)
    assert run("migrate") == 0
    assert not (tmp_path / "data" / "secret_key").exists()


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nonsense") == 2
    assert run("run", "--nonsense") == 2
    assert run("demo", "--port", "99999") == 2
    assert run("staff", "add", "Nurse 01", "--role", "king", "--site", "seh") == 2
    assert run("visit", "missed", "SH-001", "W04", "--as", "lost", "--reason", "moved away") == 2
    person = ("--site", "seh", "--height-cm", "170", "--timezone", "Asia/Shanghai", "--baseline", "2026-06-01")
    assert run("participant", "add", "SH-001", *person, "--sex", "other", "--language", "zh") == 2
    assert run("participant", "add", "SH-001", *person, "--sex", "male", "--language", "fr") == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("only", ["", "ingest,", "ingest,dispach"])
def test_a_part_that_there_is_not_is_wrong_usage(only: str) -> None:
    with pytest.raises(SettingsError, match="is no part of the service; the parts are ingest, worker, dispatch"):
        build(Settings(), parts=chosen(only))


def test_without_only_all_parts_run() -> None:
    assert chosen(None) == PARTS
    assert chosen("clinic, ingest") == ("clinic", "ingest")


def test_a_surprise_is_one_sentence_with_a_number_and_none_of_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise KeyError("planted words of a person")

    assert guarded(fail) == 1
    said = capsys.readouterr().err
    assert said.startswith("Something went wrong that should not (KeyError, error ")
    assert said.count("\n") == 1
    assert "planted" not in said
