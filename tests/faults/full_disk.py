"""A disk that is really full and a database that turns read-only, under the service as a process, while people tap.

Whoever taps is told "not saved", nothing acknowledged is lost, the service stays up and says in `/readyz` what is
wrong, and when there is room again everything that was heard has its effect without a restart.

python -m tests.faults.full_disk
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tests.faults.database_trouble import Evening, Figures, at_the_first_question, staff_of
from tests.faults.kill_torture import say
from tests.support.live import ANN, Live, WaitedInVainError, live_site, until
from tests.support.postgres import Cluster, missing, postgres_cluster

SIZE = "4m"
REASON = "the database takes nothing"
MOUNT = "/bin/mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs"


def cannot_mount() -> str | None:
    """Why no file system of our own can be had here; None when it can."""
    with tempfile.TemporaryDirectory(prefix="cdai-diary-mount-") as folder:
        try:
            subprocess.run([*MOUNT, folder], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no file system can be mounted ({type(error).__name__})"
        subprocess.run(["/bin/umount", folder], check=True)
    return None


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, of a few megabytes."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run([*MOUNT, str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["/bin/umount", "-l", str(disk)], check=True)


@contextmanager
def small_site(folder: Path) -> Iterator[Live]:
    """A site whose data lie on a small disk; what the test itself writes meanwhile lies elsewhere."""
    with small_disk(folder) as disk, live_site(disk) as site:
        site.log_file = folder / "console.log"
        yield site


@contextmanager
def full(site: Live, figures: Figures) -> Iterator[None]:
    """Not a byte is free on the disk until the end, and by then the service has said so."""
    filler = site.folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as out:
        while out.write(b"x" * 4096):
            pass
    try:
        yield
        says_so(site, figures, "full")
    finally:
        filler.unlink()
    is_well_again(site, figures, "full")


@contextmanager
def read_only(site: Live, figures: Figures, cluster: Cluster) -> Iterator[None]:
    """The server lets nobody write, as after a change to a standby."""
    cluster.set("default_transaction_read_only", "on")
    try:
        yield
        says_so(site, figures, "read-only")
    finally:
        cluster.set("default_transaction_read_only", "off")
    is_well_again(site, figures, "read-only")


def says_so(site: Live, figures: Figures, name: str) -> None:
    """`/readyz` names the trouble while it lasts."""
    try:
        until(lambda: any(REASON in one for one in (site.readiness() or {}).get("reasons", ())), "the reason")
    except WaitedInVainError:
        figures.faults.append(f"{name}: /readyz says {site.readiness()}")


def is_well_again(site: Live, figures: Figures, name: str) -> None:
    """After the trouble `/readyz` is content, without a restart."""
    try:
        until(lambda: (site.readiness() or {}).get("ready"), "ready again", within=15)
    except WaitedInVainError:
        figures.faults.append(f"{name}: afterwards /readyz says {site.readiness()}")


def on_a_full_disk(figures: Figures, folder: Path) -> None:
    """Taps and a text while the disk is full."""
    with small_site(folder) as site:
        at_the_first_question(site)
        day, trouble = Evening(site, figures), partial(full, figures=figures)
        with staff_of(site, figures) as staff:
            day.tap("disk full, at a tap", trouble, "4", "stools", 4)
            with trouble(site):
                staff.look()
        day.tap("disk full, at a second tap", trouble, "1 Mild", "pain", 1)
        day.type("disk full, at a text", trouble, "2", "wellbeing", 2)
        site.tap_when_there(ANN, "Submit")
        day.saved()


def on_a_read_only_server(figures: Figures, folder: Path) -> None:
    """A tap while PostgreSQL takes no writing transaction."""
    with postgres_cluster() as cluster, live_site(folder, database_url=cluster.url) as site:
        at_the_first_question(site)
        day, trouble = Evening(site, figures), partial(read_only, figures=figures, cluster=cluster)
        day.tap("PostgreSQL read-only, at a tap", trouble, "4", "stools", 4)


def start_on_a_read_only_disk(folder: Path) -> tuple[int, str]:
    """The exit code and the last line of a service that is started where nothing can be written."""
    with small_site(folder) as site:
        subprocess.run(["/bin/mount", "-o", "remount,ro", str(site.folder)], check=True)
        found = subprocess.run(
            [sys.executable, "-m", "bot", "run"], env=site.environment, cwd=folder, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    return found.returncode, found.stderr.splitlines()[-1]


def main() -> int:
    """Run what this machine can have, and say what was found."""
    figures, left_out = Figures(), [reason for reason in (cannot_mount(), missing()) if reason]
    runs = [run for run, reason in ((on_a_full_disk, cannot_mount()), (on_a_read_only_server, missing())) if not reason]
    for run in runs:
        with tempfile.TemporaryDirectory(prefix="cdai-diary-full-") as folder:
            run(figures, Path(folder))
    told, back = max(figures.told_after, default=0.0), max(figures.back_after, default=0.0)
    say(
        f"{len(figures.faults)} faults in {len(figures.troubles)} troubles ({'; '.join(figures.troubles)}): "
        f"{figures.taps} taps and texts, {figures.told} told after {told:.1f} s at most that it is not saved; saved "
        f"{back:.1f} s after the trouble at most; {figures.pages} pages of staff answered with a sentence"
    )
    for fault in figures.faults:
        say(fault)
    for reason in left_out:
        say(f"left out: {reason}")
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
