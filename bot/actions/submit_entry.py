"""Submit a diary day: the answers on the card become a revision of the day's entry, and the day counts."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.actions.plan_messages import plan_day
from bot.actions.study import Study
from bot.actions.void_signatures import void_if_changed
from bot.diary.completeness import timing_of
from bot.errors import RefusedError
from bot.messages.instrument import WORDING_VERSION
from bot.storage.diary import add_entry
from bot.storage.tables import EntryRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.cards import asked_items, is_open
from bot.storage.views.days import DayRecord
from schedules.errors import Terms


def submit_entry(audit: Trail, participant: ParticipantRow, record: DayRecord, *, study: Study) -> None:
    """Store the entry; submitting unchanged answers again stores nothing.

    The first submission decides whether the day is on time or late; a later correction before closing keeps that.
    """
    if not is_open(record, audit.now):
        raise RefusedError("The diary day %(day)s is not open for an entry.", day=record.on)
    missing = Terms(item.value for item in asked_items(study.protocol) if item.value not in record.answers)
    if missing:
        raise RefusedError(
            "The diary day %(day)s cannot be submitted: %(missing)s not answered yet.", day=record.on, missing=missing
        )
    if dict(record.submitted_values) == dict(record.values):
        return
    add_entry(audit, _entry(audit, participant, record, study), previous=record.entry)
    plan_day(audit.session, participant, record.on, study=study, now=audit.now)
    void_if_changed(audit, participant, "entry", study=study)


def _entry(audit: Trail, participant: ParticipantRow, record: DayRecord, study: Study) -> EntryRow:
    previous, values = record.entry, record.values
    return EntryRow(
        participant_id=participant.id or 0,
        diary_day=record.on,
        revision=previous.revision + 1 if previous else 1,
        stools=values["stools"],
        pain=values["pain"],
        wellbeing=values["wellbeing"],
        antidiarrhoeal=values.get("antidiarrhoeal"),
        submitted_at=audit.now,
        timing=previous.timing if previous else timing_of(audit.now, record.day).value,
        tzid=record.day.tzid,
        utc_offset_minutes=offset_minutes(audit.now, record.day.tzid),
        source="participant",
        language=participant.language,
        wording_version=WORDING_VERSION,
        protocol=study.protocol.fingerprint,
        rules=study.protocol.rules.hash,
        reference=audit.request_id,
    )


def offset_minutes(at: datetime, tzid: str) -> int:
    """The zone's offset from UTC at an instant, in minutes."""
    offset = at.astimezone(ZoneInfo(tzid)).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0
