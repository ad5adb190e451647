"""The study's endpoints from the stored drafts' sources: every participant and visit, and the table made of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.scoring.endpoints import Outcome, VisitFacts, facts_from_draft, visit_outcomes
from bot.scoring.study_table import StudyRow, study_table
from bot.storage.tables import ParticipantRow
from bot.storage.views.draft import Drafts
from bot.storage.views.kept import Found, Kept
from bot.storage.views.records import read_record, read_records_in_bulk
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


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of each of one participant's visits, in the protocol's order."""

    code: str
    site: str
    visits: tuple[VisitFacts, ...]


def kept_facts() -> Kept[PersonFacts]:
    """Everybody's facts, in order of the codes."""
    return Kept(work_out, lambda one: one.code)


def work_out(
    session: Session, protocol: StudyProtocol, now: datetime, ids: Collection[int] | None
) -> Mapping[int, Found[PersonFacts]]:
    """The facts of these participants, or of all, with the instant at which an open day may change them."""
    records = read_records_in_bulk(session, ids)
    found = {}
    for person in records.people:
        drafts, row = Drafts(person, records, protocol, now), person.participant
        facts = PersonFacts(row.code, row.site, tuple(person_facts(drafts)))
        found[row.id or 0] = Found(facts, drafts.hold_until())
    return found


def read_study_table(
    session: Session,
    protocol: StudyProtocol,
    now: datetime,
    *,
    sites: Collection[str] | None = None,
    kept: Kept[PersonFacts] | None = None,
) -> tuple[StudyRow, ...]:
    """The study table as of `now`, over all participants or those of some sites: a fixed number of queries.

    `kept` spares what has been worked out already.
    """
    known = (kept_facts() if kept is None else kept).read(session, protocol, now)
    facts = [one for person in known if sites is None or person.site in sites for one in person.visits]
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
