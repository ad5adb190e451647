"""Record one answer of an open diary day; a later answer never erases an earlier one."""

from bot.actions.study import Study
from bot.diary.items import Item, is_in_range
from bot.errors import InvalidInputError, RefusedError
from bot.messages.instrument import WORDING_VERSION
from bot.storage.diary import add_answer
from bot.storage.tables import AnswerRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.cards import is_open
from bot.storage.views.days import DayRecord


def record_answer(
    audit: Trail, participant: ParticipantRow, record: DayRecord, item: Item, value: int, *, study: Study
) -> None:
    """Keep the value as the newest answer to the item; the same value again changes nothing."""
    if not is_open(record, audit.now):
        raise RefusedError(f"The diary day {record.on} is not open for answers.")
    if not is_in_range(item, value):
        raise InvalidInputError(f"{item.value} cannot be {value}.", code=f"{item.value}_out_of_range")
    current = record.answers.get(item.value)
    if current is not None and current.value == value:
        return
    answer = AnswerRow(
        participant_id=participant.id or 0,
        diary_day=record.on,
        item=item.value,
        ordinal=current.ordinal + 1 if current else 1,
        value=value,
        source="participant",
        language=participant.language,
        wording_version=WORDING_VERSION,
        protocol=study.protocol.fingerprint,
        answered_at=audit.now,
        reference=audit.request_id,
    )
    add_answer(audit, answer, old=current.value if current else None)
