"""Stop the service for a minute to a day and a bit, in the middle of an evening, and account for all after it (G3, G4).

Telegram keeps texts for a day and taps for 150 seconds. Ann is in the middle of her card and types on, Bo taps and his
tap is lost, Chen does nothing, Dee is asked during the outage or after it.

python -m tests.faults.outages
"""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlmodel import select

from bot.diary.completeness import DayState
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.storage.outbox import REPEATABLE
from bot.storage.tables import AnswerRow, EntryRow, InboxRow, MessageRow, OutageRow, ParticipantRow
from bot.storage.tables.traffic import ENDS, UNASKED
from bot.storage.views.days import read_diary
from tests.support.fuse import Fuse
from tests.support.lab import FIRST_DAY, Keeper, Lab, evening, quietly
from tests.support.record import breaches_at_the_end

LENGTHS = tuple(timedelta(minutes=minutes) for minutes in (1, 60, 23 * 60 + 50, 25 * 60))
TEXTS_LAST = timedelta(hours=24)
TAPS_LAST = timedelta(seconds=150)
OUTAGE = timedelta(minutes=30)  # by the protocol


@dataclass
class Figures:
    """What the outages have shown."""

    outages: int = 0
    texts: int = 0
    taps_gone: int = 0
    rows: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        return (
            f"{len(self.faults)} faults in {self.outages} outages of {', '.join(map(str, LENGTHS))}; {self.texts} "
            f"typed answers kept their day, {self.taps_gone} taps were gone and asked again; {self.rows} rows due, "
            f"ended {dict(sorted(self.ends.items()))}; days hit: {dict(sorted(self.days.items()))}"
        )


async def one(loop: VirtualLoop, folder: Path, length: timedelta, *, killed: bool, figures: Figures) -> None:
    """One outage that begins at 20:05 on the first evening."""
    lab = Lab(folder, loop, start=evening(wall="19:59:30"))
    ann, bo, _chen = lab.enrol(answers=(4, 1, 2)), lab.enrol(answers=(5, 2, 3)), lab.enrol(answers=(1, 1, 1))
    for keeper in lab.keepers:
        keeper.busy = False
    await lab.boot()
    await lab.live(35)
    for keeper, label in ((ann, "Start"), (bo, "Start"), (ann, "4"), (bo, "5")):
        lab.tap(keeper.user, label)
        await lab.live(2)
    await lab.live(60)
    await (lab.die() if killed else lab.down())
    await asyncio.sleep(40)
    lab.say(ann.user, "1")  # for the question that is on her screen
    lab.tap(bo.user, "2 Moderate")
    await asyncio.sleep(length.total_seconds() - 40)
    lab.fuse = Fuse()
    await lab.boot()
    await lab.live(120, each=5)
    figures.outages += 1
    found = [*kept(lab, ann, bo, length, figures), *shown_again(lab, bo, length)]
    for keeper in (ann, bo):
        keeper.busy = True
    await lab.settle()
    found += finished(lab, ann, bo)
    await lab.until(lab.clock.now() + timedelta(days=2) - length)
    await lab.down()
    found += [*accounted(lab, figures), *undoubled(lab), *days(lab, length, figures), *breaches_at_the_end(lab)]
    figures.faults += [f"{length}: {words}" for words in found if "an answer nobody gave" not in words]
    lab.close()


def kept(lab: Lab, ann: Keeper, bo: Keeper, length: timedelta, figures: Figures) -> Iterator[str]:
    """A typed answer that Telegram still held stands at its diary day; a tap it let go is nowhere."""
    texts = [row for row in lab.rows(InboxRow) if '"text":"1"' in row.body and "callback" not in row.body]
    answers = lab.rows(AnswerRow, AnswerRow.item == "pain")
    typed = [(row.diary_day, row.value) for row in answers if row.participant_id == 1]
    if length < TEXTS_LAST:
        figures.texts += 1
        if len(texts) != 1 or typed != [(FIRST_DAY, 1)]:
            yield f"the typed answer is {typed}, stored {len(texts)} times"
    elif texts or typed:
        yield "a text that Telegram had let go came back"
    gone = length > TAPS_LAST
    figures.taps_gone += gone
    if any(row.participant_id == 2 for row in answers) is gone:
        yield f"the tap on pain is {'there' if gone else 'lost'}"


