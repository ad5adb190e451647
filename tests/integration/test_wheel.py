"""The built wheel, installed by itself: nothing that it needs was left in the repository."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.programs import free_port

ROOT = Path(__file__).parents[2]
BETWEEN = "-----"
# Three commands in one process, since each start of Python costs seconds on a busy machine.
COMMANDS = f"""
from bot.cli.app import app, guarded
assert guarded(lambda: app(["migrate"])) == 0
assert guarded(lambda: app(["check", "--json"])) == 0
print("{BETWEEN}")
assert guarded(lambda: app(["protocol", "show"])) == 0
"""
OFFLINE = ("--disable-pip-version-check", "--no-index", "--no-deps", "--quiet")


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, capture_output=True, timeout=120, cwd=ROOT)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(folder), ".")
    (found,) = folder.glob("cdai_diary-*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and, by a path file, the libraries of this one, but not the repository."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    (found,) = folder.glob("lib/python*/site-packages")
    (found / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pip("--python", str(folder / "bin" / "python"), "install", *OFFLINE, str(wheel))
    return folder / "bin" / "python"


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def in_repository() -> set[str]:
    """What must be in the wheel: every file of both packages, and the catalogues inside the product's."""
    packages = {
        str(path.relative_to(ROOT))
        for package in ("bot", "schedules")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    return packages | {f"bot/{path.relative_to(ROOT)}" for path in (ROOT / "locales").rglob("*.po")}


def test_the_wheel_holds_every_file_of_the_product_and_none_of_the_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert in_repository() - held == set()
    assert {name for name in held if not name.startswith(("bot/", "schedules/"))} == set()
    for needed in (".po", ".html", ".css", ".toml", ".otf", ".js"):
        assert [name for name in held if name.endswith(needed)], needed


def test_the_installed_product_is_not_the_repository(python: Path, tmp_path: Path) -> None:
    places = run(python, tmp_path, "-c", "import bot, schedules; print(bot.__file__, schedules.__file__)").stdout
    assert str(ROOT) not in places
    assert places.count("site-packages") == 2


def test_the_installed_product_finds_all_it_needs_from_any_folder(python: Path, tmp_path: Path) -> None:
    done = run(python, tmp_path, "-c", COMMANDS)
    assert (done.returncode, "Migrated from nothing" in done.stderr) == (0, True), done.stderr
    checked, shown = done.stdout.split(BETWEEN)
    assert [line for line in json.loads(checked) if not line["ok"]] == []
    assert "W24" in shown
    with serving(python, tmp_path) as address, httpx.Client(base_url=address, trust_env=False) as browser:
        page = browser.get("/clinic/sign-in")
        assert page.status_code == 200
        files = re.findall(r'(?:href|src)="(/clinic/static/[^"]+)"', page.text)
        assert files
        assert [file for file in files if browser.get(file).status_code != 200] == []


@contextmanager
def serving(python: Path, folder: Path) -> Iterator[str]:
    """`run` of the installed product; its address, once it answers."""
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [str(python), "-m", "bot", "run"], cwd=folder, env=environment() | {"CDAI_LISTEN": address},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            assert process.poll() is None, "run ended by itself"
            try:
                httpx.get(f"http://{address}/healthz", trust_env=False)
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)
