"""What the clinic keeps in memory says, at every hour of a rehearsed study, what working it out anew says."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from bot.actions.study import Study
from bot.rehearsal.behaviours import draw_cast
from bot.rehearsal.play import Play
from bot.rehearsal.site import seeded_keys
from bot.rehearsal.study import FIRST_DAY, TOKEN, USERNAME, adopt
from bot.rehearsal.virtual_loop import VirtualLoop, run_virtual
from bot.sandbox.rules import BotApi
from bot.storage.database import Database
from bot.storage.views.memory import Memory
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.database import study_database

PARTICIPANTS = 4
DAYS = 40  # enrolment, week 0 with its endoscopy, the diary of week 4 and its visit
STEP = timedelta(hours=8, minutes=41)  # so that every hour of the day comes round
PARTS = ("standings", "dates", "facts", "weeks")


def test_what_is_kept_is_what_would_be_worked_out_anew(tmp_path: Path) -> None:
    with study_database(tmp_path, inline=True) as database:
        looks = run_virtual(lambda loop: watch(database, loop, seed=3))
    assert looks > 100


async def watch(database: Database, loop: VirtualLoop, *, seed: int) -> int:
    """Play the study with bad weather, and compare at every step; answers how many steps there were."""
    study = Study(load_protocol(seed_protocol_path()), seeded_keys(seed))
    tzid = study.protocol.sites[0].timezone
    begins = instant(FIRST_DAY, study.protocol.reminders.quiet_until, tzid)
    roles = draw_cast(seed, PARTICIPANTS, FIRST_DAY, tzid)
    api = BotApi(TOKEN, USERNAME, rng=Random(f"{seed}/telegram"))
    play = Play(api, database, study, roles, seed=seed, begins=begins, loop=loop)
    adopt(play)
    for day in range(3, DAYS, 6):
        play.book_interruption(begins + timedelta(days=day, hours=11, minutes=20), timedelta(minutes=55))
    await play.begin()
    memory, looks = Memory(), 0
    for now in steps(begins):
        await play.until(now)
        compare(database, study, memory, play.clock.now())
        looks += 1
    await play.end()
    memory.forget()
    compare(database, study, memory, play.clock.now())
    return looks


def steps(begins: datetime) -> Iterator[datetime]:
    now = begins
    while now < begins + timedelta(days=DAYS):
        now += STEP
        yield now


def compare(database: Database, study: Study, memory: Memory, now: datetime) -> None:
    anew = Memory()
    for part in PARTS:
        with database.read() as session:
            kept = list(getattr(memory, part).read(session, study.protocol, now))
            fresh = list(getattr(anew, part).read(session, study.protocol, now))
        assert kept == fresh, (part, now)
