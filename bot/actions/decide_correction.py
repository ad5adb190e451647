"""Corrections of closed days: asked for with values and a reason, approved or declined by the clinician."""

from datetime import date

from sqlmodel import Session, col, select

from bot.actions.entries_by_staff import Values, add_revision, check_values
from bot.actions.site_acts import check_may, check_reason
from bot.actions.study import Study
from bot.actions.tasks import close_tasks, open_task
from bot.diary.completeness import Timing
from bot.diary.items import Item
from bot.errors import NotFoundError, RefusedError
from bot.people.roles import Permission
from bot.storage.tables import CorrectionRow, EntryRow, ParticipantRow
from bot.storage.trail import Trail, insert, update
from bot.storage.views.days import DayRecord, read_diary
from schedules.errors import Term


def correction_by_id(session: Session, correction_id: int) -> CorrectionRow:
    """The request of this number."""
    row = session.get(CorrectionRow, correction_id)
    if row is None:
        raise NotFoundError("There is no such request for a correction.")
    return row


def propose_correction(
    audit: Trail, participant: ParticipantRow, day: date, values: Values, *, reason: str | None, study: Study
) -> CorrectionRow:
    """Ask for a correction, or give the participant's own open request its values and reason."""
    check_may(audit.actor, Permission.REQUEST_CORRECTION, "ask for corrections")
    words = check_reason(reason, "ask for a correction")
    check_values(values, study)
    _closed_record(audit, participant, day, study)
    row = _open_request(audit.session, participant, day)
    if row is None:
        row = CorrectionRow(
            participant_id=participant.id or 0,
            diary_day=day,
            requested_at=audit.now,
            reference=audit.request_id,
            requested_by=audit.actor.id,
        )
        insert(audit, row, "request_correction", fields=("diary_day", "requested_by"))
        open_task(audit, participant, "correction")
    update(
        audit,
        row,
        "propose_correction",
        reason=words,
        request_reason=words,
        **{item.value: value for item, value in values.items()},
    )
    return row


def approve_correction(
    audit: Trail, row: CorrectionRow, participant: ParticipantRow, values: Values, *, reason: str | None, study: Study
) -> EntryRow:
    """Approve with these values: a new revision; a day submitted in time stays so, another is kept but not scored."""
    check_may(audit.actor, Permission.APPROVE_CORRECTION, "approve corrections")
    _check_open(row)
    words = check_reason(reason or row.request_reason, "approve a correction")
    check_values(values, study)
    record = _closed_record(audit, participant, row.diary_day, study)
    if dict(record.submitted_values) == {item.value: value for item, value in values.items()}:
        raise RefusedError(
            "The diary day %(day)s holds these values already: decline the request instead.", day=row.diary_day
        )
    update(
        audit, row, "approve_correction", reason=words, state="approved", decided_at=audit.now,
        decided_by=audit.actor.id, decision_reason=words, **{item.value: value for item, value in values.items()},
    )  # fmt: skip
    _close_task(audit, participant)
    return add_revision(
        audit,
        participant,
        record,
        values,
        timing=record.entry.timing if record.entry else Timing.AFTER_CLOSING.value,
        source="participant" if row.requested_by is None else "staff",
        reason=words,
        study=study,
    )


def decline_correction(audit: Trail, row: CorrectionRow, participant: ParticipantRow, *, reason: str | None) -> None:
    """Leave the day as it is, with the reason."""
    check_may(audit.actor, Permission.APPROVE_CORRECTION, "decline corrections")
    _check_open(row)
    words = check_reason(reason, "decline a correction")
    update(
        audit, row, "decline_correction", reason=words, state="declined", decided_at=audit.now,
        decided_by=audit.actor.id, decision_reason=words,
    )  # fmt: skip
    _close_task(audit, participant)


def proposed(row: CorrectionRow) -> Values | None:
    """The values asked for, once they are known."""
    if row.stools is None or row.pain is None or row.wellbeing is None:
        return None
    values = {Item.STOOLS: row.stools, Item.PAIN: row.pain, Item.WELLBEING: row.wellbeing}
    return values if row.antidiarrhoeal is None else {**values, Item.ANTIDIARRHOEAL: row.antidiarrhoeal}


def _check_open(row: CorrectionRow) -> None:
    if row.state != "open":
        raise RefusedError("This request was %(state)s already: nothing was changed.", state=Term(row.state))


def _closed_record(audit: Trail, participant: ParticipantRow, day: date, study: Study) -> DayRecord:
    record = read_diary(audit.session, participant, study.protocol, audit.now, days=[day]).records[day]
    if audit.now < record.day.closes_at:
        raise RefusedError("The diary day %(day)s is not closed yet: enter it for the participant instead.", day=day)
    return record


def _open_request(session: Session, participant: ParticipantRow, day: date) -> CorrectionRow | None:
    return session.exec(
        select(CorrectionRow).where(
            CorrectionRow.participant_id == participant.id,
            CorrectionRow.diary_day == day,
            CorrectionRow.state == "open",
        )
    ).first()


def _close_task(audit: Trail, participant: ParticipantRow) -> None:
    """The task ends with the last open request."""
    audit.session.flush()
    left = select(CorrectionRow.id).where(
        CorrectionRow.participant_id == participant.id, col(CorrectionRow.state) == "open"
    )
    if audit.session.exec(left.limit(1)).first() is None:
        close_tasks(audit, participant, "correction")
