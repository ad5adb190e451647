"""`python -m bot run` as a process of its own, against the sandbox over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.sandbox.limits import NO_LIMITS
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from schedules.clock import SystemClock
from tests.support.browser import serving

TOKEN = "123456789:sandbox-token-for-the-tests-of-a-diary"
ROOT = Path(__file__).parents[2]
ANN = 5_000_000_001


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CDAI_")}
    return kept | {"PYTHONPATH": str(ROOT), "CDAI_DATA_DIR": str(folder / "data")} | settings


def command(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], cwd=folder, env=environment(folder, **settings),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def service(folder: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """`run`, ready; killed at the end when it still lives."""
    with (folder / "out.txt").open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=folder, stdout=out, stderr=out, text=True,
            env=environment(folder, CDAI_LISTEN=f"127.0.0.1:{port}", **settings),
        )  # fmt: skip
    try:
        wait_until_ready(port, process)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_ready(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert process.poll() is None, "run ended by itself"
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError("run did not become ready")


@pytest.fixture
def api() -> BotApi:
    api = BotApi(TOKEN, "diary_bot", limits=NO_LIMITS)
    api.add_person(ANN, "Ann Planted", "en")
    return api


def test_run_serves_until_it_is_told_to_stop_and_leaves_no_token_in_its_log(tmp_path: Path, api: BotApi) -> None:
    assert command(tmp_path, "migrate").returncode == 0
    port = free_port()
    with serving(create_app(api, clock=SystemClock(), hold_seconds=2)) as address:
        settings = {"CDAI_TELEGRAM_TOKEN": TOKEN, "CDAI_TELEGRAM_API_URL": f"{address}/bot"}
        with service(tmp_path, port, **settings) as process:
            api.start(SystemClock().now(), ANN, "planted-invitation")
            for _ in range(200):
                if len(api.chat(ANN).messages) == 2:
                    break
                time.sleep(0.05)
            second = command(tmp_path, "run", **settings)
            assert second.returncode == 1
            assert second.stderr.startswith("Another `run` already serves diary.sqlite3")
            for parts in ("worker", "dispatch,clinic"):
                replica = command(tmp_path, "run", "--only", parts, **settings)
                assert replica.returncode == 1
                assert "use PostgreSQL for replicas" in replica.stderr
            refused = command(tmp_path, "migrate", **settings)
            assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert len(api.chat(ANN).messages) == 2
    assert api.violations == []
    said = (tmp_path / "out.txt").read_text()
    assert f"Serving on http://127.0.0.1:{port}" in said
    for planted in (TOKEN, "Planted", "planted-invitation", "Traceback"):
        assert planted not in said


@pytest.mark.parametrize(
    ("settings", "code", "sentence"),
    [
        ({"CDAI_TELEGRAM_TOKEN": "987654321:another-token-that-nobody-knows-here"}, 1, "Telegram said no to getMe"),
        ({"CDAI_STUDY_CLOKC": "x"}, 2, "CDAI_STUDY_CLOKC is not a setting"),
        ({"CDAI_DATA_DIR": "elsewhere"}, 1, "The study database has no schema yet: run `python -m bot migrate`."),
        ({"CDAI_LISTEN": "203.0.113.7:80"}, 1, "203.0.113.7:80 cannot be used"),
        ({"CDAI_PROTOCOL": "nowhere.toml"}, 1, "nowhere.toml"),
    ],
)
def test_a_start_that_cannot_be_is_one_sentence_and_an_exit_code(
    tmp_path: Path, api: BotApi, settings: dict[str, str], code: int, sentence: str
) -> None:
    command(tmp_path, "migrate")
    with serving(create_app(api, clock=SystemClock(), hold_seconds=2)) as address:
        given = {"CDAI_TELEGRAM_API_URL": f"{address}/bot", "CDAI_LISTEN": "127.0.0.1:0"} | settings
        found = command(tmp_path, "run", **given)
    assert found.returncode == code
    assert sentence in found.stderr
    assert "Traceback" not in found.stdout + found.stderr
    assert settings.get("CDAI_TELEGRAM_TOKEN", TOKEN) not in found.stderr


def test_telegram_may_call_instead_of_being_polled(tmp_path: Path, api: BotApi) -> None:
    command(tmp_path, "migrate")
    port = free_port()
    with serving(create_app(api, clock=SystemClock(), hold_seconds=2)) as address:
        settings = {
            "CDAI_TELEGRAM_TOKEN": TOKEN,
            "CDAI_TELEGRAM_API_URL": f"{address}/bot",
            "CDAI_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CDAI_WEBHOOK_SECRET": "s" * 43,
        }
        with service(tmp_path, port, **settings) as process:
            for _ in range(200):
                if api.webhook.url:
                    break
                time.sleep(0.05)
            api.start(SystemClock().now(), ANN, "planted-invitation")
            for _ in range(200):
                if len(api.chat(ANN).messages) == 2:
                    break
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert len(api.chat(ANN).messages) == 2
    assert api.violations == []
