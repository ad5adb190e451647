"""The compose file's parts as plain processes: database roles, migration, two replicas, and the proxy in front of them.

The scripts and the proxy's configuration are those of `docker/`; only host names become ports of this machine.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import make_url

from bot.cli.app import app, guarded
from bot.storage.database import Database
from bot.storage.rights import give_service_rights
from bot.storage.schema import migrate
from tests.support.postgres import BINARIES, postgres_server, require_postgres
from tests.support.programs import free_port, require_program

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
WEBHOOK_SECRET = "planted-webhook-secret"
PLANTED = "planted-link"
SECRETS = {
    "CDAI_MIGRATE_DATABASE_URL": "postgresql+psycopg://diary_owner:owner-word@{place}",
    "CDAI_DATABASE_URL": "postgresql+psycopg://diary_service:service-word@{place}",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """A server's socket folder, with an empty database as PostgreSQL's image makes it."""
    require_postgres()
    with postgres_server() as url:
        folder = Path(str(make_url(url).query["host"]))
        with psycopg.connect(host=str(folder), user="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE diary")
        yield folder


@pytest.fixture(scope="module")
def settings(server: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a replica is given; the roles have been made and the database migrated."""
    folder = tmp_path_factory.mktemp("parts")
    addresses = {name: form.format(place=f"/diary?host={server}") for name, form in SECRETS.items()}
    for name, address in addresses.items():
        (folder / name).write_text(address + "\n")
    make_roles(server, folder)
    given = {
        "CDAI_DATABASE_URL": addresses["CDAI_DATABASE_URL"],
        "CDAI_DATA_DIR": str(folder / "data"),
        "CDAI_SECRET_KEY": "k" * 40,
    }
    owner = Database(addresses["CDAI_MIGRATE_DATABASE_URL"])
    migrate(owner)
    assert give_service_rights(owner, addresses["CDAI_DATABASE_URL"]) == "diary_service"
    owner.close()
    return given


def make_roles(server: Path, secrets: Path) -> None:
    script = {"PATH": f"{BINARIES}:{os.environ['PATH']}", "SECRETS": str(secrets), "PGHOST": str(server)}
    subprocess.run(
        [str(DOCKER / "database.sh")], env=script | {"POSTGRES_USER": "postgres", "POSTGRES_DB": "diary"},
        check=True, timeout=30,
    )  # fmt: skip


