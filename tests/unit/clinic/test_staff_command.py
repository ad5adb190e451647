"""`staff`: accounts from the console, with a link that opens the setup page."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli import staff
from bot.errors import InvalidInputError, NotFoundError, RefusedError
from bot.storage.database import Database
from bot.storage.schema import migrate
from schedules.errors import ScheduleError


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The commands on a fresh study database in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDAI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CDAI_SECRET_KEY", "k" * 40)
    database = Database(f"sqlite:///{tmp_path / 'diary.sqlite3'}")
    migrate(database)
    database.close()
    app = typer.Typer()
    staff.register(app)
    return app


def run(app: typer.Typer, *words: str) -> Result:
    result = CliRunner().invoke(app, ["staff", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_adding_an_account_prints_its_one_time_link(console: typer.Typer) -> None:
    found = json.loads(run(console, "add", "Coordinator 01", "--role", "coordinator", "--site", "seh", "--json").stdout)
    link = found.pop("setup_link")
    assert found == {"name": "Coordinator 01", "role": "coordinator", "site": "seh"}
    assert link.startswith("http://127.0.0.1:8080/clinic/setup/")
    assert len(link.rsplit("/", 1)[1]) == 22
    listed = json.loads(run(console, "list", "--json").stdout)
    assert [(line["name"], line["state"]) for line in listed] == [("Coordinator 01", "waiting")]


def test_the_link_bears_the_public_address_where_there_is_one(
    console: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDAI_PUBLIC_URL", "https://diary.example/")
    said = run(console, "add", "Admin 01", "--role", "admin", "--site", "all").stdout
    assert "https://diary.example/clinic/setup/" in said
    assert "within 72 hours" in said


def test_a_role_that_does_not_exist_is_wrong_usage(console: typer.Typer) -> None:
    found = run(console, "add", "Coordinator 02", "--role", "boss", "--site", "seh")
    assert found.exit_code == 2
    assert "boss" in found.output
    assert json.loads(run(console, "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("Coordinator 02", "--role", "coordinator", "--site", "all"), InvalidInputError),
        (("Coordinator 02", "--role", "coordinator", "--site", "nowhere"), ScheduleError),
        (("coordinator  01", "--role", "monitor", "--site", "seh"), RefusedError),
        (("<b>", "--role", "monitor", "--site", "seh"), InvalidInputError),
    ],
)
def test_what_cannot_be_an_account_is_refused(
    console: typer.Typer, words: tuple[str, ...], refusal: type[Exception]
) -> None:
    run(console, "add", "Coordinator 01", "--role", "coordinator", "--site", "seh")
    with pytest.raises(refusal):
        run(console, "add", *words)


def test_a_disabled_account_gets_no_new_link_and_an_unknown_one_is_named(console: typer.Typer) -> None:
    run(console, "add", "Monitor 01", "--role", "monitor", "--site", "seh")
    assert "new" not in run(console, "disable", "Monitor 01", "--reason", "left").stdout
    with pytest.raises(RefusedError, match="is disabled"):
        run(console, "link", "Monitor 01")
    with pytest.raises(NotFoundError, match="no staff account Nobody"):
        run(console, "link", "Nobody")
