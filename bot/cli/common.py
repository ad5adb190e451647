"""What every command shares: settings, the opened study, who acts, and how to print."""

import gc
import getpass
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # the rooms are opened when a command runs, so that --help stays quick
    from datetime import datetime

    from sqlmodel import Session

    from bot.actions.study import Study
    from bot.people.actor import Actor
    from bot.storage.trail import Trail
    from bot.wiring import OpenStudy

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="The staff account that acts; without it, you as operator."),
]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Collect no garbage meanwhile, and never look through what there is afterwards: it stays as long as we do.

    It takes a tenth off loading. Later a collection among all of it would hold up whoever taps at that moment, and the
    one at the very end whoever waits for the command.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@dataclass(frozen=True, slots=True)
class Work:
    """One command's transaction: who acts, on which study, and at which study time."""

    room: "OpenStudy"
    session: "Session"
    trail: "Trail"

    @property
    def study(self) -> "Study":
        return self.room.study

    @property
    def now(self) -> "datetime":
        return self.trail.now


@dataclass(frozen=True, slots=True)
class Look:
    """One command's look at the study; nothing is written."""

    room: "OpenStudy"
    session: "Session"
    now: "datetime"

    @property
    def study(self) -> "Study":
        return self.room.study


@contextmanager
def writing(by: str | None) -> Iterator[Work]:
    """One transaction that commits at the end of the block, with a trail in the name of `--by` or the operator."""
    from bot.people.actor import Origin
    from bot.settings import load_settings
    from bot.storage.trail import Trail
    from bot.wiring import open_study

    with open_study(load_settings(), writing=True, actor=operator()) as room, room.database.write() as session:
        trail = Trail(session, room.clock.now(), acting(session, by), Origin.COMMAND, room.clock.shifted)
        yield Work(room, session, trail)


@contextmanager
def looking() -> Iterator[Look]:
    """A read-only session on the study."""
    from bot.settings import load_settings
    from bot.wiring import open_study

    with open_study(load_settings(), writing=False) as room, room.database.read() as session:
        yield Look(room, session, room.clock.now())


def acting(session: "Session", by: str | None) -> "Actor":
    """The staff account of that name, else the operator at this console.

    Raises NotFoundError for an unknown account and NotAllowedError for a disabled one.
    """
    from sqlmodel import select

    from bot.errors import NotAllowedError, NotFoundError
    from bot.people.actor import Actor, ActorKind
    from bot.storage.tables import StaffRow

    if by is None:
        return operator()
    row = session.exec(select(StaffRow).where(StaffRow.name == by)).first()
    if row is None:
        raise NotFoundError(f"There is no staff account {by}: create it with `staff add`, or leave out --by.")
    if row.disabled_at is not None:
        raise NotAllowedError(f"The staff account {by} has been disabled since {row.disabled_at:%Y-%m-%d}.")
    return Actor(ActorKind.STAFF, row.name, row.role)


def operator() -> "Actor":
    """The person at this console, by login."""
    from bot.people.actor import operator_actor

    try:
        return operator_actor(getpass.getuser())
    except (KeyError, OSError):  # a container's user need not have a name
        return operator_actor("unnamed")


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def say(sentence: str) -> None:
    """Say something to the person at the console, on stderr, so that stdout stays clean."""
    print(sentence, file=sys.stderr)


class LogFile(io.StringIO):
    """`commands.log` in the data folder, opened only when there is something to write; nowhere without a folder."""

    def write(self, text: str) -> int:
        folder = Path(os.environ.get("CDAI_DATA_DIR") or "data")
        if folder.is_dir() and os.access(folder, os.W_OK):
            with (folder / "commands.log").open("a", encoding="utf-8") as file:
                file.write(text)
        return len(text)


def log_to_file() -> None:
    """Keep log lines off the console, where only sentences for people belong."""
    from bot.log import set_up

    set_up(stream=LogFile())
