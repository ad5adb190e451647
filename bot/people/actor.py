"""Who acts: a participant, a member of staff, an operator at the console, or the system itself."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The four kinds of originator an audit event can name."""

    PARTICIPANT = "participant"
    STAFF = "staff"
    OPERATOR = "operator"
    SYSTEM = "system"


class Origin(StrEnum):
    """The door through which an act came."""

    CHAT = "chat"
    PAGE = "page"
    CLINIC = "clinic"
    COMMAND = "command"
    HOUSEKEEPING = "housekeeping"


@dataclass(frozen=True, slots=True)
class Actor:
    """One originator: kind, a stable id (code, account or login; never a personal name of a participant), role."""

    kind: ActorKind
    id: str
    role: str


SYSTEM = Actor(ActorKind.SYSTEM, "system", "system")


def participant_actor(code: str) -> Actor:
    return Actor(ActorKind.PARTICIPANT, code, "participant")


def operator_actor(login: str) -> Actor:
    return Actor(ActorKind.OPERATOR, f"operator:{login}", "operator")
