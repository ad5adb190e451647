"""Commands of the product as forks of a process that has loaded it already: a start then costs no imports.

What runs is `python -m bot WORDS` in every other respect: own process, environment, folder, console, and end.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0  # seconds, on a machine that has better things to do


class Child:
    """One such process, to be handled like a `subprocess.Popen`."""

    def __init__(self, nursery: "Nursery", pid: int, out: Path, err: Path) -> None:
        self.pid = pid
        self._nursery, self._out, self._err = nursery, out, err

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._nursery.codes.get(self.pid)

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process is known to have ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it has just ended, and nobody has said so yet
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises TimeoutExpired."""
        end = time.monotonic() + (timeout or PATIENCE)
        with self._nursery.news:
            while (code := self.returncode) is None:
                if not self._nursery.news.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise subprocess.TimeoutExpired(str(self.pid), timeout or PATIENCE)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Wait for the end; answers what the process printed, nothing when it ended before it could."""
        self.wait(timeout)
        out, err = (file.read_bytes() if file.exists() else b"" for file in (self._out, self._err))
        return out, err


class Nursery:
    """The loaded process, and what it has said about its forks."""

    def __init__(self) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.upper().startswith("CDAI_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"], env={**plain, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.codes: dict[int, int] = {}
        self._born: list[int] = []
        self.news = threading.Condition()
        self._starting = threading.Lock()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, words: Sequence[str], *, env: Mapping[str, str], cwd: Path, out: Path, err: Path) -> Child:
        """Run a command; its console goes to the ends of two files."""
        assert self._process.stdin is not None
        wish = {"words": list(words), "env": dict(env), "cwd": str(cwd), "out": str(out), "err": str(err)}
        with self._starting, self.news:
            self._process.stdin.write(json.dumps(wish).encode() + b"\n")
            self._process.stdin.flush()
            if not self.news.wait_for(lambda: self._born, PATIENCE):
                raise TimeoutError("nothing was born")
            pid = self._born.pop()
            return Child(self, pid, out, err)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as said:
            for line in said:
                self._note(*line.decode().split())

    def _note(self, event: str, pid: str, code: str = "") -> None:
        with self.news:
            if event == "born":
                self.codes.pop(int(pid), None)  # a number that an earlier fork had
                self._born.append(int(pid))
            else:
                self.codes[int(pid)] = int(code)
            self.news.notify_all()

    def close(self) -> None:
        """End the loaded process; forks still alive are not touched."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._listener.join(PATIENCE)


def reap(_number: int, _frame: FrameType | None) -> None:
    """Report every fork that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        os.write(1, f"gone {pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def become(wish: Mapping[str, object]) -> None:
    """Turn a fork into the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.environ.clear()
    os.environ.update(wish["env"])  # type: ignore[call-overload]  # written by `Nursery.start`
    os.chdir(str(wish["cwd"]))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(str(wish[name]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.argv = ["cdai-diary", *wish["words"]]  # type: ignore[misc]  # a list of words
    from bot.cli.app import main

    main()


def serve() -> None:
    """Load the product, then fork for every line that comes in."""
    for room in ("bot.cli", "bot.channels", "bot.actions", "bot.chat", "bot.storage"):
        for found in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if "migrations" not in found.name:
                importlib.import_module(found.name)
    importlib.import_module("bot.wiring")
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, reap)
    while line := sys.stdin.buffer.readline():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # a fork is said to be born before it is gone
        pid = os.fork()
        if pid == 0:
            become(json.loads(line))
            return
        os.write(1, f"born {pid}\n".encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


if __name__ == "__main__":
    serve()
