"""The command line: its commands and groups, and the one place where errors become sentences and exit codes."""

import secrets
import sys
from collections.abc import Callable

import typer

from bot.cli import (
    assess,
    audit,
    check,
    demo,
    draft,
    migrate,
    participant,
    protocol,
    rehearse,
    run,
    score,
    staff,
    study_table,
    visit,
)
from bot.cli.common import log_to_file, say
from schedules.errors import ScheduleError

app = typer.Typer(
    name="cdai-diary",
    help="A symptom diary by chat for Crohn's disease studies, and the CDAI draft that a clinician signs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    run, demo, check, migrate, protocol, participant, visit, assess, draft, study_table, score, staff, audit, rehearse,
)  # fmt: skip
for command in COMMANDS:
    command.register(app)


def main() -> None:
    """Run the command line and leave with its exit code."""
    log_to_file()
    sys.exit(guarded(app))


def guarded(act: Callable[[], object]) -> int:
    """Run and answer the exit code: 0 done, 1 refused or failed with one sentence, 2 wrong usage."""
    try:
        act()
    except SystemExit as end:  # usage errors have been shown by then
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  # the last wall: no traceback ever reaches a person
        return explain(error)
    return 0


def explain(error: Exception) -> int:
    """Say in one sentence what went wrong; answers the exit code."""
    if isinstance(error, ScheduleError):
        say(error.message)
        return getattr(error, "exit_code", 1)
    return explain_surprise(error)


def explain_surprise(error: Exception) -> int:
    """A failure that nobody foresaw: a number for the person, the places in the code for the log."""
    from bot.log import get_logger
    from bot.storage.trouble import DATABASE_TROUBLE

    number = secrets.token_hex(4)
    get_logger(__name__).error("command_failed", error_id=number, exc_info=error)
    if isinstance(error, DATABASE_TROUBLE):
        say(f"The study database does not answer (error {number}): check CDAI_DATABASE_URL, free space and rights.")
    elif isinstance(error, OSError) and error.filename:
        say(
            f"{error.filename} cannot be used ({error.strerror}, error {number}): check the path and your rights there."
        )
    else:
        say(f"Something went wrong that should not ({type(error).__name__}, error {number}); the log holds the place.")
    return 1
