"""`draft --pdf` at a console: a file with one page and a record of the print, or a sentence and neither."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.cli.app import app, guarded
from bot.settings import setting_names
from bot.storage.database import Database
from bot.storage.schema import migrate
from bot.storage.tables import StoredDraftRow

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Types a command line into a study with one participant; answers the exit code, stdout and stderr."""
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

    baseline = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=10)
    typed(
        "participant", "add", "SH-001", "--site", "seh", "--sex", "male", "--height-cm", "172", "--language", "zh",
        "--timezone", "Asia/Shanghai", "--baseline", baseline,
    )  # fmt: skip
    return typed


def stored(tmp_path: Path) -> int:
    database = Database(f"sqlite:///{tmp_path / 'diary.sqlite3'}", synchronous="OFF")
    with database.read() as session:
        found = len(session.exec(select(StoredDraftRow)).all())
    database.close()
    return found


def test_the_page_is_written_and_the_draft_kept(run: Run, tmp_path: Path) -> None:
    code, out, err = run("draft", "SH-001", "W00", "--pdf", "page.pdf", "--language", "zh")
    assert (code, out) == (0, "")
    assert "printed to page.pdf" in err
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")
    assert stored(tmp_path) == 1


def test_with_json_the_document_is_printed_too(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("draft", "SH-001", "W00", "--pdf", "page.pdf", "--json")
    assert code == 0
    assert json.loads(out)["participant"] == "SH-001"
    assert (tmp_path / "page.pdf").is_file()


def test_a_file_that_cannot_be_written_is_a_sentence_and_no_record(run: Run, tmp_path: Path) -> None:
    code, _, err = run("draft", "SH-001", "W00", "--pdf", "nowhere/page.pdf")
    assert code == 1
    assert "nowhere/page.pdf cannot be written (No such file or directory): name another file." in err
    assert stored(tmp_path) == 0
