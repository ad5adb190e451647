"""End the process at every point of an evening, one after the other; show that each end is legal and recovered from.

Points are every suspension of every coroutine of poller, intake, dispatcher and housekeeping, every statement, both
sides of every commit and of every request to Telegram. `--cancel` throws a cancellation at each suspension instead.

python -m tests.faults.crash_points [--every N] [--from K] [--cancel]
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot.rehearsal.virtual_loop import VirtualLoop
from bot.storage.tables import EntryRow, MessageRow
from tests.support.fuse import Fuse
from tests.support.lab import Keeper, Lab, evening, quietly
from tests.support.record import breaches_at_once, breaches_at_the_end, extra_copies

ANSWERS = (4, 1, 2)


@dataclass
class Figures:
    """What a sweep has shown."""

    points: int = 0
    tried: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    copies: int = 0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        return (
            f"{self.points} points; at {self.tried} of them the process ended, {len(set(self.faults))} were not "
            f"recovered from; {self.unknown} messages ended unknown, {self.copies} extra copies; by kind "
            f"{dict(sorted(self.kinds.items()))}"
        )


async def evening_with(loop: VirtualLoop, folder: Path, fuse: Fuse, figures: Figures) -> None:
    """One prompt, three answers, Submit, a note of help, and a word in between; the process ends somewhere in it."""
    lab = Lab(folder, loop, start=evening(wall="19:59:59"), fuse=fuse)
    ann = lab.enrol(answers=ANSWERS, helped=True)
    loop.call_later(4.5, lab.say, ann.user, "/today")
    found = [] if fuse.at is None else list(await end_and_recover(lab, fuse))
    if fuse.at is None:
        await lab.boot()
        await lab.live(11)
        await lab.down()
    elif fuse.blown_at is not None:
        figures.tried += 1
        figures.kinds[fuse.blown_at] += 1
        found += unfinished(lab, ann)
        copies, unknown = extra_copies(lab)
        figures.copies, figures.unknown = figures.copies + copies, figures.unknown + unknown
    lab.close()
    figures.faults += [f"point {fuse.at} ({fuse.blown_at}): {one}" for one in found]


async def end_and_recover(lab: Lab, fuse: Fuse) -> list[str]:
    """Live until the fuse has blown, look at once, then begin anew and let the evening end."""
    found: list[str] = []
    try:
        await lab.boot()
        await lab.live(11)
    except BaseException:
        if fuse.blown_at is None:
            raise
    if fuse.cancels:
        await lab.live(3)
        await lab.down()
    else:
        await lab.die()
    found += breaches_at_once(lab)
    lab.fuse = Fuse()
    await lab.boot()
    await lab.live(2)
    if lab.rows(MessageRow, MessageRow.state == "unknown"):
        await lab.live(62, each=2.0)  # the copy of a prompt follows after a minute
    if not await lab.settle():
        found.append(f"does not come to rest: {[lab.shown(keeper.user)[-1:] for keeper in lab.keepers]}")
    await lab.down()
    return [*found, *breaches_at_the_end(lab)]


def unfinished(lab: Lab, *keepers: Keeper) -> Iterator[str]:
    """The evening's work: everybody's day is stored as meant, and their screens say so."""
    entries = lab.rows(EntryRow)
    if {(row.stools, row.pain, row.wellbeing) for row in entries} != {ANSWERS} or len(entries) != len(keepers):
        yield f"stored are {[(row.stools, row.pain, row.wellbeing) for row in entries]}"
    for keeper in keepers:
        if len(keeper.saved) != 1:
            yield f"the screen of {keeper.user} does not say that the day is saved"


def sweep(*, every: int = 1, first: int = 1, among: str = "", cancels: bool = False, say_every: int = 0) -> Figures:
    """End the process at every so many points, beginning with the first."""
    figures = Figures()
    whole = Fuse(among=among)
    once(whole, figures)
    figures.points = whole.points
    for at in range(first, whole.points + 1, every):
        once(Fuse(at, among=among, cancels=cancels), figures)
        if say_every and figures.tried % say_every == 0:
            say(figures.sentence())
    return figures


def once(fuse: Fuse, figures: Figures) -> None:
    """One evening in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="cdai-diary-points-") as folder:
        quietly(partial(evening_with, folder=Path(folder), fuse=fuse, figures=figures))


def say(sentence: str) -> None:
    """Print at once, for whoever watches a long run."""
    print(sentence, flush=True)  # noqa: T201  # a command that prints its figures


def main() -> int:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--from", type=int, default=1, dest="first")
    parser.add_argument("--cancel", action="store_true")
    given = parser.parse_args()
    among = "suspension" if given.cancel else ""
    figures = sweep(every=given.every, first=given.first, among=among, cancels=given.cancel, say_every=100)
    say(figures.sentence())
    for fault in figures.faults[:40]:
        say(fault)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
