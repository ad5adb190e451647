"""Fills a study database for the demonstration: the study played up to a morning in mid-course, week by week."""

import time as wall_clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import delete

from bot.actions.study import Study
from bot.rehearsal.behaviours import Role, draw_role
from bot.rehearsal.play import Play
from bot.rehearsal.site import seeded_keys
from bot.rehearsal.tale import tell
from bot.rehearsal.virtual_loop import VirtualLoop, run_virtual
from bot.sandbox.rules import BotApi
from bot.storage.database import Database
from bot.storage.tables import HeartbeatRow
from schedules.protocol import StudyProtocol
from schedules.windows import instant

MORNING: Final = time(8, 40)  # the last calls are out, yesterday is still open, the first visit is about to begin
SLICE: Final = timedelta(days=2)
BREATHER: Final = 0.01  # seconds between slices, in which pages get their turn
# For each of the cast (see `behaviours.CAST`), how many days ago week 0 was: today is a visit, a diary day, the middle
# of a stop, of a block or of a journey, or nothing at all. Most have come a short way, so that the past is soon played.
STAGES: Final = (
    28, 24, 25, 26, 27, 26, 22, 24, 0, -3, 52, 23, 54, -2, 11, -5, 85, 30, 169, -1,
    12, 29, 5, -4, 2, 15, -6, 8, 57, 10, 3, -1, 14, 6, -4, 1, -7, 9, 20, 33,
)  # fmt: skip
SILENT: Final = 31  # of the cast: joins and answers nothing, so that too few days are left before the visit
NEWEST: Final = -7  # days since week 0 of any more, evenly spread up to the oldest
OLDEST: Final = 60


@dataclass(frozen=True, slots=True)
class Populated:
    """What there is then: the cast, and the study time that the demonstration begins with."""

    roles: Sequence[Role]
    today: datetime


def next_morning(now: datetime, tzid: str) -> datetime:
    """The next morning by a site's clock: an instant that a study clock can be set forward to."""
    local = now.astimezone(ZoneInfo(tzid))
    at = instant(local.date(), MORNING, tzid)
    return at if at > now else instant(local.date() + timedelta(days=1), MORNING, tzid)


def draw_stages(protocol: StudyProtocol, today: date, *, participants: int, seed: int) -> list[Role]:
    """A cast whose members have come to different points of the study by `today`."""
    tzid = protocol.sites[0].timezone
    return [_at_stage(draw_role(seed, number, today, tzid, 1), today, number) for number in range(participants)]


def _at_stage(role: Role, today: date, number: int) -> Role:
    more = NEWEST + (number - len(STAGES)) * 7 % (OLDEST - NEWEST)
    baseline_on = today - timedelta(days=STAGES[number] if number < len(STAGES) else more)
    if number == SILENT:
        role = replace(role, habits=replace(role.habits, evening=0.0, morning=0.0))
    return replace(role, baseline_on=baseline_on, enrolled_at=role.enrolled_at + (baseline_on - role.baseline_on))


def populate(
    database_url: str,
    study: Study,
    api: BotApi,
    today: datetime,
    *,
    participants: int = 40,
    seed: int = 1,
    progress: Callable[[float], None] = lambda _share: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Populated:
    """Play the study up to `today`, in the calling thread; the protocol has been put in force.

    Meanwhile nobody else may take in updates or send. `progress` is told the share that is done; `stopped` ends the
    play early. Readers, and short writes of others, go on beside it.
    """
    roles = draw_stages(study.protocol, _local_date(study, today), participants=participants, seed=seed)
    database = Database(database_url, synchronous="OFF", inline=True)
    try:
        run_virtual(lambda loop: _play(database, replace(study, keys=seeded_keys(seed)), api, roles, today, seed, loop,
                                       progress, stopped))  # fmt: skip
        _forget_heartbeat(database)
    finally:
        database.close()
    return Populated(roles, today)


async def _play(
    database: Database, study: Study, api: BotApi, roles: Sequence[Role], today: datetime, seed: int,
    loop: VirtualLoop, progress: Callable[[float], None], stopped: Callable[[], bool],
) -> None:  # fmt: skip
    begins = min(role.enrolled_at for role in roles) - timedelta(hours=1)
    play = Play(api, database, study, roles, seed=seed, begins=begins, loop=loop)
    tell(play, roles, today)
    await play.begin()
    while play.clock.now() < today and not stopped():
        await play.until(min(play.clock.now() + SLICE, today))
        progress(lived(roles, play.clock.now()) / lived(roles, today))
        wall_clock.sleep(BREATHER)  # noqa: ASYNC251  # the loop is virtual: this lets other threads have their turn
    await play.end()


def lived(roles: Sequence[Role], now: datetime) -> timedelta:
    """The time that all of them together have taken part, which is what playing takes long for."""
    return sum((max(now - role.enrolled_at, timedelta(0)) for role in roles), timedelta(1))


def _local_date(study: Study, at: datetime) -> date:
    return at.astimezone(ZoneInfo(study.protocol.sites[0].timezone)).date()


def _forget_heartbeat(database: Database) -> None:
    """The time played is over for good: what follows must not look like a silence."""
    with database.write() as session:
        session.exec(delete(HeartbeatRow))
