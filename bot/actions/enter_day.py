"""Enter a diary day that a participant gave by phone or at the site; the value bears its source and the reason."""

from datetime import date

from bot.actions.entries_by_staff import Values, add_revision, check_values, source_of
from bot.actions.site_acts import check_may, check_not_withdrawn, check_reason
from bot.actions.study import Study
from bot.diary.completeness import timing_of
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.tables import EntryRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.days import DayRecord, Diary, read_diary


def enter_day(
    audit: Trail, participant: ParticipantRow, day: date, values: Values, *, reason: str | None, study: Study
) -> EntryRow:
    """Store the day; before closing it counts as on time or late, after closing it is kept but not scored.

    Raises RefusedError for a day that is not asked, excluded or not yet open, and for a closed day that has an
    entry: that one is corrected by a request.
    """
    check_may(audit.actor, Permission.RUN_DIARY, "enter diary days")
    check_not_withdrawn(participant, "no day is entered any more")
    words = check_reason(reason, "enter a day for a participant")
    check_values(values, study)
    diary = read_diary(audit.session, participant, study.protocol, audit.now, days=[day])
    record = diary.records[day]
    check_can_enter(diary, record, audit)
    if dict(record.submitted_values) == {item.value: value for item, value in values.items()}:
        raise RefusedError("The diary day %(day)s holds these values already: nothing was changed.", day=day)
    return add_revision(
        audit, participant, record, values, timing=_timing(audit, record), source=source_of(audit), reason=words,
        study=study,
    )  # fmt: skip


def check_can_enter(diary: Diary, record: DayRecord, audit: Trail) -> None:
    """Refuse a day that staff may not enter now."""
    if audit.now < record.day.opens_at:
        raise RefusedError(
            "The diary day %(day)s has not begun: it opens at %(at)s UTC.",
            day=record.on,
            at=f"{record.day.opens_at:%H:%M}",
        )
    if diary.calendar.exclusion(record.on) is not None:
        raise RefusedError("The diary day %(day)s is excluded as a preparation or endoscopy day.", day=record.on)
    if not belongs(diary, record.on):
        raise RefusedError("No visit asks for the diary day %(day)s: nothing was stored.", day=record.on)
    if record.entry is not None and not record.day.is_open(audit.now):
        raise RefusedError(
            "The diary day %(day)s is closed and has an entry: ask for a correction instead.", day=record.on
        )


def belongs(diary: Diary, day: date) -> bool:
    """Whether a day is asked or scored for some visit."""
    return any(day in visit.asked_days or day in visit.scoring_days for visit in diary.calendar.visits)


def _timing(audit: Trail, record: DayRecord) -> str:
    if record.entry is not None:
        return record.entry.timing
    return timing_of(audit.now, record.day).value
