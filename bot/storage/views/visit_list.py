"""A participant's visits with their windows, states and diary days, as they stand now."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from bot.diary.completeness import DayState
from bot.storage.tables import ParticipantRow
from bot.storage.views.days import Diary, read_whole_diary
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit


@dataclass(frozen=True, slots=True)
class VisitDay:
    """One diary day of a visit: `D-7` to `D-1`, farther back where days are excluded."""

    on: date
    label: str
    state: DayState


@dataclass(frozen=True, slots=True)
class ListedVisit:
    """One visit and its days, oldest first."""

    visit: ScheduledVisit
    days: tuple[VisitDay, ...]


def list_visits(
    session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime
) -> list[ListedVisit]:
    """Every visit of the protocol in its order."""
    diary = read_whole_diary(session, participant, protocol, now)
    return [ListedVisit(visit, _days(diary, visit)) for visit in diary.calendar.visits]


def _days(diary: Diary, visit: ScheduledVisit) -> tuple[VisitDay, ...]:
    """What is asked or scored for the visit, and what was passed over on the way back."""
    days = sorted({*visit.asked_days, *visit.scoring_days, *(day.on for day in visit.excluded)})
    return tuple(VisitDay(on, visit.label(on), diary.records[on].state) for on in days)
