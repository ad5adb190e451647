"""The one next step for a participant: whom to call, nudge, invite, move or check in, and before what time."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.storage.views.board import BoardLine, Group
from schedules.visits import VisitState

FEW_SPARE = 2  # with so few days to lose a reminder is not enough: call


class Deed(StrEnum):
    """What a person does next."""

    CALL = "call"
    NUDGE = "nudge"
    INVITE = "invite"
    MOVE = "move"
    CHECK_IN = "check_in"
    DRAFT = "draft"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """A deed with its deadline, or for a move the earliest date that can be evaluated (None: there is none)."""

    deed: Deed
    before: datetime | None = None
    earliest: date | None = None


def next_step(line: BoardLine, *, earliest: date | None = None) -> Step:
    """The most useful thing a coordinator can do for this participant now."""
    if line.group is Group.SAVE:
        return Step(Deed.CALL if needs_a_call(line) else Deed.NUDGE, line.deadline)
    if line.group is Group.CANNOT:
        return Step(Deed.MOVE, earliest=earliest)
    if line.group is Group.TODAY and line.visit is not None:
        return Step(Deed.CHECK_IN if line.visit.state is VisitState.PLANNED else Deed.DRAFT)
    if line.group is Group.TRACK and line.person.reach in ("blocked", "stopped"):
        return Step(Deed.CALL)
    if line.group is Group.TRACK and line.person.reach == "unbound":
        return Step(Deed.INVITE)
    return Step(Deed.NOTHING)


def needs_a_call(line: BoardLine) -> bool:
    """Whether only a call will do: the chat does not reach, or hardly a day more may be lost."""
    if not can_nudge(line):
        return True
    outlook = line.outlook
    return outlook is not None and not outlook.evaluable and outlook.spare <= FEW_SPARE


def can_nudge(line: BoardLine) -> bool:
    """Whether a message would arrive and may be sent unasked."""
    return line.person.reach in ("reached", "waiting") and line.person.row.withdrawn_at is None
