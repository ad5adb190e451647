"""Step the system clock by a second to a day, either way, in the middle of an evening: nothing is sent twice.

Telegram's clock and the people's go on as before. After each step the day is finished and the following one is asked.

python -m tests.faults.clock_steps
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.rehearsal.virtual_loop import VirtualLoop
from bot.storage.outbox import REPEATABLE
from bot.storage.tables import AuditRow, EntryRow, MessageRow
from bot.storage.tables.traffic import ENDS, UNASKED
from tests.support.lab import FIRST_DAY, Lab, evening, quietly
from tests.support.record import breaches_at_the_end

STEPS = tuple(
    sign * step
    for step in (timedelta(seconds=1), timedelta(seconds=5), timedelta(hours=1), timedelta(hours=2), timedelta(days=1))
    for sign in (1, -1)
)
NOTED = timedelta(seconds=2)  # a step beyond this leaves an audit event


@dataclass
class Figures:
    """What the steps have shown."""

    steps: int = 0
    sent: int = 0
    noted: int = 0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        return (
            f"{len(self.faults)} faults in {self.steps} steps of {', '.join(str(step) for step in STEPS[::2])} "
            f"either way; {self.sent} unasked messages, none twice; {self.noted} steps stand in the audit trail"
        )


async def one(loop: VirtualLoop, folder: Path, step: timedelta, figures: Figures) -> None:
    """One step at two minutes past eight, with the card in progress."""
    lab = Lab(folder, loop, start=evening(wall="19:59:30"))
    ann, bo = lab.enrol(answers=(4, 1, 2)), lab.enrol(answers=(5, 2, 3))
    ann.busy = bo.busy = False
    await lab.boot()
    await lab.live(35)
    for label in ("Start", "4"):
        lab.tap(ann.user, label)
        await lab.live(3)
    before = Counter({keeper.user: len(lab.shown(keeper.user)) for keeper in lab.keepers})
    lab.clock.stepped += step
    await lab.live(8)
    found = [*at_once(lab, before)]
    ann.busy = bo.busy = True
    await lab.settle()
    await lab.until(max(lab.clock.now(), evening(wall="20:00:00")) + timedelta(days=1, minutes=5))
    await lab.settle()
    await lab.down()
    figures.steps += 1
    found += [*undoubled(lab, figures), *finished(lab), *noted(lab, step, figures)]
    found += [words for words in breaches_at_the_end(lab) if "nobody gave" not in words]
    figures.faults += [f"{step}: {words}" for words in found]
    lab.close()


def at_once(lab: Lab, before: Counter[int]) -> Iterator[str]:
    """Straight after the step at most one new message has come to anybody."""
    for keeper in lab.keepers:
        more = len(lab.shown(keeper.user)) - before[keeper.user]
        if more > 1:
            yield f"{more} messages at once"


def undoubled(lab: Lab, figures: Figures) -> Iterator[str]:
    """No reminder of a kind twice for a day, and everything that was due has an end."""
    rows = lab.rows(MessageRow)
    unasked = [row for row in rows if row.state == "sent" and row.kind in UNASKED and row.kind not in REPEATABLE]
    figures.sent += len(unasked)
    counts = Counter((row.participant_id, row.diary_day, row.kind) for row in unasked)
    yield from (f"sent twice: {key}" for key, count in counts.items() if count > 1)
    now = lab.clock.now()
    yield from (f"no end: {row.kind} {row.state}" for row in rows if row.due_at <= now and row.state not in ENDS)


def finished(lab: Lab) -> Iterator[str]:
    """Ann's first day is stored as she meant it, whatever the clock did meanwhile."""
    stored = [
        (row.stools, row.pain, row.wellbeing)
        for row in lab.rows(EntryRow, EntryRow.diary_day == FIRST_DAY) if row.participant_id == 1
    ]  # fmt: skip
    if stored != [(4, 1, 2)]:
        yield f"stored for the first day: {stored}"


def noted(lab: Lab, step: timedelta, figures: Figures) -> Iterator[str]:
    """A step of more than two seconds stands in the audit trail, a smaller one does not."""
    events = lab.rows(AuditRow, AuditRow.action == "clock_stepped")
    figures.noted += len(events)
    wanted = [str(round(step.total_seconds()))] if abs(step) > NOTED else []
    if [event.new for event in events] != wanted:
        yield f"the audit trail holds {[event.new for event in events]} instead of {wanted}"


def sweep(steps: tuple[timedelta, ...] = STEPS) -> Figures:
    """Each step in a laboratory of its own."""
    figures = Figures()
    for step in steps:
        with tempfile.TemporaryDirectory(prefix="cdai-diary-clock-") as folder:
            quietly(partial(one, folder=Path(folder), step=step, figures=figures))
    return figures


def main() -> int:
    """Make every step and say what was found."""
    figures = sweep()
    print(figures.sentence(), *figures.faults, sep="\n")  # noqa: T201  # a command that prints its figures
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
