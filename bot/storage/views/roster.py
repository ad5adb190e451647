"""Every participant in one line: where they stand, how they are asked, and whether messages reach them."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.storage.participants import all_participants, bound_chat, zone_history
from bot.storage.tables import ParticipantRow
from bot.storage.visits import calendar_of
from schedules.protocol import StudyProtocol
from schedules.visits import VisitState
from schedules.windows import local_day, zone_on


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One participant; `reach` is proved, waiting, blocked, or None without a chat."""

    code: str
    site: str
    status: str
    language: str
    timezone: str
    hour: str
    joined: datetime | None
    reach: str | None


def roster(session: Session, protocol: StudyProtocol, now: datetime) -> list[RosterLine]:
    """All participants in order of their codes."""
    return [_line(session, participant, protocol, now) for participant in all_participants(session)]


def _line(session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime) -> RosterLine:
    history = zone_history(session, participant.id or 0)
    return RosterLine(
        code=participant.code,
        site=participant.site,
        status=status_of(session, participant, protocol),
        language=participant.language,
        timezone=zone_on(history, local_day(now, history)),
        hour=participant.hour,
        joined=participant.joined_at,
        reach=_reach(session, participant),
    )


def status_of(session: Session, participant: ParticipantRow, protocol: StudyProtocol) -> str:
    """Say where a participant stands: withdrawn, finished, stopped, invited or active; the first that applies."""
    if participant.withdrawn_at is not None:
        return "withdrawn"
    visits = calendar_of(session, participant, protocol).visits
    if all(visit.state is not VisitState.PLANNED for visit in visits):
        return "finished"
    if participant.stopped_at is not None:
        return "stopped"
    return "invited" if participant.joined_at is None else "active"


def _reach(session: Session, participant: ParticipantRow) -> str | None:
    chat = bound_chat(session, participant.id or 0)
    if chat is None:
        return None
    if chat.blocked_at is not None:
        return "blocked"
    return "waiting" if chat.reach_at is None else "proved"
