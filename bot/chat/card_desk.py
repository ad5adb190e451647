"""The desk's side of the card: reads it, takes one pure step, stores what follows, and queues the redraw."""

from datetime import timedelta

from bot.actions.mark_helped import mark_helped
from bot.actions.pass_to_site import pass_to_site
from bot.actions.queue import queue_edit_text
from bot.actions.record_answer import record_answer
from bot.actions.request_correction import request_correction
from bot.actions.snooze import snooze
from bot.actions.submit_entry import submit_entry
from bot.chat.call import Call
from bot.chat.incoming import CallbackAnswer, Tapped
from bot.chat.outcomes import (
    CardOutcome,
    Intent,
    MarkHelped,
    PassToSite,
    RecordAnswer,
    Reply,
    RequestCorrection,
    SnoozeUntil,
    SubmitEntry,
)
from bot.chat.steps import step_card
from bot.diary.answers import is_quantity
from bot.diary.card import CardState, Tap
from bot.storage.prepared import put
from bot.storage.tables import CardRow
from bot.storage.views.cards import card_state
from bot.storage.views.traffic import on_screen_since

ONE_SECOND, ONE_DAY = timedelta(seconds=1), timedelta(days=1)


def take_tap(call: Call, card: CardRow, tap: Tap, tapped: Tapped) -> CallbackAnswer:
    """A tap of the card's owner: one step, its intents, and the redraw of the newest copy."""
    call.card = card
    _follow_newest_copy(call, card, tapped.message_id)
    outcome = take_step(call, card, tap)
    return call.toast(tapped.callback_id, outcome.toast)


def take_text(call: Call, text: str) -> bool:
    """A typed text: it goes to the open card last touched; answers False when no card is open."""
    cards = [record.card for record in call.open_days() if record.card is not None]
    if not cards or call.sender.withdrawn_at is not None:
        return False
    card = max(cards, key=lambda row: (_is_asking(call, row), row.touched_at is not None, row.touched_at, row.id))
    if _came_before_the_question(call, card) and is_quantity(text):
        call.say(Reply("typed.crossed"), screen=screen_of(card))
        return True
    take_step(call, card, text)
    return True


def take_step(call: Call, card: CardRow, incoming: Tap | str) -> CardOutcome:
    """One step of a card, by tap or by typed text: its intents are carried out, it is stored and redrawn."""
    outcome = _step(call, card, incoming)
    _carry_out(call, card, outcome, text=incoming if isinstance(incoming, str) else "")
    return outcome


def _came_before_the_question(call: Call, card: CardRow) -> bool:
    """Whether a text was sent before the question that is due had come up on screen: it was meant for an earlier one.

    A redraw can be late: then the chat still shows what has been answered already. Message dates are whole
    seconds; what is older than a day says nothing about crossing.
    """
    if not _is_asking(call, card):
        return False
    number, sent_at = call.incoming.number, call.incoming.sent_at
    if number is not None and card.moved_by is not None and number < card.moved_by:
        return True
    shown_at = on_screen_since(call.session, card)
    return shown_at is None or (sent_at is not None and ONE_SECOND <= shown_at - sent_at < ONE_DAY)


def screen_of(card: CardRow) -> str:
    """What tells one screen of a card from the next."""
    return f"{card.id}.{card.revision}"


def carry_out_pass(call: Call, text: str) -> None:
    """Keep the participant's own words for the site."""
    pass_to_site(call.trail, call.sender, text)


def _is_asking(call: Call, card: CardRow) -> bool:
    return card_state(card, call.record(card.diary_day)).is_asking


def _step(call: Call, card: CardRow, incoming: Tap | str) -> CardOutcome:
    record = call.record(card.diary_day)
    return step_card(card_state(card, record), call.step_context(record), incoming)


def _carry_out(call: Call, card: CardRow, outcome: CardOutcome, *, text: str) -> None:
    before = card.revision
    for intent in outcome.intents:
        _carry_out_one(call, card, intent, text)
    _store(call, card, outcome.state, moved=outcome.state.revision != before)
    if outcome.reply is not None:
        call.say(outcome.reply, screen=screen_of(card))
    if outcome.redraw:
        call.redraw(card)


def _carry_out_one(call: Call, card: CardRow, intent: Intent, text: str) -> None:
    record = call.record(card.diary_day)
    match intent:
        case RecordAnswer(item, value):
            record_answer(call.trail, call.sender, record, item, value, study=call.study)
        case SubmitEntry():
            submit_entry(call.trail, call.sender, record, study=call.study)
        case MarkHelped():
            mark_helped(call.trail, call.sender, record)
        case SnoozeUntil(code):
            snooze(call.trail, call.sender, card, record, code, study=call.study)
        case RequestCorrection(day):
            if call.sender.withdrawn_at is None:
                request_correction(call.trail, call.sender, day)
        case PassToSite():
            pass_to_site(call.trail, call.sender, text)
        case _:
            raise TypeError(f"{type(intent).__name__} does not follow from a card")
    call.forget_diary()


def _store(call: Call, card: CardRow, state: CardState, *, moved: bool) -> None:
    item = state.item.value if state.item else None
    touch = {"touched_at": call.now, "moved_by": call.incoming.number} if moved else {}
    put(call.session, card, revision=state.revision, shown=state.shown.value, item=item, pending=state.pending, **touch)


def _follow_newest_copy(call: Call, card: CardRow, message_id: int | None) -> None:
    """Both copies act on one card: the newer is the one to redraw, the older loses its buttons."""
    if message_id is None or message_id == card.provider_msg_id:
        return
    older = message_id
    if card.provider_msg_id is None or message_id > card.provider_msg_id:
        older = card.provider_msg_id or 0
        card.provider_msg_id = message_id
        card.chat_id = call.chat.id if call.chat else None
    if older:
        queue_edit_text(
            call.session,
            reference=call.incoming.reference,
            address=call.address,
            message_id=older,
            participant_id=card.participant_id,
            now=call.now,
            message="continued_below",
            language=call.language,
        )
