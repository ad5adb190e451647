"""What staff entry and corrections share: checked values, a new revision, and a card that follows."""

from collections.abc import Mapping

from bot.actions.plan_messages import plan_participant
from bot.actions.queue import queue_card_edit
from bot.actions.study import Study
from bot.actions.submit_entry import offset_minutes
from bot.actions.void_signatures import void_if_changed
from bot.diary.card import Shown
from bot.diary.items import Item, is_in_range
from bot.errors import InvalidInputError
from bot.messages.instrument import WORDING_VERSION
from bot.people.actor import ActorKind
from bot.storage.diary import add_answer, add_entry
from bot.storage.participants import bound_chat
from bot.storage.tables import AnswerRow, EntryRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.cards import asked_items
from bot.storage.views.days import DayRecord
from schedules.errors import Term

Values = Mapping[Item, int]


def check_values(values: Values, study: Study) -> None:
    """Refuse a value out of range, and an item that is not answered; raises InvalidInputError."""
    for item in asked_items(study.protocol):
        if item not in values:
            raise InvalidInputError(
                "%(item)s is not answered: a day is entered whole.", item=Term(item.value), code=f"{item.value}_missing"
            )
        if not is_in_range(item, values[item]):
            raise InvalidInputError(
                "%(item)s cannot be %(value)s.",
                item=Term(item.value),
                value=values[item],
                code=f"{item.value}_out_of_range",
            )


def source_of(audit: Trail) -> str:
    """How a value entered by this actor is marked."""
    return "operator" if audit.actor.kind is ActorKind.OPERATOR else "staff"


def add_revision(
    audit: Trail,
    participant: ParticipantRow,
    record: DayRecord,
    values: Values,
    *,
    timing: str,
    source: str,
    reason: str,
    study: Study,
) -> EntryRow:
    """Store the values as the newest answers and as a new revision of the day's entry, then plan anew."""
    for item, value in values.items():
        _add_answer(audit, participant, record, item, value, source, study)
    previous = record.entry
    entry = EntryRow(
        participant_id=participant.id or 0,
        diary_day=record.on,
        revision=previous.revision + 1 if previous else 1,
        stools=values[Item.STOOLS],
        pain=values[Item.PAIN],
        wellbeing=values[Item.WELLBEING],
        antidiarrhoeal=values.get(Item.ANTIDIARRHOEAL),
        submitted_at=audit.now,
        timing=timing,
        tzid=record.day.tzid,
        utc_offset_minutes=offset_minutes(audit.now, record.day.tzid),
        source=source,
        language=participant.language,
        wording_version=WORDING_VERSION,
        protocol=study.protocol.fingerprint,
        rules=study.protocol.rules.hash,
        reason=reason,
        reference=audit.request_id,
    )
    add_entry(audit, entry, previous=previous)
    _show_saved(audit, participant, record)
    plan_participant(audit.session, participant, study=study, now=audit.now)
    void_if_changed(audit, participant, "entry", study=study, reason=reason)
    return entry


def _add_answer(
    audit: Trail, participant: ParticipantRow, record: DayRecord, item: Item, value: int, source: str, study: Study
) -> None:
    current = record.answers.get(item.value)
    if current is not None and current.value == value:
        return
    answer = AnswerRow(
        participant_id=participant.id or 0,
        diary_day=record.on,
        item=item.value,
        ordinal=current.ordinal + 1 if current else 1,
        value=value,
        source=source,
        language=participant.language,
        wording_version=WORDING_VERSION,
        protocol=study.protocol.fingerprint,
        answered_at=audit.now,
        reference=audit.request_id,
    )
    add_answer(audit, answer, old=current.value if current else None)


def _show_saved(audit: Trail, participant: ParticipantRow, record: DayRecord) -> None:
    """The open card, wherever it stands, now reads as saved; older taps on it have become stale."""
    card, chat = record.card, bound_chat(audit.session, participant.id or 0)
    if card is None or not record.day.is_open(audit.now):
        return
    card.shown, card.item, card.pending, card.revision = Shown.SAVED.value, None, None, card.revision + 1
    audit.session.add(card)
    reachable = chat is not None and chat.blocked_at is None and card.chat_id in (None, chat.id)
    if chat is not None and reachable and card.provider_msg_id is not None:
        queue_card_edit(audit.session, card, address=chat.address, reference=f"c{audit.request_id}", now=audit.now)
