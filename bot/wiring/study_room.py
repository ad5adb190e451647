"""A study database opened for use: the right schema, the protocol in force, and the clock."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.actions.study import Study, load_study, protocol_in_force, put_first_protocol_in_force
from bot.people.actor import SYSTEM, Actor, Origin
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.run_lock import check_can_write_beside
from bot.storage.schema import check_schema
from bot.storage.trail import Trail
from bot.storage.turns import SETUP, await_turn
from schedules.clock import Clock, ShiftedClock, SystemClock
from schedules.loader import load_protocol, seed_protocol_path


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study database with the right schema, and the protocol in force."""

    settings: Settings
    database: Database
    study: Study
    clock: Clock


def make_clock(settings: Settings) -> Clock:
    """The machine's clock, or the study clock where one is set."""
    return ShiftedClock(settings.study_clock) if settings.study_clock else SystemClock()


def protocol_path(settings: Settings) -> Path:
    """The protocol file: the one that is set, else the one that comes with the product."""
    return settings.protocol or seed_protocol_path()


@contextlib.contextmanager
def open_study(
    settings: Settings, *, writing: bool, clock: Clock | None = None, actor: Actor = SYSTEM
) -> Iterator[OpenStudy]:
    """Open the study database for a command, and close it at the end.

    Raises SchemaError for a missing or other schema, RefusedError for a protocol that is not in force, and,
    when `writing`, for an old SQLite whose file `run` holds.
    """
    if writing:
        check_can_write_beside(settings.database)
    database = Database(settings.database, patient=True)
    try:
        check_schema(database)
        clock = clock or make_clock(settings)
        if writing:
            adopt_first(database, protocol_path(settings), clock, actor)
        yield OpenStudy(settings, database, read_study(database, settings), clock)
    finally:
        database.close()


def read_study(database: Database, settings: Settings) -> Study:
    """The study for the protocol that is set, refused when another one is in force."""
    with database.read() as session:
        return load_study(session, protocol_path(settings))


def adopt_first(database: Database, path: Path, clock: Clock, actor: Actor = SYSTEM) -> None:
    """A new study database takes the protocol it is first used with."""
    with database.read() as session:
        if protocol_in_force(session) is not None:
            return
    protocol = load_protocol(path)
    origin = Origin.HOUSEKEEPING if actor is SYSTEM else Origin.COMMAND
    with database.write() as session:
        await_turn(session, SETUP)  # replicas may start together
        trail = Trail(session, clock.now(), actor, origin, clock.shifted)
        put_first_protocol_in_force(trail, protocol, path)
