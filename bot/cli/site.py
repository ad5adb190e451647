"""What the commands of a site share: dates and instants as typed, the participant meant, and plain tables."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from sqlmodel import Session

    from bot.cli.common import Work
    from bot.storage.tables import ParticipantRow

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def one_of(*words: str) -> Callable[[str], str]:
    """A reader for one of a few words. It raises BadParameter, which counts as wrong usage."""

    def read_word(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f"{text} must be {', '.join(words[:-1])} or {words[-1]}.")
        return text

    return read_word


def read_day(text: str) -> date:
    """A date as typed: year, month and day. Raises BadParameter, which counts as wrong usage."""
    try:
        return date.fromisoformat(text if ISO_DAY.fullmatch(text) else "")
    except ValueError:
        raise typer.BadParameter(f"{text} is not a date: write year, month and day, as in 2026-06-09.") from None


def read_time(text: str) -> time:
    """A time of day as typed: hours and minutes."""
    if not ISO_TIME.fullmatch(text):
        raise typer.BadParameter(f"{text} is not a time of day: write hours and minutes, as in 09:30.")
    return time.fromisoformat(text)


def read_instant(text: str) -> datetime:
    """An instant as typed; without an offset it is the wall clock of the site, which the command knows."""
    try:
        return datetime.fromisoformat(text if ":" in text else "")
    except ValueError:
        raise typer.BadParameter(
            f"{text} is not an instant: write it as in 2026-06-09T09:30, site time, or with an offset."
        ) from None


CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The participant's code, as in SH-001.")]
VisitArgument = Annotated[str, typer.Argument(metavar="VISIT", help="The visit's code, as in W04.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="R", help="Why, for the audit trail.")]


def participant_for(work: "Work", code: str) -> "ParticipantRow":
    """The participant meant, named in the trail; staff of another site are told that there is none."""
    from bot.people.actor import ActorKind
    from bot.storage.participants import participant_by_code

    row = participant_by_code(work.session, code)
    if work.trail.actor.kind is ActorKind.STAFF:
        check_same_site(work.session, work.trail.actor.id, row.site, code)
    work.trail.participant = code
    return row


def check_same_site(session: "Session", staff: str, site: str, code: str) -> None:
    """Refuse a participant of another site in the words used for one who does not exist."""
    from sqlmodel import select

    from bot.errors import NotFoundError
    from bot.people.roles import sees_site
    from bot.storage.tables import StaffRow

    account = session.exec(select(StaffRow).where(StaffRow.name == staff)).first()
    if account is None or not sees_site(account.site, site):
        raise NotFoundError(f"There is no participant {code}: `participant list` shows those enrolled.")


def check_own_site(work: "Work", site: str) -> None:
    """Refuse staff who would enrol at a site that is not theirs; an operator may."""
    from sqlmodel import select

    from bot.errors import NotAllowedError
    from bot.people.actor import ActorKind
    from bot.people.roles import sees_site
    from bot.storage.tables import StaffRow

    if work.trail.actor.kind is not ActorKind.STAFF:
        return
    account = work.session.exec(select(StaffRow).where(StaffRow.name == work.trail.actor.id)).first()
    if account is None or not sees_site(account.site, site):
        raise NotAllowedError(f"The account {work.trail.actor.id} does not belong to the site {site}.")


def invite_link(session: "Session", token: str) -> str | None:
    """The link that opens the chat; None until `run` has learnt the bot's name."""
    from bot.storage.tables import InstanceRow
    from bot.wiring.service import BOT_USERNAME

    name = session.get(InstanceRow, BOT_USERNAME)
    return None if name is None else f"https://t.me/{name.value.lstrip('@')}?start={token}"


def utc_text(at: datetime) -> str:
    """An instant as JSON shows it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head, columns lined up in both scripts."""
    from bot.documents.plain import aligned

    for line in aligned([tuple(head), *(tuple(row) for row in rows)]):
        print(line.rstrip())
