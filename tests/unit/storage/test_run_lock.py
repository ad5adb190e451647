"""The run lock: one service per SQLite file, freed however its process ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import RefusedError
from bot.storage.run_lock import alone, check_can_write_beside, is_running, lock_path, take_run_lock

HOLDER = """
import sys, time
from bot.storage.run_lock import take_run_lock
lock = take_run_lock(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_service_on_the_same_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'diary.sqlite3'}"
    lock = take_run_lock(url)
    with pytest.raises(RefusedError, match=r"Another `run` already serves diary.sqlite3"):
        take_run_lock(url)
    assert is_running(url)
    lock.release()
    lock.release()
    assert not is_running(url)
    take_run_lock(url).release()


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'diary.sqlite3'}"
    with subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_running(url)
        holder.kill()
    assert not is_running(url)


def test_an_old_sqlite_refuses_to_write_beside_a_running_service(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'diary.sqlite3'}"
    check_can_write_beside(url, version=(3, 40, 1))
    lock = take_run_lock(url)
    with pytest.raises(RefusedError, match=r"SQLite 3.40.1 is not safe with two writers: stop `run` first"):
        check_can_write_beside(url, version=(3, 40, 1))
    check_can_write_beside(url, version=(3, 51, 3))
    lock.release()


def test_migrating_waits_for_nobody_and_is_refused_beside_a_service(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'diary.sqlite3'}"
    with (
        alone(url, why="migrate"),
        pytest.raises(RefusedError, match="stop it before you migrate"),
        alone(url, why="migrate"),
    ):
        pass
    assert not is_running(url)


def test_postgresql_and_memory_need_no_lock() -> None:
    assert lock_path("postgresql+psycopg://app@localhost/diary") is None
    assert lock_path("sqlite:///:memory:") is None
    take_run_lock("postgresql+psycopg://app@localhost/diary").release()
