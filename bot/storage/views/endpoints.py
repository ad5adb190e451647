"""The study's endpoints from the stored drafts' sources: every participant and visit, and the table made of them."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlmodel import Session

from bot.scoring.endpoints import Outcome, VisitFacts, facts_from_draft, visit_outcomes
from bot.scoring.study_table import StudyRow, study_table
from bot.storage.participants import all_participants
from bot.storage.tables import ParticipantRow
from bot.storage.views.draft import read_draft
from bot.storage.visits import calendar_of
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit


def participant_facts(
    session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime
) -> Iterator[VisitFacts]:
    """What is known for the endpoints of each of a participant's visits, in the protocol's order."""
    for visit in calendar_of(session, participant, protocol).visits:
        yield _facts(session, participant, visit, protocol, now)


def participant_outcomes(
    session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime
) -> dict[str, dict[str, Outcome]]:
    """Every endpoint of every visit of one participant, by visit code."""
    facts = participant_facts(session, participant, protocol, now)
    return {one.visit: dict(visit_outcomes(one, protocol.rules)) for one in facts}


def read_study_table(
    session: Session, protocol: StudyProtocol, now: datetime, *, sites: Collection[str] | None = None
) -> tuple[StudyRow, ...]:
    """The study table as of `now`, over all participants or those of some sites."""
    wanted = [one for one in all_participants(session) if sites is None or one.site in sites]
    facts = [one for participant in wanted for one in participant_facts(session, participant, protocol, now)]
    return study_table(
        facts, [visit.code for visit in protocol.visits], protocol.rules, baseline_visit=protocol.baseline.code
    )


def _facts(
    session: Session, participant: ParticipantRow, visit: ScheduledVisit, protocol: StudyProtocol, now: datetime
) -> VisitFacts:
    """A visit that was not held has no draft to ask, and none is needed to say that it is missing."""
    withdrawn = participant.withdrawn_at is not None
    if not visit.held:
        return VisitFacts(
            participant=participant.code,
            visit=visit.code,
            state=visit.state.value,
            is_baseline=visit.baseline,
            withdrawn=withdrawn,
        )
    draft = read_draft(session, participant, visit.code, protocol, now).draft
    return facts_from_draft(draft, state=visit.state.value, withdrawn=withdrawn)
