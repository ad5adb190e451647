"""The last check of reminders that are due together, and their words, in a fixed number of questions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.actions.open_card import open_cards, to_neutral
from bot.actions.plan_messages import NO_LONGER_DUE, TOO_LATE, base_key, message_key, plan_of
from bot.actions.study import Study
from bot.actions.verdict import Dropped, Later, Prepared, to_send
from bot.messages.neutral import NeutralKind, render_neutral
from bot.storage.tables import CardRow, MessageRow
from bot.storage.views.cards import card_state, reminder_context
from bot.storage.views.one_day import Day, OneDay, read_one_days

REMINDED = ("prompt", "second", "last_call", "snoozed")
IN_HAND = "already in hand"


def prepare_reminders(session: Session, rows: Sequence[MessageRow], study: Study, now: datetime) -> list[Prepared]:
    """Decide, from the truth as it stands, which of these reminders go out, and word them as copies of their cards.

    A reminder follows from its own diary day, so only that is read.
    """
    with session.no_autoflush:  # the claims are written once, with what becomes of them
        days = read_one_days(session, {day for row in rows if (day := _day(row))}, study.protocol, now)
        checked = [_check(row, _one(days, row), study, now) for row in rows]
        going = {
            one.key: (row.visit or "", one.card)
            for row, one in zip(rows, checked, strict=True)
            if isinstance(one, OneDay)
        }
        cards = open_cards(session, going, study=study)
        return [
            _word(row, one, cards[one.key], study, now) if isinstance(one, OneDay) else one
            for row, one in zip(rows, checked, strict=True)
        ]


def _day(row: MessageRow) -> Day | None:
    return None if row.participant_id is None or row.diary_day is None else (row.participant_id, row.diary_day)


def _one(days: Mapping[Day, OneDay], row: MessageRow) -> OneDay | None:
    day = _day(row)
    return days.get(day) if day is not None else None


def _check(row: MessageRow, one: OneDay | None, study: Study, now: datetime) -> OneDay | Dropped | Later:
    """The day that this reminder is about, or why it does not go out now."""
    if row.not_after is not None and now > row.not_after:
        return Dropped("expired", TOO_LATE)
    if one is None:
        return Dropped("cancelled", NO_LONGER_DUE)
    if one.chat is None or one.chat.blocked_at is not None:
        return Dropped("cancelled", "no chat" if one.chat is None else "chat refuses messages")
    participant, key = one.diary.participant, base_key(row.dedupe_key)
    planned = plan_of(one.diary, one.chat, study, now)
    wanted = next((message for message in planned if message_key(participant, message) == key), None)
    if wanted is None:
        return Dropped("cancelled", NO_LONGER_DUE)
    if row.resend_of is None and wanted.due_at > now:
        return Later(wanted.due_at)
    return Dropped("cancelled", IN_HAND) if row.resend_of is not None and one.record.answers else one


def _word(row: MessageRow, one: OneDay, card: CardRow, study: Study, now: datetime) -> Prepared:
    """A fresh, neutral copy of the day's card."""
    to_neutral(card)
    context = reminder_context(one.diary, one.record, study.protocol, now)
    state, language = card_state(card, one.record), one.diary.participant.language
    return to_send(one.address, render_neutral(NeutralKind(row.kind), state, context, language), card_id=card.id)
