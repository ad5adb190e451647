"""A whole study, from the first enrolment to after the last visit, rehearsed in a throw-away database."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from bot.actions.study import Study, put_first_protocol_in_force
from bot.people.actor import SYSTEM, Origin
from bot.rehearsal import figures
from bot.rehearsal.behaviours import draw_cast
from bot.rehearsal.invariants import Invariant, Meant, check_all, gather
from bot.rehearsal.play import Play
from bot.rehearsal.site import seeded_keys
from bot.rehearsal.virtual_loop import VirtualLoop, run_virtual
from bot.rehearsal.weather import draw_outages, spoil
from bot.sandbox.rules import BotApi
from bot.storage.database import Database
from bot.storage.schema import migrate
from bot.storage.trail import Trail
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant

FIRST_DAY: Final = date(2026, 1, 5)  # a Monday; the clocks of Europe change within the study
AFTERWARDS: Final = timedelta(days=10)  # beyond the last planned visit, for those that were moved
TOKEN: Final = "700000:rehearsal-needs-no-secret-but-the-shape"  # noqa: S105  # nothing listens to it
USERNAME: Final = "rehearsal_bot"
SLICE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is asked for: how many participants, which seed, whether things go wrong, and how many days at most."""

    participants: int = 40
    seed: int = 1
    faults: bool = False
    days: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of it; `struck` counts the faults by kind, `outages` the hours in which the service was down.

    `participant_days` are the days from each participant's enrolment to the end, `diary_days` those that were asked.
    """

    asked: Rehearsal
    digest: str
    participant_days: int
    diary_days: int
    completeness: dict[str, dict[str, int]]
    ledger: dict[str, dict[str, int]]
    endpoints: list[dict[str, Any]]
    invariants: list[Invariant]
    struck: dict[str, int]
    outages: int
    seconds: float

    @property
    def broken(self) -> bool:
        """Whether a promise was broken."""
        return any(invariant.broken for invariant in self.invariants)

    @property
    def participant_days_per_second(self) -> float:
        """How fast it was played, summing up included."""
        return self.participant_days / self.seconds

    def as_json(self) -> dict[str, Any]:
        """The outcome as the command prints it."""
        return {
            "seed": self.asked.seed,
            "digest": self.digest,
            "participants": self.asked.participants,
            "participant_days": self.participant_days,
            "diary_days": self.diary_days,
            "completeness": self.completeness,
            "ledger": self.ledger,
            "endpoints": self.endpoints,
            "invariants": [
                {"name": one.name, "checked": one.checked, "broken": one.broken, "examples": one.examples}
                for one in self.invariants
            ],
            "faults": {**self.struck, "outage_of_service": self.outages} if self.asked.faults else {},
            "seconds": round(self.seconds, 1),
            "participant_days_per_second": round(self.participant_days_per_second, 1),
        }


def rehearse(asked: Rehearsal, progress: Callable[[float], None] = lambda _share: None) -> Outcome:
    """Play the study and sum it up; `progress` is told the share that is done, from 0 to 1."""
    started = time.monotonic()
    with _study_database() as database:
        play, outages = run_virtual(lambda loop: play_study(asked, database, loop, progress))
        return _sum_up(asked, play, outages, started)


async def play_study(
    asked: Rehearsal, database: Database, loop: VirtualLoop, progress: Callable[[float], None]
) -> tuple[Play, int]:
    """Play it in an empty database with the schema; answers what was played, and how many outages there were."""
    study = Study(load_protocol(seed_protocol_path()), seeded_keys(asked.seed))
    tzid = study.protocol.sites[0].timezone
    begins = instant(FIRST_DAY, study.protocol.reminders.quiet_until, tzid)
    roles = draw_cast(asked.seed, asked.participants, FIRST_DAY, tzid)
    play = Play(
        BotApi(TOKEN, USERNAME, rng=Random(f"{asked.seed}/telegram")),  # noqa: S311  # play, not secrecy
        database, study, roles, seed=asked.seed, begins=begins, loop=loop,
    )  # fmt: skip
    adopt(play)
    last_visit = max(role.baseline_on for role in roles) + timedelta(days=study.protocol.visits[-1].day_offset)
    ends = instant(last_visit, study.protocol.diary.closes, tzid) + AFTERWARDS
    if asked.days is not None:
        ends = begins + timedelta(days=asked.days)
    outages = _let_it_rain(play, asked.seed, begins, ends, tzid) if asked.faults else 0
    await play.begin()
    while play.clock.now() < ends:
        await play.until(min(play.clock.now() + SLICE, ends))
        progress((play.clock.now() - begins) / (ends - begins))
    await play.end()
    return play, outages


def adopt(play: Play) -> None:
    """Put the protocol in force, under a number of its own that does not change from run to run."""
    with play.database.write() as session:
        trail = Trail(
            session, play.clock.now(), SYSTEM, Origin.HOUSEKEEPING, play.clock.shifted, request_id="rehearsal"
        )
        put_first_protocol_in_force(trail, play.study.protocol, seed_protocol_path())


def _let_it_rain(play: Play, seed: int, begins: datetime, ends: datetime, tzid: str) -> int:
    """Switch the faults on and book the outages; answers how many outages there will be."""
    spoil(play.api.faults)
    play.stage.line.mischief = Random(f"{seed}/mischief")  # noqa: S311  # play, not secrecy
    outages = draw_outages(seed, begins, ends - AFTERWARDS / 2, tzid)
    for outage in outages:
        play.book_interruption(outage.at, outage.length)
    return len(outages)


def _sum_up(asked: Rehearsal, play: Play, outages: int, started: float) -> Outcome:
    study, now = play.study, play.clock.now()
    meant = {code: Meant(phone.attempts, phone.confirmed) for code, phone in play.phones.items()}
    with play.database.read() as session:
        evidence = gather(session, study, meant, play.api.violations)
        return Outcome(
            asked=asked,
            digest=figures.digest(session, study, now),
            participant_days=figures.participant_days(session, now),
            diary_days=figures.diary_days(session, study, now),
            completeness=figures.completeness(session, study, now),
            ledger=figures.ledger(session),
            endpoints=figures.endpoints(session, study, now),
            invariants=check_all(evidence, weather=asked.faults),
            struck={
                kind.value: count for kind, count in sorted(play.api.faults.struck.items(), key=lambda s: s[0].value)
            },
            outages=outages,
            seconds=time.monotonic() - started,
        )


@contextmanager
def _study_database() -> Iterator[Database]:
    """A database that need not survive a power cut, with every session in the one thread there is."""
    with tempfile.TemporaryDirectory(prefix="cdai-diary-rehearsal-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'rehearsal.sqlite3'}", synchronous="OFF", inline=True)
        try:
            migrate(database)
            yield database
        finally:
            database.close()
