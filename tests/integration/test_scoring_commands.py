"""Keeping a draft on record and the study table, as typed at a console."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cli.app import app, guarded
from bot.settings import setting_names
from bot.storage.database import Database
from bot.storage.schema import migrate

Run = Callable[..., tuple[int, str, str]]
BASELINE = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=10)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Types a command line on a study with one participant; answers the exit code, stdout and stderr."""
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

    enrolled = typed(
        "participant", "add", "SH-001", "--site", "seh", "--sex", "female", "--height-cm", "165", "--language", "zh",
        "--timezone", "Asia/Shanghai", "--baseline", BASELINE,
    )  # fmt: skip
    assert enrolled[0] == 0, enrolled[2]
    return typed


def test_a_draft_kept_on_record_is_what_the_next_one_is_compared_with(run: Run) -> None:
    code, out, err = run("draft", "SH-001", "W00", "--store", "--json")
    assert (code, json.loads(out)["since_stored"]) == (0, None)
    assert "on record as printed" in err
    assert run("assess", "SH-001", "W00", "--mass", "questionable")[0] == 0
    since = json.loads(run("draft", "SH-001", "W00", "--json")[1])["since_stored"]
    assert since["occasion"] == "printed"
    assert since["hash"] in err
    assert since["changes"] == [{"part": "mass", "key": None, "item": None, "old": None, "new": "questionable"}]
    assert "  Abdominal mass: – → questionable" in run("draft", "SH-001", "W00")[1].splitlines()
    assert "  腹部肿块：– → 可疑" in run("draft", "SH-001", "W00", "--language", "zh")[1].splitlines()


def test_looking_at_a_draft_stores_nothing_and_takes_no_name(run: Run) -> None:
    assert "No draft of this visit has been stored yet." in run("draft", "SH-001", "W00")[1]
    assert "No draft of this visit has been stored yet." in run("draft", "SH-001", "W00")[1]
    assert run("draft", "SH-001", "W00", "--by", "li")[0] == 2
    code, _, err = run("draft", "SH-001", "W00", "--store", "--by", "li")
    assert (code, err.count("\n")) == (1, 1)


def test_the_study_table_can_be_read_by_people_and_programs(run: Run) -> None:
    rows = json.loads(run("study-table", "--json")[1])
    assert {row["visit"] for row in rows} == {"W00", "W04", "W08", "W12", "W24"}
    assert {row["planned"] for row in rows} == {0}
    code, out, _ = run("study-table", "--site", "seh")
    assert code == 0
    assert out.splitlines()[0].startswith("visit  endpoint")
    assert run("study-table", "--site", "nowhere")[0] == 1
