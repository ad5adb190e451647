"""Kill one of two replicas on PostgreSQL at random points while people answer; show what was lost or doubled.

python -m tests.faults.kill_replicas --kills 200 --seed 1
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.faults.kill_torture import LONGEST_LIFE, PEOPLE, Figures, Killer, Round, say
from tests.support.nursery import Nursery
from tests.support.topology import topology

KILLS_A_ROUND = 25  # then a fresh database
AT = ("sendMessage", "editMessageText", "answerCallbackQuery")


class KillerOfReplicas(Killer):
    """Ends the chosen replica some time after its start, or at the n-th request that any replica makes."""

    def arm(self) -> None:
        """Choose the end of the life that has just begun; without enough requests the clock decides."""
        self.left, self.phase = self._rng.randint(1, 12), self._rng.choice(("came", "done"))
        by_clock = self._rng.random() < 0.3
        self.method = "" if by_clock else self._rng.choice(AT)
        self.point = "by the clock" if by_clock else f"{self.method} {self.phase}"
        self.deadline = time.monotonic() + (self._rng.uniform(0.0, 6.0) if by_clock else 2 * LONGEST_LIFE)


def torture(kills: int, seed: int, *, people: int = len(PEOPLE)) -> Figures:
    """Run as many rounds as the kills need; stops at the first round with a finding."""
    figures, rng, nursery = Figures(), Random(seed), Nursery()
    try:
        while figures.kills < kills and not figures.faults:
            with (
                tempfile.TemporaryDirectory(prefix="cdai-diary-replicas-") as folder,
                topology(Path(folder), rng=rng, nursery=nursery) as site,
            ):
                wanted = min(KILLS_A_ROUND, kills - figures.kills)
                Round(site, rng, figures, PEOPLE[:people], KillerOfReplicas).play(wanted)
                if figures.faults:
                    figures.faults += said_by_commands(Path(folder))
            say(figures.sentence())
    finally:
        nursery.close()
    return figures


def said_by_commands(folder: Path) -> list[str]:
    """The last things that commands have logged."""
    log = folder / "commands.log"
    return log.read_text("utf-8").splitlines()[-3:] if log.exists() else []


def main() -> int:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=len(PEOPLE))
    given = parser.parse_args()
    figures = torture(given.kills, given.seed, people=given.people)
    for fault in figures.faults[:40]:
        say(fault)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
