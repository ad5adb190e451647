"""The study's endpoints from the stored drafts' sources: every participant and visit, and the table made of them."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlmodel import Session

from bot.scoring.endpoints import Outcome, VisitFacts, facts_from_draft, visit_outcomes
from bot.scoring.study_table import StudyRow, study_table
from bot.storage.participants import all_participants
from bot.storage.tables import ParticipantRow
from bot.storage.views.draft import Drafts
from bot.storage.views.records import read_record, read_records
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit


def participant_facts(
    session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime
) -> Iterator[VisitFacts]:
    """What is known for the endpoints of each of a participant's visits, in the protocol's order."""
    person, records = read_record(session, participant)
    yield from person_facts(Drafts(person, records, protocol, now))


def person_facts(drafts: Drafts) -> Iterator[VisitFacts]:
    """The same from records that have been read already."""
    for visit in drafts.calendar(drafts.protocol).visits:
        yield _facts(drafts, visit)


def participant_outcomes(
    session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime
) -> dict[str, dict[str, Outcome]]:
    """Every endpoint of every visit of one participant, by visit code."""
    facts = participant_facts(session, participant, protocol, now)
    return {one.visit: dict(visit_outcomes(one, protocol.rules)) for one in facts}


def read_study_table(
    session: Session, protocol: StudyProtocol, now: datetime, *, sites: Collection[str] | None = None
) -> tuple[StudyRow, ...]:
    """The study table as of `now`, over all participants or those of some sites: ten queries, however many."""
    wanted = [one for one in all_participants(session) if sites is None or one.site in sites]
    records = read_records(session, wanted)
    facts = [one for person in records.people for one in person_facts(Drafts(person, records, protocol, now))]
    return study_table(
        facts, [visit.code for visit in protocol.visits], protocol.rules, baseline_visit=protocol.baseline.code
    )


def _facts(drafts: Drafts, visit: ScheduledVisit) -> VisitFacts:
    """A visit that was not held has no draft to ask, and none is needed to say that it is missing."""
    participant = drafts.person.participant
    withdrawn = participant.withdrawn_at is not None
    if not visit.held:
        return VisitFacts(
            participant=participant.code,
            visit=visit.code,
            state=visit.state.value,
            is_baseline=visit.baseline,
            withdrawn=withdrawn,
        )
    return facts_from_draft(drafts.draft(visit.code).draft, state=visit.state.value, withdrawn=withdrawn)
