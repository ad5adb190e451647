"""`audit`: verify both chains with their rows, guards and anchors, and write an anchor."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import JsonOption, print_json, say

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.settings import Settings
    from bot.storage.chain import Verification
    from bot.storage.database import Database

group = typer.Typer(help="Verify the audit trail, and anchor it outside the database.", no_args_is_help=True)
AnchorOption = Annotated[
    Path | None,
    typer.Option("--anchor", metavar="FILE", help="Anchors written before; without, a cut at the end can pass."),
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="audit")


@group.command("verify")
def verify(anchor: AnchorOption = None, as_json: JsonOption = False) -> None:
    """Verify both chains, the rows they tell of, the guards, and the anchors where given: 0 intact, else 1."""
    from bot.storage.anchors import read_anchors
    from bot.storage.chain import verify_database

    anchors = read_anchors(anchor) if anchor is not None else ()
    with opened() as (_settings, database):
        found = verify_database(database, anchors)
    if as_json:
        print_json(found.as_json())
    else:
        print_findings(found, anchored=anchor is not None)
    if not found.intact:
        raise typer.Exit(1)


def print_findings(found: "Verification", *, anchored: bool) -> None:
    """One line for each finding, or what was found intact."""
    for finding in found.findings:
        print(finding.sentence)
    if found.intact:
        events, looks = found.events["audit_event"], found.events["access_event"]
        print(f"Intact: {events} audit events, {looks} access events, {found.anchors} anchors.")
    if not anchored:
        say("Without --anchor FILE, a chain that was cut at its end or written anew can look intact.")


@group.command("anchor")
def anchor_to(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Grows by one line; keep it elsewhere.")],
) -> None:
    """Append the heads of both chains, with the time, as one line of JSON."""
    from bot.actions.anchor_audit import anchor_audit
    from bot.storage.run_lock import check_can_write_beside
    from schedules.clock import SystemClock

    with opened() as (settings, database):
        check_can_write_beside(settings.database)
        made = anchor_audit(database, file, at=SystemClock().system_now())
    say(f"Anchored event {made.audit.seq} in {file}: {made.audit.hash}.")


@contextmanager
def opened() -> "Iterator[tuple[Settings, Database]]":
    """The database with this version's schema, closed at the end; no protocol is needed."""
    from bot.settings import load_settings
    from bot.storage.database import Database
    from bot.storage.schema import check_schema

    settings = load_settings()
    database = Database(settings.database)
    try:
        check_schema(database)
        yield settings, database
    finally:
        database.close()
