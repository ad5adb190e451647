"""An evening of many people before a Bot API that fails at random, with Telegram's limits on; over HTTP.

Every message that was due has an end, no chat holds more copies than rows ended unknown, and nothing is refused for its
pace. How many requests come within one second is told apart: over HTTP a busy machine bunches what left evenly, so the
budget is held against requests in exact, virtual time.

python -m tests.faults.random_api --people 60 --share 30 --seed 1
"""

import argparse
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from bot.channels.pace import PER_WINDOW
from bot.rehearsal.line import SandboxLine
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.limits import Limits
from bot.sandbox.rules import BotApi
from bot.storage.outbox import REPEATABLE
from bot.storage.tables import ChatRow, MessageRow
from bot.storage.tables.traffic import ENDS
from schedules.clock import Clock
from tests.faults.kill_torture import say
from tests.support.joined import enrol_joined
from tests.support.lab import Lab, TrueClock, quietly
from tests.support.lab import evening as start_of_evening
from tests.support.live import FIRST_USER, Live, live_site

ABOUT_MESSAGES = frozenset({"sendMessage", "editMessageText"})
KINDS = (
    FaultKind.TOO_MANY, FaultKind.SERVER_ERROR, FaultKind.BAD_GATEWAY, FaultKind.HTML_BODY, FaultKind.TRUNCATED,
    FaultKind.RESET, FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER,
)  # fmt: skip
LEAP = timedelta(minutes=10)  # beyond what is due, so that what is sent once more falls due with it
EVENING = 14  # hours from the prompt to the end of the diary day, about
PAUSE = 1  # seconds, of a 429
SETTLES = 300.0  # seconds


@dataclass
class Figures:
    """What an evening has shown."""

    people: int
    share: float
    requests: int = 0
    rows: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    copies: int = 0
    most: int = 0
    timed: int = 0
    most_timed: int = 0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        return (
            f"{len(self.faults)} faults with {self.people} people and {self.share:.0%} failing requests: "
            f"{self.requests} requests, {sum(self.struck.values())} failed ({dict(sorted(self.struck.items()))}), at "
            f"most {self.most} seen in one second; in exact time at most {self.most_timed} of {PER_WINDOW} in any "
            f"second among {self.timed} requests; {self.rows} rows due, ended "
            f"{dict(sorted(self.ends.items()))}; {self.copies} extra copies after {self.unknown} unknown outcomes"
        )


def evening(site: Live, figures: Figures, rng: Random, hours: float) -> None:
    """Ask everybody, remind everybody, and let the day close, as far as the hours go, with faults on all the while."""
    users = [FIRST_USER + number for number in range(1, figures.people + 1)]
    enrol_joined(site, users)
    site.api.state.rng.seed(rng.random())
    site.run()
    site.ready()
    switch_on(site.api, figures.share)
    end = first_prompt(site) + timedelta(hours=hours)
    while (following := next_due(site)) < end:
        site.leap_to(following + LEAP, within=SETTLES)
    figures.struck.update({kind.value: count for kind, count in site.api.faults.struck.items()})
    look(site, figures)


def switch_on(api: BotApi, share: float) -> None:
    """Let this share of all requests about messages fail, in every way alike."""
    for kind in KINDS:
        api.faults.on(Fault(kind, ABOUT_MESSAGES, probability=share / len(KINDS), retry_after=PAUSE))


def next_due(site: Live) -> datetime:
    """When something falls due next."""
    return datetime.fromisoformat(site.settle(within=SETTLES)["next_due"])


def first_prompt(site: Live) -> datetime:
    """When everybody is asked for the first time."""
    site.settle(within=SETTLES)
    return min(row.due_at for row in site.rows(MessageRow, MessageRow.kind == "prompt"))


def most_within(seconds: float, instants: Sequence[float]) -> int:
    """The most that came in any span of so many seconds."""
    found, first = 0, 0
    ordered = sorted(instants)
    for last, at in enumerate(ordered):
        while at - ordered[first] >= seconds:
            first += 1
        found = max(found, last - first + 1)
    return found


