"""`protocol`: check a file, show the one in force, adopt a changed one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import ByOption, JsonOption, acting, print_json
from bot.cli.site import ReasonOption, print_table, read_day

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.actions.adopt_protocol import AdoptionPreview
    from bot.settings import Settings
    from bot.storage.database import Database
    from schedules.protocol import StudyProtocol

group = typer.Typer(help="Check, show and adopt protocol files.", no_args_is_help=True)
LONGEST = 60  # characters of a value in a table
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A protocol file.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="protocol")


@group.command("check")
def check(file: FileArgument, as_json: JsonOption = False) -> None:
    """Validate a file: `file:line: key: sentence` for the first fault."""
    from schedules.loader import load_protocol

    protocol = load_protocol(file)
    assumed = assumptions(protocol)
    if as_json:
        print_json(
            {
                "file": str(file),
                "id": protocol.id,
                "version": protocol.version,
                "fingerprint": protocol.fingerprint,
                "rule_set": {"id": protocol.rules.id, "version": protocol.rules.version, "hash": protocol.rules.hash},
                "visits": [visit.code for visit in protocol.visits],
                "sites": [site.id for site in protocol.sites],
                "assumptions": assumed,
            }
        )
        return
    print(f"{file} is valid: {protocol.id}, version {protocol.version}, {protocol.fingerprint}.")
    rules, visits, sites = protocol.rules, len(protocol.visits), len(protocol.sites)
    print(f"{visits} visits, sites: {sites}, rule set {rules.id} {rules.version}.")
    print(f"{len(assumed)} of {len(protocol.values)} values are assumptions: confirm them before the first enrolment.")


def assumptions(protocol: "StudyProtocol") -> list[str]:
    """The keys whose value no registry states."""
    from schedules.protocol import Source

    return [value.key for value in protocol.values if value.source is Source.ASSUMPTION]


@group.command("show")
def show(as_json: JsonOption = False) -> None:
    """Print the protocol in force: its visits, and every value with its source mark."""
    protocol = in_force()
    if as_json:
        print_json(show_document(protocol))
        return
    print(f"{protocol.id}, version {protocol.version}, {protocol.fingerprint}")
    print(f"{protocol.names['en']}\n{protocol.names['zh']}\n")
    print_table(
        ("visit", "day", "visit window", "endoscopy", "name"),
        [
            (
                visit.code,
                str(visit.day_offset),
                f"{visit.day_offset - visit.days_before} to {visit.day_offset + visit.days_after}",
                "yes" if visit.endoscopy else "no",
                f"{visit.names['en']}, {visit.names['zh']}",
            )
            for visit in protocol.visits
        ],
    )
    print()
    print_table(
        ("key", "source", "value"),
        [(value.key, value.source.value, _one_line(value.value)) for value in protocol.values],
    )


def show_document(protocol: "StudyProtocol") -> dict[str, object]:
    """The protocol as JSON."""
    return {
        "id": protocol.id,
        "version": protocol.version,
        "fingerprint": protocol.fingerprint,
        "visits": [
            {
                "visit": visit.code,
                "day_offset": visit.day_offset,
                "days_before": visit.days_before,
                "days_after": visit.days_after,
                "endoscopy": visit.endoscopy,
                "baseline": visit.baseline,
                "names": dict(visit.names),
            }
            for visit in protocol.visits
        ],
        "values": [
            {"key": value.key, "value": _plain(value.value), "source": value.source.value} for value in protocol.values
        ],
    }


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | list | dict) else str(value)


def _one_line(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def in_force() -> "StudyProtocol":
    """The protocol in force, word for word as adopted; of a new study database the file that is set."""
    from bot.actions.study import protocol_in_force
    from bot.settings import load_settings
    from bot.wiring import protocol_path
    from schedules.loader import load_protocol, parse_protocol

    settings = load_settings()
    with opened(settings) as database, database.read() as session:
        row = protocol_in_force(session)
    if row is None:
        return load_protocol(protocol_path(settings))
    return parse_protocol(row.text, f"protocol version {row.version}")


@group.command("adopt")
def adopt(
    file: FileArgument,
    from_on: Annotated[date, typer.Option("--from", metavar="DATE", parser=read_day)],
    reason: ReasonOption,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would change; nothing is stored.")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a changed file in force; visits already held keep the version they were held under."""
    from bot.actions.adopt_protocol import adopt_protocol, preview_adoption
    from bot.people.actor import Origin
    from bot.settings import load_settings
    from bot.storage.run_lock import check_can_write_beside
    from bot.storage.trail import Trail
    from bot.wiring import make_clock

    settings = load_settings()
    if preview:
        with opened(settings) as database, database.read() as session:
            found = preview_adoption(session, file)
    else:
        check_can_write_beside(settings.database)
        clock = make_clock(settings)
        with opened(settings) as database, database.write() as session:
            trail = Trail(session, clock.now(), acting(session, by), Origin.COMMAND, clock.shifted)
            found = adopt_protocol(trail, file, from_on=from_on, reason=reason)
    if as_json:
        print_json(adoption_document(found, from_on))
        return
    print_adoption(found)
    if preview:
        print("Nothing was changed.")
    else:
        print(
            f"Version {found.new_version} is in force, from {from_on}. Set CDAI_PROTOCOL to {file} and restart `run`."
        )


@contextmanager
def opened(settings: "Settings") -> Iterator["Database"]:
    """The study database with the right schema, whichever protocol is in force."""
    from bot.storage.database import Database
    from bot.storage.schema import check_schema

    database = Database(settings.database)
    try:
        check_schema(database)
        yield database
    finally:
        database.close()


def adoption_document(found: "AdoptionPreview", from_on: date) -> dict[str, object]:
    """What adopting changes, as JSON."""
    return {
        "from_version": found.old_version,
        "to_version": found.new_version,
        "fingerprint": found.fingerprint,
        "from": from_on.isoformat(),
        "values": [{"key": one.key, "old": one.old, "new": one.new} for one in found.values],
        "visits": [
            {
                "participant": one.participant,
                "visit": one.visit,
                "on": [one.before.on.isoformat(), one.after.on.isoformat()],
                "window": [
                    [one.before.first.isoformat(), one.before.last.isoformat()],
                    [one.after.first.isoformat(), one.after.last.isoformat()],
                ],
                "asked_days": [len(one.before.asked_days), len(one.after.asked_days)],
            }
            for one in found.visits
        ],
    }


def print_adoption(found: "AdoptionPreview") -> None:
    """What adopting changes, in lines."""
    print(f"Protocol version {found.old_version or 'none'} -> {found.new_version}")
    for value in found.values:
        print(f"  {value.key}: {_one_line(value.old or 'absent')} -> {_one_line(value.new or 'absent')}")
    print(f"{len(found.visits)} visits not yet held change; held visits keep their version.")
    for one in found.visits:
        before, after = one.before, one.after
        print(
            f"  {one.participant} {one.visit}: on {before.on} -> {after.on}, window {before.first} to {before.last} -> "
            f"{after.first} to {after.last}, asked days {len(before.asked_days)} -> {len(after.asked_days)}"
        )
