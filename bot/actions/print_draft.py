"""Print the CDAI draft of a visit as one page; what is printed is kept on record as printed."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise

from sqlmodel import Session, col, select

from bot.actions.pull_draft import pull_draft
from bot.actions.show_signature import signature_block
from bot.actions.store_draft import store_draft
from bot.actions.study import Study
from bot.diary.completeness import DayState
from bot.documents.pdf.compile import render_pdf
from bot.documents.pdf.parts import Anchor, Background, DayChange, TrendPoint
from bot.storage.signatures import latest_signature
from bot.storage.tables import AuditRow, EntryRow, ParticipantRow, StoredDraftRow
from bot.storage.trail import Trail, entity_of, id_of
from bot.storage.views.draft import Drafts, DraftSources
from bot.storage.views.records import read_record
from schedules.visits import STOPPED

ITEMS = ("stools", "pain", "wellbeing", "antidiarrhoeal")


def print_draft(
    audit: Trail, participant: ParticipantRow, visit: str, language: str, *, study: Study, synthetic: bool = False
) -> bytes:
    """The draft as of now as a PDF, after it was stored as printed; the page names the audit event of the storing.

    Raises NotAllowedError, ScheduleError when the study has no such visit, RefusedError when the visit does not take
    place, InvalidInputError when a text holds a character that the page cannot show.
    """
    row = store_draft(audit, participant, visit, "printed", study=study)
    return draft_pdf(
        audit.session,
        participant,
        visit,
        language,
        study=study,
        now=audit.now,
        anchor=signed_anchor(audit.session, participant, visit) or anchor_of(audit.session, row),
        synthetic=synthetic,
    )


def draft_pdf(
    session: Session,
    participant: ParticipantRow,
    visit: str,
    language: str,
    *,
    study: Study,
    now: datetime,
    anchor: Anchor | None = None,
    synthetic: bool = False,
) -> bytes:
    """The page of a visit as it stands at `now`, with its last signature; nothing is stored.

    `synthetic` marks the data of a demonstration.
    """
    pulled = pull_draft(session, participant.code, visit, study=study, now=now)
    background = background_of(session, participant, visit, study=study, now=now, synthetic=synthetic)
    signature = None if pulled.signature is None else signature_block(pulled.signature, language)
    return render_pdf(pulled.draft, pulled.header, language, signature=signature, anchor=anchor, background=background)


def background_of(
    session: Session, participant: ParticipantRow, visit: str, *, study: Study, now: datetime, synthetic: bool = False
) -> Background:
    """The course up to the visit, and when its days were entered late or corrected."""
    person, records = read_record(session, participant)
    return background_from(Drafts(person, records, study.protocol, now), visit, synthetic=synthetic)


def background_from(drafts: Drafts, visit: str, *, synthetic: bool = False) -> Background:
    """The same from records that have been read already."""
    found = drafts.draft(visit)
    baseline = found.diary.calendar.visit(drafts.protocol.baseline.code)
    return Background(
        study=found.protocol.registry_id or found.protocol.id,
        baseline_on=baseline.on if baseline.held else None,
        trend=tuple(_trend(drafts, found)),
        changes=tuple(_changes(found)),
        late_at=dict(_late(found)),
        synthetic=synthetic,
    )


def anchor_of(session: Session, row: StoredDraftRow) -> Anchor | None:
    """The last audit event of a stored draft: the same for every print of the same content."""
    event = session.exec(
        select(AuditRow)
        .where(AuditRow.entity == entity_of(row), AuditRow.entity_id == id_of(row))
        .order_by(col(AuditRow.seq).desc())
    ).first()
    return None if event is None else Anchor(event.seq, event.hash)


def signed_anchor(session: Session, participant: ParticipantRow, visit: str) -> Anchor | None:
    """The audit event of the signature that stands on a visit; None without one."""
    latest = latest_signature(session, participant.id or 0, visit)
    event = session.get(AuditRow, latest.row.audit_seq) if latest is not None and latest.stands else None
    return None if event is None else Anchor(event.seq, event.hash)


def _trend(drafts: Drafts, found: DraftSources) -> Iterator[TrendPoint]:
    """The earlier visits that were held, oldest first."""
    for visit in found.diary.calendar.visits:
        if visit.code == found.visit.code:
            return
        if visit.held and visit.state not in STOPPED:
            draft = drafts.draft(visit.code).draft
            yield TrendPoint(visit.code, draft.total, None if draft.total is not None else draft.interval)


def _changes(found: DraftSources) -> Iterator[DayChange]:
    """Every answer that a later revision of an entry changed, day by day."""
    for on, record in sorted(found.diary.records.items()):
        for before, after in pairwise(record.entries):
            yield from _changed_items(on, before, after)


def _changed_items(on: date, before: EntryRow, after: EntryRow) -> Iterator[DayChange]:
    for item in ITEMS:
        old, new = getattr(before, item), getattr(after, item)
        if old is not None and new is not None and old != new:
            yield DayChange(on, item, old, new, after.source, after.submitted_at)


def _late(found: DraftSources) -> Iterator[tuple[date, datetime]]:
    for on, record in found.diary.records.items():
        if record.state is DayState.LATE and record.entries:
            yield on, record.entries[0].submitted_at
