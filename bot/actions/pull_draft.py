"""Pull the CDAI draft of a visit as of now; nothing is stored by looking."""

from datetime import datetime

from sqlmodel import Session

from bot.actions.study import Study
from bot.storage.participants import participant_by_code
from bot.storage.views.draft import DraftSources, read_draft


def pull_draft(session: Session, code: str, visit: str, *, study: Study, now: datetime) -> DraftSources:
    """The draft with what it was read from; NotFoundError or ScheduleError when there is no such visit."""
    study.protocol.visit(visit)
    return read_draft(session, participant_by_code(session, code), visit, study.protocol, now)
