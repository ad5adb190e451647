"""Ten thousand messages a minute from one person: everybody else is answered as before, and little is left behind.

The flood comes from a stranger, who types or guesses invitations, or from a participant. Meanwhile others keep their
diary over HTTP; a tap is timed from the finger to the end of the spinner, before the flood and during it.

python -m tests.faults.flood [--seconds 60] [--rate 167] [--people 12]
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import col

from bot.storage.tables import AuditRow, EntryRow, InboxRow, MessageRow
from tests.faults.kill_torture import say
from tests.support.joined import asked, enrol_joined, next_prompt, to_the_eve_of_the_next_prompt
from tests.support.live import ANN, Live, live_site, system_now, until

GOAL = 0.3  # seconds for 95 of 100 taps; where it takes longer without a flood, three times that
MOVES = ("Start", "4", "1 Mild", "2 Poor", "Submit")
KEPT_ANSWERS = 40  # messages that a flood of minutes may be answered with
LOG_LINES = 50
KEPT_OF_EACH, KEPT_EVENTS = 10, 10  # characters of each message of a stranger, and audit events of all of them
PARTICIPANT = "a participant who types"


@dataclass(frozen=True, slots=True)
class Kind:
    """Who floods, and with what."""

    name: str
    user: int
    words: Callable[[int], str]


STRANGER = 6_000_000_001
KINDS = (
    Kind("a stranger who types", STRANGER, lambda number: f"{number} " + "words " * 60),
    Kind("a stranger who guesses invitations", STRANGER + 1, lambda number: f"/start {number:043d}"),
    Kind(PARTICIPANT, ANN, lambda number: f"{number} " + "words " * 60),
)


@dataclass
class Figures:
    """What one flood has shown."""

    kind: str
    sent: int = 0
    before: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    handled_after: float = 0.0
    bytes_kept: int = 0
    audit: int = 0
    answers: int = 0
    log_lines: int = 0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        per = self.bytes_kept / max(self.sent, 1)
        return (
            f"{self.kind}: {self.sent} messages, the last handled after {self.handled_after:.1f} s; "
            f"{len(self.before)} taps of others before {worst(self.before)}, {len(self.during)} during "
            f"{worst(self.during)}; {per:.0f} characters a message kept, {self.audit} audit events about nobody, "
            f"{self.answers} answers, {self.log_lines} log lines; {len(self.faults)} faults"
        )


def worst(taps: Sequence[float]) -> str:
    """Median, 95th of a hundred and slowest, in milliseconds."""
    return f"{statistics.median(taps) * 1000:.0f}/{late(taps) * 1000:.0f}/{max(taps) * 1000:.0f} ms"


def late(taps: Sequence[float]) -> float:
    """What 95 of 100 taps took at most, in seconds."""
    return sorted(taps)[int(len(taps) * 0.95)]


def flood(site: Live, kind: Kind, *, rate: float, until_over: threading.Event, figures: Figures) -> None:
    """Send one message after the other at this rate, until told to stop."""
    began = time.monotonic()
    while not until_over.is_set():
        site.api.say(system_now(), kind.user, kind.words(figures.sent))
        figures.sent += 1
        time.sleep(max(0.0, began + figures.sent / rate - time.monotonic()))


def keep_diary(site: Live, user: int) -> Iterator[float]:
    """One diary day, tap by tap; how many seconds each spinner turned."""
    for label in MOVES:
        until(lambda label=label: any(one.startswith(label) for one in site.labels(user)), f"{label} for {user}")
        began = time.monotonic()
        callback = site.tap(user, label)
        until(lambda callback=callback: site.api.state.callbacks[callback].answered, "the end of a spinner")
        yield time.monotonic() - began


def play(folder: Path, kind: Kind, *, seconds: float, rate: float, people: int) -> Figures:
    """One evening: half of the others keep their diary before the flood, the others during it."""
    figures = Figures(kind.name)
    with live_site(folder) as site:
        others = list(range(ANN + 1, ANN + 1 + people))
        enrol_joined(site, [ANN, *others])
        for user in (STRANGER, STRANGER + 1):
            site.api.add_person(user, "Planted stranger", "en").started = True
        site.run()
        site.ready()
        to_the_eve_of_the_next_prompt(site)
        site.set_clock(next_prompt(site))
        until(lambda: all(asked(site, user) for user in others), "every prompt")
        site.settle()
        for user in others[: people // 2]:
            figures.before += keep_diary(site, user)
        site.settle()
        kept, events = size_of(site, kind), events_about_nobody(site)
        answers, lines = answers_to(site, kind), len(site.log_lines())
        over = threading.Event()
        thread = threading.Thread(
            target=flood, args=(site, kind), kwargs={"rate": rate, "until_over": over, "figures": figures}, daemon=True
        )
        began = time.monotonic()
        thread.start()
        rest = others[people // 2 :]
        for number, user in enumerate(rest):
            time.sleep(max(0.0, began + seconds * number / len(rest) - time.monotonic()))
            figures.during += keep_diary(site, user)
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        over.set()
        thread.join()
        ended = time.monotonic()
        until(site.at_rest, "rest after the flood", within=180)
        figures.handled_after = time.monotonic() - ended
        figures.bytes_kept, figures.audit = size_of(site, kind) - kept, events_about_nobody(site) - events
        figures.answers = answers_to(site, kind) - answers
        figures.log_lines = len(site.log_lines()) - lines
        figures.faults += judge(site, figures, people)
    return figures


def judge(site: Live, figures: Figures, people: int) -> Iterator[str]:
    """What must hold after a flood."""
    if len(site.rows(EntryRow)) != people:
        yield f"{len(site.rows(EntryRow))} of {people} days are saved"
    goal = max(GOAL, 3 * late(figures.before))
    if late(figures.during) > goal:
        yield f"one tap of twenty took more than {late(figures.during):.2f} s"
    if figures.kind != PARTICIPANT and (
        figures.bytes_kept > KEPT_OF_EACH * figures.sent or figures.audit > KEPT_EVENTS
    ):
        yield f"{figures.bytes_kept} characters and {figures.audit} audit events are kept of a stranger"
    if figures.answers > KEPT_ANSWERS:
        yield f"{figures.answers} answers to the flood"
    if figures.log_lines > LOG_LINES:
        yield f"{figures.log_lines} log lines"
    if any(row.state != "done" for row in site.rows(InboxRow)):
        yield "an update has not been handled"


def size_of(site: Live, kind: Kind) -> int:
    """Characters kept of what whoever floods has sent."""
    return sum(len(row.body) for row in site.rows(InboxRow, InboxRow.address == kind.user))


def events_about_nobody(site: Live) -> int:
    """Audit events that no participant's record explains."""
    return len(site.rows(AuditRow, col(AuditRow.participant).is_(None)))


def answers_to(site: Live, kind: Kind) -> int:
    """The replies that whoever floods has got."""
    return len(site.rows(MessageRow, MessageRow.address == kind.user, MessageRow.kind == "reply"))


def main() -> int:
    """Run every kind of flood and print its figures."""
    asked_for = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked_for.add_argument("--seconds", type=float, default=60.0)
    asked_for.add_argument("--rate", type=float, default=10_000 / 60, help="messages a second")
    asked_for.add_argument("--people", type=int, default=40, help="others; half of them keep their diary during it")
    given = asked_for.parse_args()
    found = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory(prefix="cdai-diary-flood-") as folder:
            figures = play(Path(folder), kind, seconds=given.seconds, rate=given.rate, people=given.people)
        say(figures.sentence())
        for fault in figures.faults:
            say(fault)
        found += figures.faults
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
