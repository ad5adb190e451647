"""Pull the CDAI draft of a visit as of now; nothing is stored by looking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.actions.study import Study
from bot.documents.draft_header import DraftHeader, Entered
from bot.scoring.changes import SinceStored
from bot.scoring.draft import Draft
from bot.storage.assessments import value_of
from bot.storage.participants import participant_by_code
from bot.storage.signatures import SignedOnce, latest_signature
from bot.storage.stored_drafts import since_last_stored
from bot.storage.tables import AssessmentRow, ParticipantRow
from bot.storage.views.draft import DraftSources, read_draft


@dataclass(frozen=True, slots=True)
class PulledDraft:
    """A draft, what its document says besides the score, and the visit's last signature, void or not.

    The header knows what changed since the last stored draft.
    """

    draft: Draft
    header: DraftHeader
    signature: SignedOnce | None = None


def pull_draft(session: Session, code: str, visit: str, *, study: Study, now: datetime) -> PulledDraft:
    """The draft with what it was read from; NotFoundError or ScheduleError when there is no such visit."""
    study.protocol.visit(visit)
    participant = participant_by_code(session, code)
    found = read_draft(session, participant, visit, study.protocol, now)
    since = since_last_stored(session, participant.id or 0, found.draft, found.protocol.fingerprint)
    signature = latest_signature(session, participant.id or 0, visit)
    return PulledDraft(found.draft, header_of(participant, found, since), signature)


def header_of(participant: ParticipantRow, found: DraftSources, since: SinceStored | None) -> DraftHeader:
    """What a draft's document says besides the score."""
    site, planned = found.protocol.site(participant.site), found.protocol.visit(found.visit.code)
    names = {language: f"{planned.code} {name}" for language, name in planned.names.items()}
    return DraftHeader(
        visit_names=names,
        site_names=site.names,
        tzid=site.timezone,
        protocol_version=found.protocol.version,
        protocol_fingerprint=found.protocol.fingerprint,
        entered={component: _entered(row) for component, row in found.clinic.items()},
        since=since,
    )


def _entered(row: AssessmentRow) -> Entered:
    given: Any = value_of(row)
    measured = given if row.component in ("hct", "weight") else {}
    return Entered(
        visit=row.visit,
        by=row.entered_by,
        at=row.entered_at,
        revision=row.revision,
        value=measured.get("value"),
        unit=measured.get("unit"),
    )
