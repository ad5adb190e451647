"""The image and the compose file: locked by hash, linted, without rights that nobody needs, and without a secret."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import load_settings, setting_names

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = {
    "requirements.lock": PROJECT["project"]["dependencies"],
    "build-requirements.lock": PROJECT["build-system"]["requires"],
}
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
HASHED = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
REPLICAS = ("diary-1", "diary-2")


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a linter of this environment; none of them needs the network."""
    command = [str(Path(sys.executable).with_name(name)), *arguments]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("name", "wanted"), LOCKS.items(), ids=LOCKS)
def test_a_lock_satisfies_every_dependency(name: str, wanted: list[str]) -> None:
    pinned = {
        canonicalize_name(found): version for found, version, _ in PIN.findall((DOCKER / name).read_text("utf-8"))
    }
    for requirement in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not locked"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} is locked as {version}"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_with_hashes_and_nothing_else(name: str) -> None:
    text = (DOCKER / name).read_text("utf-8")
    pins = [line for line in text.splitlines() if not line.startswith(" ")]
    assert [line for line in pins if not PIN.match(line)] == []
    assert [line for line in text.splitlines() if line.startswith(" ") and not HASHED.match(line)] == []
    assert "://" not in text
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert [block.splitlines()[0] for block in blocks if "--hash" not in block] == []


def test_the_lock_follows_the_markers_of_the_project() -> None:
    markers = {name: marker for name, _, marker in PIN.findall((DOCKER / "requirements.lock").read_text("utf-8"))}
    assert "linux" in markers["pysqlite3"]
    assert "x86_64" in markers["pysqlite3"]


@pytest.mark.parametrize("name", ["Dockerfile", "proxy.Dockerfile"])
def test_the_linter_of_images_finds_nothing(name: str) -> None:
    found = tool("hadolint", "--no-color", f"docker/{name}")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_the_compose_file_keeps_to_its_schema() -> None:
    found = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker/compose.yml")
    assert found.returncode == 0, found.stdout


def test_a_wrong_compose_file_would_be_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yml"
    wrong.write_text("services: {database: {read_only: [1]}}")
    assert tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)).returncode == 1


def test_the_image_installs_by_hash_and_starts_as_a_number() -> None:
    text = (DOCKER / "Dockerfile").read_text("utf-8")
    steps = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[-1]
    installs = re.findall(r"\binstall (--.+?)(?: \\|$)", text, re.MULTILINE)
    hashed, own = "--require-hashes --no-deps -r docker/", "--no-deps --no-index wheel/cdai_diary-*.whl"
    assert installs == [f"{hashed}build-requirements.lock", f"{hashed}requirements.lock", own]
    assert re.search(r"^USER (\d+):\1$", steps, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["python", "-m", "bot"\]$', steps, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n    CMD \[.*'/healthz'", steps, re.MULTILINE)
    assert "curl" not in text
    assert f"ARG VERSION={PROJECT['project']['version']}\n" in steps


def test_the_builder_is_sent_only_what_the_wheel_is_made_of() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    copied = {
        word
        for name in ("Dockerfile", "proxy.Dockerfile")
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", (DOCKER / name).read_text("utf-8"), re.MULTILINE)
        for word in line.split()
    }
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
    assert all((ROOT / path).exists() for path in copied)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_right_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert not service.keys() & {"privileged", "network_mode", "pid", "ipc", "devices", "env_file"}
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_says_whether_it_is_well(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    if name == "migrate":
        assert check == {"disable": True}
        assert SERVICES[name]["restart"] == "no"
    else:
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries"} <= check.keys()


def test_each_waits_for_what_it_rests_on() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    healthy = "service_healthy"
    replica = {"database": healthy, "migrate": "service_completed_successfully"}
    assert waits == {
        "database": {},
        "migrate": {"database": healthy},
        **dict.fromkeys(REPLICAS, replica),
        "proxy": dict.fromkeys(REPLICAS, healthy),
    }


def test_only_the_proxy_is_reached_from_outside_and_the_database_from_nowhere_else() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    inner = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    assert inner == {"database", "front"}
    assert SERVICES["database"]["networks"] == ["database"]
    assert "database" not in SERVICES["proxy"]["networks"]
    upstreams = re.findall(r"(\S+):8080", (DOCKER / "Caddyfile").read_text("utf-8"))
    assert tuple(upstreams) == REPLICAS


def test_every_setting_in_the_compose_file_exists_and_is_well_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    named = set(re.findall(r"\bCDAI_[A-Z_]+\b", (DOCKER / "compose.yml").read_text("utf-8")))
    assert named <= set(setting_names())
    for name in REPLICAS:
        for setting, value in SERVICES[name]["environment"].items():
            monkeypatch.setenv(setting, re.sub(r"\$\{[^}]*\}", "diary.example.org", value))
        settings = load_settings(env_file=None, secrets_dir=None)
        assert settings.public_url == "https://diary.example.org"
        assert settings.trusted_proxies is not None


def test_secrets_are_files_given_only_to_whom_they_belong() -> None:
    assert all(secret.keys() == {"file"} for secret in COMPOSE["secrets"].values())
    used = {name: set(service.get("secrets", [])) for name, service in SERVICES.items()}
    assert set().union(*used.values()) == COMPOSE["secrets"].keys()
    for name in REPLICAS:
        assert not used[name] & {"CDAI_MIGRATE_DATABASE_URL", "postgres_password"}
    assert used["proxy"] == set()
    assert "/docker/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_no_file_of_the_image_holds_a_secret() -> None:
    for path in sorted(DOCKER.glob("*")):
        if path.is_file() and path.name not in LOCKS:
            text = path.read_text("utf-8")
            assert not re.search(r"://[^/\s:]+:(?!PASSWORD)[A-Za-z0-9%_-]{8,}@", text), path.name
            assert not re.search(r"\b\d{6,}:[A-Za-z0-9_-]{20,}|\b[0-9a-f]{32,}\b", text), path.name
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            assert not re.search(r"PASSWORD$|TOKEN|SECRET|DATABASE_URL", variable), f"{name}: {variable}"


def test_secrets_are_made_once_and_read_as_settings(tmp_path: Path) -> None:
    script = tmp_path / "make_secrets.sh"
    script.write_text((DOCKER / "make_secrets.sh").read_text("utf-8"))
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run(["sh", str(script)], check=True, capture_output=True, timeout=20)
        kept = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert kept.keys() == COMPOSE["secrets"].keys()
    subprocess.run(["sh", str(script)], check=True, capture_output=True, timeout=20)
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == kept
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "postgres_password").unlink()  # the database's own, no setting
    settings = load_settings(env_file=None, secrets_dir=folder)
    assert settings.telegram_token is None
    assert settings.database.startswith("postgresql+psycopg://diary_service:")
    assert settings.migration_database.startswith("postgresql+psycopg://diary_owner:")
    assert settings.database.split(":")[2] != settings.migration_database.split(":")[2]