def environment(settings: dict[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CDAI_")}
    return kept | {"PYTHONPATH": str(ROOT)} | settings


@contextmanager
def process(command: list[str], log: Path, settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with log.open("a") as out:
        started = subprocess.Popen(
            command, cwd=log.parent, stdout=out, stderr=out, text=True, env=environment(settings)
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def until_answered(address: str, expected: int) -> None:
    for _ in range(400):
        try:
            if httpx.get(address, trust_env=False).status_code == expected:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{address} did not answer {expected}")


def as_a_stranger(server: Path, statement: str) -> str:
    with psycopg.connect(host=str(server), user="diary_service", dbname="diary") as connection:
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            return str(error).splitlines()[0]
    return ""


def test_the_service_is_well_with_the_rights_that_it_was_given(
    settings: dict[str, str], server: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert guarded(lambda: app(["check", "--json"])) == 0
    lines = {line["name"]: line for line in json.loads(capsys.readouterr().out)}
    assert lines["database rights"]["sentence"] == "the service may add, and change only what may change."
    assert as_a_stranger(server, "UPDATE audit_event SET action = 'x'") == "permission denied for table audit_event"
    assert as_a_stranger(server, "CREATE TABLE own (id int)") == "permission denied for schema public"
    assert "must be owner" in as_a_stranger(server, "DROP TRIGGER answer_no_change ON answer")


def test_an_address_that_the_script_cannot_read_stops_it_with_a_sentence(tmp_path: Path) -> None:
    for name in SECRETS:
        (tmp_path / name).write_text("postgresql+psycopg://diary_owner:a b@database/diary")
    found = subprocess.run(
        [str(DOCKER / "database.sh")], env={"PATH": os.environ["PATH"], "SECRETS": str(tmp_path)},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert found.returncode == 1
    assert found.stderr.startswith("CDAI_MIGRATE_DATABASE_URL must be postgresql+psycopg://ROLE:PASSWORD@")
    assert "a b" not in found.stderr


def test_two_replicas_serve_behind_the_proxy_which_tells_nobody_who_asked(
    settings: dict[str, str], server: Path, tmp_path: Path
) -> None:
    caddy = require_program("caddy")
    ports, front = [free_port(), free_port()], free_port()
    public = {"CDAI_PUBLIC_URL": "https://diary.example.org", "CDAI_WEBHOOK_SECRET": WEBHOOK_SECRET}
    trusted = {"CDAI_TRUSTED_PROXIES": "127.0.0.0/8"}
    address, log = f"http://127.0.0.1:{front}", tmp_path / "caddy.txt"
    with ExitStack() as stack:
        replicas = [
            stack.enter_context(
                process(
                    [sys.executable, "-m", "bot", "run"],
                    tmp_path / f"replica-{port}.txt",
                    settings | public | trusted | {"CDAI_LISTEN": f"127.0.0.1:{port}"},
                )
            )
            for port in ports
        ]
        for port in ports:
            until_answered(f"http://127.0.0.1:{port}/readyz", 200)
        own = {"DIARY_HOST": address, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        stack.enter_context(process([caddy, "run", "--config", str(caddyfile(tmp_path, ports))], log, own))
        until_answered(f"{address}/clinic/sign-in", 200)
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as world:
            look_from_outside(world, server)
            replicas[0].terminate()
            assert replicas[0].wait(20) == 0
            assert {world.get("/clinic/sign-in").status_code for _ in range(6)} == {200}
            replicas[1].kill()
            replicas[1].wait()
            assert world.get(f"/diary/{PLANTED}").status_code in {502, 503}
            assert post_update(world, 2).status_code in {502, 503}
    said = log.read_text()
    assert PLANTED not in said
    assert WEBHOOK_SECRET not in said


def caddyfile(folder: Path, ports: list[int]) -> Path:
    """The proxy's configuration, with the replicas' names replaced by their ports."""
    text = (DOCKER / "Caddyfile").read_text("utf-8")
    for number, port in enumerate(ports, start=1):
        text = text.replace(f"diary-{number}:8080", f"127.0.0.1:{port}")
    assert "diary-" not in text
    file = folder / "Caddyfile"
    file.write_text(text, "utf-8")
    return file


def look_from_outside(world: httpx.Client, server: Path) -> None:
    """Pages and the webhook are there; what serves monitoring is not, and neither is room for large bodies."""
    assert {path: world.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")} == dict.fromkeys(
        ("/healthz", "/readyz", "/metrics"), 404
    )
    assert world.get("/clinic/sign-in").headers["strict-transport-security"]
    assert "server" not in world.get("/clinic/sign-in").headers
    assert world.get(f"/diary/{PLANTED}").status_code in {404, 410}
    assert world.post("/telegram/webhook", content=b"{}").status_code == 403
    assert {post_too_much(world) for _ in range(4)} <= {0, 403, 413, 502}
    assert world.get("/clinic/sign-in").status_code == 200
    assert [post_update(world, 1).status_code for _ in range(4)] == [200] * 4
    with psycopg.connect(host=str(server), user="postgres", dbname="diary") as connection:
        assert connection.execute("SELECT count(*) FROM inbox").fetchone() == (1,)


def post_too_much(world: httpx.Client) -> int:
    """The status: the clinic may refuse it unread, Caddy before 2.7 says 502; 0 when the line was cut on the way."""
    try:
        return world.post("/clinic/sign-in", content=b"x" * 1_100_000).status_code
    except httpx.TransportError:
        return 0


def post_update(world: httpx.Client, number: int) -> httpx.Response:
    return world.post(
        "/telegram/webhook", json={"update_id": number}, headers={"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
    )


def test_the_proxys_configuration_is_formatted_as_caddy_would(tmp_path: Path) -> None:
    caddy = require_program("caddy")
    copy = tmp_path / "Caddyfile"
    shutil.copy(DOCKER / "Caddyfile", copy)
    subprocess.run([caddy, "fmt", "--overwrite", str(copy)], check=True, capture_output=True, timeout=30)
    assert copy.read_text("utf-8") == (DOCKER / "Caddyfile").read_text("utf-8")