def shown_again(lab: Lab, bo: Keeper, length: timedelta) -> Iterator[str]:
    """A card whose tap was lost asks again, in place or on a fresh copy."""
    if length > TAPS_LAST and not any("Abdominal pain" in message.text or "Start" in labels(message)
                                      for message in lab.shown(bo.user)[-2:]):  # fmt: skip
        yield "the card was not drawn again"


def labels(message: object) -> str:
    """All labels of a message in one line."""
    return " ".join(button["text"] for button in message.callback_buttons())  # type: ignore[attr-defined]


def finished(lab: Lab, ann: Keeper, bo: Keeper) -> Iterator[str]:
    """Both can finish the first day after the outage, and it is the first day that they finish."""
    entries = {row.participant_id: row for row in lab.rows(EntryRow, EntryRow.diary_day == FIRST_DAY)}
    for number, keeper, meant in ((1, ann, (4, 1, 2)), (2, bo, (5, 2, 3))):
        row = entries.get(number)
        if row is None or (row.stools, row.pain, row.wellbeing) != meant:
            yield f"{keeper.user} could not finish the first day: {row}"


def accounted(lab: Lab, figures: Figures) -> Iterator[str]:
    """Every planned row that was due has an end, and every end but `sent` says why."""
    for row in lab.rows(MessageRow, MessageRow.due_at <= lab.clock.now()):
        figures.rows += 1
        figures.ends[row.state] += 1
        if row.state not in ENDS or (row.state != "sent" and not row.reason):
            yield f"not accounted for: {row.kind} {row.state} {row.reason}"


def undoubled(lab: Lab) -> Iterator[str]:
    """No reminder of a kind twice for a day, and of a backlog at most one a day at once."""
    with lab.beside() as database, database.read() as session:
        rows = session.exec(select(MessageRow).where(MessageRow.state == "sent")).all()
    unasked = [row for row in rows if row.kind in UNASKED and row.kind not in REPEATABLE]
    counts = Counter((row.participant_id, row.diary_day, row.kind) for row in unasked if row.resend_of is None)
    yield from (f"doubled: {key}" for key, count in counts.items() if count > 1)
    at_once = Counter(
        (row.participant_id, row.diary_day, row.sent_at.replace(second=0)) for row in unasked if row.sent_at
    )
    yield from (f"a backlog came at once: {key}" for key, count in at_once.items() if count > 1)


def days(lab: Lab, length: timedelta, figures: Figures) -> Iterator[str]:
    """A day that the outage hit is extended or marked, never called missed."""
    outages = lab.rows(OutageRow)
    if len(outages) != (length >= OUTAGE):
        yield f"{len(outages)} outages noted"
    with lab.beside() as database, database.read() as session:
        chen = session.exec(select(ParticipantRow).where(ParticipantRow.code == "SH-003")).one()
        record = read_diary(session, chen, lab.study.protocol, lab.clock.now()).record(FIRST_DAY)
    state = record.state if record else None
    figures.days[f"{length}: {state}"] += 1
    if state is not (DayState.OUTAGE if length >= OUTAGE else DayState.MISSED):
        yield f"the unanswered day is {state}"


def sweep(lengths: tuple[timedelta, ...] = LENGTHS, ways: tuple[bool, ...] = (False, True)) -> Figures:
    """Each length, after an orderly stop and after a kill."""
    figures = Figures()
    for length in lengths:
        for killed in ways:
            with tempfile.TemporaryDirectory(prefix="cdai-diary-outage-") as folder:
                quietly(partial(one, folder=Path(folder), length=length, killed=killed, figures=figures))
    return figures


def main() -> int:
    """Run every outage and say what was found."""
    figures = sweep()
    print(figures.sentence(), *figures.faults, sep="\n")  # noqa: T201  # a command that prints its figures
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
