"""The composition root: settings in, running parts out."""

from collections.abc import Sequence

from bot.errors import SettingsError
from bot.settings import Settings, check_data_region
from bot.storage.database import Database
from bot.storage.run_lock import take_run_lock
from bot.storage.schema import check_guards, check_schema
from bot.wiring.service import PARTS, Service
from bot.wiring.study_room import OpenStudy, adopt_first, make_clock, open_study, protocol_path, read_study
from schedules.clock import Clock

__all__ = ["PARTS", "OpenStudy", "Service", "build", "make_clock", "open_study", "protocol_path"]


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    parts: Sequence[str] = PARTS,
    demonstration: bool = False,
) -> Service:
    """Check everything that can be checked before the start, and put the service together.

    Raises SettingsError, SchemaError or RefusedError in one sentence.
    """
    refuse_unknown_parts(parts)
    lock = take_run_lock(settings.database)
    database = Database(settings.database, serving=True)
    try:
        room, warnings = ready_room(settings, database, clock or make_clock(settings))
        return Service(room, lock, parts=parts, warnings=warnings, demonstration=demonstration)
    except BaseException:
        database.close()
        lock.release()
        raise


def ready_room(settings: Settings, database: Database, clock: Clock) -> tuple[OpenStudy, tuple[str, ...]]:
    """The study as a service may serve it, and what an operator should know: schema, guards and protocol hold."""
    check_schema(database)
    check_guards(database)
    adopt_first(database, protocol_path(settings), clock)
    study = read_study(database, settings)
    protocol = study.protocol
    warning = check_data_region(settings, region=protocol.data_region, legal_basis=protocol.legal_basis)
    return OpenStudy(settings, database, study, clock), (warning,) if warning else ()


def refuse_unknown_parts(parts: Sequence[str]) -> None:
    """Raise SettingsError for a part that there is not."""
    for part in parts:
        if part not in PARTS:
            raise SettingsError(f"{part or 'Nothing'} is no part of the service; the parts are {', '.join(PARTS)}.")
