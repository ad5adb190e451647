"""`check`: look at everything an instance needs, one line each: ok, or what to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from bot.cli.common import JsonOption, print_json
from schedules.errors import ScheduleError

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.storage.database import Database
    from schedules.protocol import StudyProtocol

TOLERATED = timedelta(minutes=5)
DOMAINS = ("chat", "instrument")


@dataclass(frozen=True, slots=True)
class Line:
    """What was looked at, whether it is in order, and a sentence."""

    name: str
    ok: bool
    sentence: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(as_json: JsonOption = False) -> None:
    """Check settings, protocol, database, audit chain, clock and catalogues."""
    lines = list(look_at_everything())
    if as_json:
        print_json([asdict(line) for line in lines])
    else:
        for line in lines:
            print(f"{'ok  ' if line.ok else 'NOT '} {line.name}: {line.sentence}")
    if not all(line.ok for line in lines):
        raise typer.Exit(1)


def look_at_everything() -> Iterator[Line]:
    """One line after the other; what rests on something that is not in order is left out."""
    from bot.settings import load_settings

    found: list[Settings] = []

    def sentence() -> str:
        found.append(load_settings())
        return f"every setting is known and well formed; {telegram_sentence(found[0])}"

    yield look("settings", sentence)
    if not found:
        return
    settings = found[0]
    yield look("secret key", lambda: key_sentence(settings))
    yield from look_at_protocol(settings)
    with opened(settings) as database:
        schema = look("database schema", lambda: schema_sentence(database))
        yield schema
        if schema.ok:
            if not database.is_sqlite:
                yield look("database rights", lambda: rights_sentence(settings, database))
            yield look("audit chain", lambda: chain_sentence(database))
        yield look("clock", lambda: clock_sentence(settings, database if schema.ok else None))
    yield look("catalogues", catalogue_sentence)
    yield look("instrument wording", wording_sentence)


def telegram_sentence(settings: "Settings") -> str:
    """How `run` would speak with Telegram."""
    if settings.telegram_token is None:
        return "without CDAI_TELEGRAM_TOKEN `run` serves the web part only."
    if settings.uses_webhook:
        return f"Telegram calls {settings.public_url}/telegram/webhook."
    return "Telegram is asked by polling."


def key_sentence(settings: "Settings") -> str:
    settings.read_secret_key()
    return "present: keep it, since sign-ins and personal links rest on it."


def look(name: str, act: Callable[[], str]) -> Line:
    """Run one look; a refusal becomes the line's sentence."""
    from bot.storage.trouble import DATABASE_TROUBLE

    try:
        return Line(name, True, act())
    except ScheduleError as error:
        return Line(name, False, error.message)
    except DATABASE_TROUBLE:
        return Line(name, False, "the study database does not answer: check CDAI_DATABASE_URL and the server.")


def look_at_protocol(settings: "Settings") -> Iterator[Line]:
    """The protocol file, and what its data region asks of this instance."""
    from bot.wiring import protocol_path
    from schedules.loader import load_protocol

    found: list[StudyProtocol] = []

    def sentence() -> str:
        protocol = load_protocol(protocol_path(settings))
        found.append(protocol)
        return f"{protocol_path(settings).name} is valid, version {protocol.version}."

    yield look("protocol", sentence)
    if found:
        yield look("data region", lambda: region_sentence(settings, found[0]))


def region_sentence(settings: "Settings", protocol: "StudyProtocol") -> str:
    from bot.settings import check_data_region

    warning = check_data_region(settings, region=protocol.data_region, legal_basis=protocol.legal_basis)
    return warning or f"{protocol.data_region}: nothing to say."


@contextmanager
def opened(settings: "Settings") -> "Iterator[Database]":
    """The database, closed at the end."""
    from bot.storage.database import Database

    database = Database(settings.database)
    try:
        yield database
    finally:
        database.close()


def schema_sentence(database: "Database") -> str:
    from bot.storage.schema import check_guards, check_schema, expected_revision

    check_schema(database)
    check_guards(database)
    return f"{expected_revision()}, and what is insert-only refuses to be changed."


def rights_sentence(settings: "Settings", database: "Database") -> str:
    """On PostgreSQL the service can do with fewer rights than the owner of the tables has."""
    from bot.errors import RefusedError
    from bot.storage.rights import excess_rights

    with database.read() as session:
        excess = excess_rights(session.connection())
    if not excess:
        return "the service may add, and change only what may change."
    if settings.migrate_database_url is None:
        return "the service owns its tables; another owner, by CDAI_MIGRATE_DATABASE_URL, would leave it fewer rights."
    raise RefusedError(f"the service may {excess[0]}: run `python -m bot migrate`, or let another role own the tables.")


def chain_sentence(database: "Database") -> str:
    from bot.errors import RefusedError
    from bot.storage.chain import verify_trail

    with database.read() as session:
        finding = verify_trail(session)
    if finding is not None:
        raise RefusedError(f"{finding.kind} at event {finding.seq}: keep this file as it is and ask for help.")
    return "every event follows from the one before."


def clock_sentence(settings: "Settings", database: "Database | None") -> str:
    """Study time must not lie before what has already been recorded."""
    from sqlmodel import select

    from bot.errors import RefusedError
    from bot.storage.tables import AuditRow
    from bot.wiring import make_clock

    clock = make_clock(settings)
    now = clock.now()
    if problem := getattr(clock, "problem", None):
        raise RefusedError(problem)
    if database is not None:
        with database.read() as session:
            newest = session.exec(select(AuditRow.at).order_by(AuditRow.seq.desc()).limit(1)).first()  # type: ignore[attr-defined]  # SQLModel types columns as values
        if newest is not None and newest > now + TOLERATED:
            raise RefusedError(f"{now:%Y-%m-%d %H:%M} UTC lies before the newest audit event: set the clock right.")
    shifted = f"; the study clock is on and adds {round((now - clock.system_now()).total_seconds())} seconds"
    return f"{now:%Y-%m-%d %H:%M} UTC{shifted if clock.shifted else ''}."


def catalogue_sentence() -> str:
    from bot.errors import RefusedError
    from bot.i18n import missing_catalogues

    missing = missing_catalogues(*DOMAINS)
    if missing:
        raise RefusedError(f"missing or empty: {', '.join(missing)}; install the product again.")
    return "both languages are complete."


def wording_sentence() -> str:
    from bot.errors import RefusedError
    from bot.messages.instrument import WORDING_VERSION, check_instrument

    changed = check_instrument()
    if changed:
        raise RefusedError(f"the locked wording was changed in {', '.join(changed)}: restore its catalogue.")
    return f"version {WORDING_VERSION}, as locked."