def look(site: Live, figures: Figures) -> None:
    """Count, and say what does not hold."""
    asked = [one for one in list(site.line.requests) if one.method in ABOUT_MESSAGES]
    figures.requests, figures.most = len(asked), most_within(1.0, [one.came_at for one in asked])
    rows = site.rows(MessageRow, MessageRow.due_at <= site.study_now())
    figures.rows = len(rows)
    figures.ends.update(row.state for row in rows)
    figures.faults += [*over_budget(site), *unaccounted(rows), *copies(site, rows, figures)]


def over_budget(site: Live) -> Iterator[str]:
    """The sandbox counts as Telegram does."""
    yield from (f"refused for its pace: {one.method} {one.kind}" for one in site.api.violations_except("not_modified"))
    if site.line.overlaps:
        yield f"{site.line.overlaps} requests met another one for the same chat"


def unaccounted(rows: Sequence[MessageRow]) -> Iterator[str]:
    """Every due row has an end, and says why unless it was sent; each copy follows an unknown outcome."""
    states = {row.id: row.state for row in rows}
    for row in rows:
        if row.state not in ENDS or (row.state != "sent" and not row.reason):
            yield f"not accounted for: {row.kind} {row.state} {row.reason}"
        if row.resend_of is not None and states[row.resend_of] != "unknown":
            yield f"a copy of a row that is {states[row.resend_of]}"


def copies(site: Live, rows: Sequence[MessageRow], figures: Figures) -> Iterator[str]:
    """No chat holds more messages without a receipt than rows whose outcome is unknown."""
    for chat in site.rows(ChatRow):
        mine = [row for row in rows if row.participant_id == chat.participant_id and row.kind not in REPEATABLE]
        sent = {row.provider_msg_id for row in mine if row.state == "sent"}
        unknown = sum(row.state == "unknown" for row in mine)
        messages = list(site.api.chat(chat.address).messages.values())
        shown = {message.message_id for message in messages if message.from_bot}
        figures.unknown, figures.copies = figures.unknown + unknown, figures.copies + len(shown - sent)
        if len(shown - sent) > unknown or sent - shown:
            yield f"{len(shown - sent)} messages without a receipt, {unknown} unknown, {len(sent - shown)} not there"


class TimedLine(SandboxLine):
    """Notes when each request about a message comes, in virtual seconds."""

    def __init__(self, api: BotApi, clock: Clock) -> None:
        super().__init__(api, clock, arrived=lambda _chat, _message: None)
        self._time = clock
        self.came_at: list[float] = []

    async def exchange(self, method: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        if method in ABOUT_MESSAGES:
            self.came_at.append(self._time.monotonic())
        return await super().exchange(method, fields)


async def in_exact_time(loop: VirtualLoop, folder: Path, figures: Figures, seed: int) -> None:
    """Everybody is asked at the same minute, in the laboratory; five minutes of it."""
    lab = Lab(folder, loop, start=start_of_evening(wall="19:59:50"), limits=Limits())
    lab.line = line = TimedLine(lab.api, TrueClock(lab.clock))
    for _ in range(figures.people):
        lab.enrol().busy = False
    lab.api.state.rng.seed(seed)
    switch_on(lab.api, figures.share)
    await lab.boot()
    await lab.live(300)
    figures.timed, figures.most_timed = len(line.came_at), most_within(1.0, line.came_at)
    if figures.most_timed > PER_WINDOW:
        figures.faults.append(f"{figures.most_timed} requests within one second of exact time")
    await lab.down()
    lab.close()


def run(people: int, share: float, seed: int, hours: float = EVENING) -> Figures:
    """One evening in a folder of its own."""
    figures = Figures(people, share)
    with (
        tempfile.TemporaryDirectory(prefix="cdai-diary-random-api-") as folder,
        live_site(Path(folder), limits=Limits(), hold_seconds=0.5) as site,
    ):
        evening(site, figures, Random(seed), hours)
    with tempfile.TemporaryDirectory(prefix="cdai-diary-random-api-") as folder:
        quietly(partial(in_exact_time, folder=Path(folder), figures=figures, seed=seed))
    return figures


def main() -> int:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--share", type=int, default=30, help="per cent of the requests that fail, 0 to 100")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable()  # the client's own words about answers that it cannot read
    figures = run(given.people, given.share / 100, given.seed)
    say(figures.sentence())
    for fault in figures.faults[:40]:
        say(fault)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
