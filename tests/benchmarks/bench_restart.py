"""Prints the time from `main()` to the first message after a restart, and the memory held, at 1,000 and 1,000,000 rows.

Run: python tests/benchmarks/bench_restart.py [--quick] [--postgres]
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.actions.keep_time import PART  # noqa: E402 - the project is not always installed
from bot.storage.tables import HeartbeatRow  # noqa: E402
from tests.support.bench_line import TOKEN, BenchLine, bench_line  # noqa: E402
from tests.support.bench_probe import calibrate, say  # noqa: E402
from tests.support.bench_scene import Bench, bench  # noqa: E402
from tests.support.bench_seed import tell_the_trail  # noqa: E402

DUE = 20
SETTLES = 15.0  # seconds until memory is looked at
ENTERED = "import time; from bot.__main__ import main; print(time.monotonic(), flush=True); main()"


@contextmanager
def serving(scene: Bench, line: BenchLine) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """`run` in a process of its own, and when its `main()` was entered (monotonic seconds)."""
    environment = {
        "CDAI_DATABASE_URL": scene.settings.database, "CDAI_DATA_DIR": str(scene.folder), "CDAI_TELEGRAM_TOKEN": TOKEN,
        "CDAI_TELEGRAM_API_URL": f"{line.address}/bot", "CDAI_SECRET_KEY": "k" * 32, "CDAI_LISTEN": "127.0.0.1:0",
        "CDAI_STUDY_CLOCK": str(scene.folder / "clock"),
    }  # fmt: skip
    command = [sys.executable, "-c", ENTERED, "run"]
    with (scene.folder / "log").open("w") as log:
        service = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert service.stdout is not None
            yield service, float(service.stdout.readline())
        finally:
            service.terminate()
            with suppress(subprocess.TimeoutExpired):
                service.wait(60)
            service.kill()
            service.wait()


def as_after_a_stop(scene: Bench) -> None:
    """Study time stands just past the due second, and the service was heard a moment ago."""
    ahead = int((scene.scene.due_at - scene.clock.system_now()).total_seconds()) + 1
    (scene.folder / "clock").write_text(str(ahead))
    scene.clock.set(scene.scene.due_at)
    with scene.database.write() as session:
        session.add(HeartbeatRow(part=PART, system_at=scene.clock.system_now(), study_at=scene.clock.now()))


def measure(planned: int, *, postgres: bool) -> tuple[float, float]:
    """Seconds from `main()` to the first message, and resident MB some time later."""
    with bench(due=DUE, planned=planned, whole=True, postgres=postgres) as scene:
        calibrate(scene.folder, scene.database)
        events = tell_the_trail(scene.database)
        as_after_a_stop(scene)
        scene.database.engine.dispose()
        scene.database.reader.dispose()
        with bench_line(*scene.scene.chats, limits=True) as line, serving(scene, line) as (service, entered_at):
            first = first_message(line, service)
            cpu = processor_seconds(service.pid)
            time.sleep(SETTLES)
            held = resident_mb(service.pid)
            busy = (processor_seconds(service.pid) - cpu) / SETTLES
            stops = seconds_to_stop(service)
        say(f"{scene.scene.planned:,} planned", first_message_s=f"{first - entered_at:.2f}", goal="2.00",
            CPU_until_then_s=f"{cpu:.2f}", resident_MB=f"{held:.0f}", busy_afterwards=f"{busy:.0%}",
            stops_in_s=f"{stops:.1f}", participants=scene.scene.participants, audit_events=events)  # fmt: skip
        return first - entered_at, held


def first_message(line: BenchLine, service: subprocess.Popen[str]) -> float:
    """When the first message came."""
    for _ in range(1200):
        if sent := line.seen().sent_at:
            return sent[0]
        assert service.poll() is None, "the service ended"
        time.sleep(0.1)
    raise AssertionError("no message came")


def seconds_to_stop(service: subprocess.Popen[str]) -> float:
    """How long it takes from SIGTERM to the end of the process; fails when that is more than a minute."""
    began = time.monotonic()
    service.terminate()
    service.wait(60)
    return time.monotonic() - began


def resident_mb(pid: int) -> float:
    """Memory that a process holds, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    quick, postgres = "--quick" in sys.argv, "--postgres" in sys.argv
    _, small = measure(1_000, postgres=postgres)
    _, large = measure(20_000 if quick else 1_000_000, postgres=postgres)
    say("memory", more_MB=f"{large - small:.1f}", goal=10)


if __name__ == "__main__":
    main()
