"""The last check before a message goes out, and its words: shares the transaction that writes `sending`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.actions.link_staff_chat import LINKED
from bot.actions.nudge import NUDGE
from bot.actions.open_card import open_card, to_neutral
from bot.actions.panels import panel_context, panel_state
from bot.actions.plan_messages import NO_LONGER_DUE, PLANNED_KINDS, TOO_LATE, base_key, message_key, plan_of
from bot.actions.prepare_reminders import IN_HAND, REMINDED, prepare_reminders
from bot.actions.queue import read_words
from bot.actions.reply_to_participant import TEAM
from bot.actions.send_morning_list import AT, MORNING, word_morning_list
from bot.actions.study import Study
from bot.actions.today import today_view
from bot.actions.verdict import Dropped, Later, Prepared, Ready, to_edit, to_send
from bot.messages.card import render_card
from bot.messages.neutral import NeutralKind, render_neutral
from bot.messages.panel import render_panel
from bot.messages.replies import render_reply
from bot.messages.team import render_frame, render_linked
from bot.messages.today import render_today
from bot.storage.participants import bound_chat, participant_by_id
from bot.storage.tables import CardRow, ChatRow, MessageRow, PanelRow
from bot.storage.views.cards import card_context, card_state, is_open, reminder_context
from bot.storage.views.days import DayRecord, Diary, read_diary, read_diary_around
from schedules.delivery import expiry
from schedules.reminders import MessageKind, is_quiet

__all__ = ["Dropped", "Later", "Prepared", "Ready", "prepare", "prepare_together"]


def prepare_together(session: Session, rows: Sequence[MessageRow], *, study: Study, now: datetime) -> list[Prepared]:
    """Decide for several rows at once: reminders in a fixed number of questions, all others one by one."""
    reminders = [row for row in rows if row.kind in REMINDED]
    found = dict(zip((row.id for row in reminders), prepare_reminders(session, reminders, study, now), strict=True))
    return [found[row.id] if row.id in found else prepare(session, row, study=study, now=now) for row in rows]


def prepare(session: Session, row: MessageRow, *, study: Study, now: datetime) -> Prepared:
    """Decide, from the truth as it stands, whether this row goes out, and word it."""
    if row.kind in REMINDED:
        return prepare_reminders(session, [row], study, now)[0]
    if row.not_after is not None and now > row.not_after:
        return Dropped("expired", TOO_LATE)
    if row.kind in PLANNED_KINDS:
        return _planned(session, row, study, now)
    if row.kind == "outage":
        return _after_outage(session, row, study, now)
    payload = json.loads(row.payload)
    if NUDGE in payload:
        return _after_outage(session, row, study, now, NeutralKind.NUDGE)
    if TEAM in payload or LINKED in payload or MORNING in payload:
        return _of_the_team(session, row, payload, study, now)
    if "panel" in payload:
        return _panel(session, row, payload, study, now)
    if "reply" in payload:
        return _reply(row, payload)
    return _about_diary(session, row, payload, study, now)


def _planned(session: Session, row: MessageRow, study: Study, now: datetime) -> Prepared:
    """A planned message that is no reminder; like those it follows from its own diary day."""
    participant = participant_by_id(session, row.participant_id or 0)
    chat = bound_chat(session, participant.id or 0)
    if chat is None or chat.blocked_at is not None:
        return Dropped("cancelled", "no chat" if chat is None else "chat refuses messages")
    days = [row.diary_day] if row.diary_day else []
    diary = read_diary(session, participant, study.protocol, now, days=days)
    key = base_key(row.dedupe_key)
    wanted = {message_key(participant, message): message for message in plan_of(diary, chat, study, now)}
    if key not in wanted:
        return Dropped("cancelled", NO_LONGER_DUE)
    if row.resend_of is None and wanted[key].due_at > now:
        return Later(wanted[key].due_at)
    if row.kind == "thank_you":
        return to_send(chat.address, render_reply("thanks_last_visit", {}, participant.language))
    return _closing(session, row, diary, study, now)


def _of_the_team(
    session: Session, row: MessageRow, payload: Mapping[str, Any], study: Study, now: datetime
) -> Prepared:
    """A reply of the site team to a participant, or a word to one of its own members."""
    if TEAM in payload:
        return to_send(row.address or 0, render_frame(payload[TEAM], payload["params"], payload["language"]))
    if LINKED in payload:
        return to_send(row.address or 0, render_linked(payload["language"], time=f"{AT:%H:%M}"))
    worded = word_morning_list(session, row, study=study, now=now)
    return Dropped("cancelled", NO_LONGER_DUE) if worded is None else to_send(*worded)


def _after_outage(
    session: Session, row: MessageRow, study: Study, now: datetime, kind: NeutralKind = NeutralKind.OUTAGE
) -> Prepared:
    """An unplanned reminder, after an outage or by hand: only while the day still waits and messages are allowed."""
    participant = participant_by_id(session, row.participant_id or 0)
    chat = bound_chat(session, participant.id or 0)
    diary = read_diary(session, participant, study.protocol, now)
    record = diary.record(row.diary_day) if row.diary_day else None
    allowed = participant.stopped_at is None and participant.withdrawn_at is None
    if chat is None or chat.blocked_at is not None or record is None or not allowed:
        return Dropped("cancelled", "no chat")
    if record.submitted_in_time or not is_open(record, now):
        return Dropped("cancelled", NO_LONGER_DUE)
    if is_quiet(record.day, now, study.protocol.reminders):
        return Dropped("expired", TOO_LATE)
    return _copy(session, row, diary, chat, study, now, kind)


def _copy(
    session: Session,
    row: MessageRow,
    diary: Diary,
    chat: ChatRow,
    study: Study,
    now: datetime,
    kind: NeutralKind,
) -> Prepared:
    """A fresh, neutral copy of the day's card."""
    if row.diary_day is None or (record := diary.record(row.diary_day)) is None:
        return Dropped("cancelled", NO_LONGER_DUE)
    card = open_card(session, diary.participant.id or 0, row.diary_day, row.visit or "", study=study)
    if row.resend_of is not None and record.answers:
        return Dropped("cancelled", IN_HAND)
    to_neutral(card)
    context = reminder_context(diary, record, study.protocol, now)
    worded = render_neutral(kind, card_state(card, record), context, diary.participant.language)
    return to_send(chat.address, worded, card_id=card.id)


def _closing(session: Session, row: MessageRow, day: Diary, study: Study, now: datetime) -> Prepared:
    """When the day closes, its buttons go."""
    record = day.record(row.diary_day) if row.diary_day else None
    if record is None or record.card is None or record.card.provider_msg_id is None:
        return Dropped("cancelled", "no card to close")
    diary = read_diary_around(session, day.participant, study.protocol, now, record.card)
    return _card(session, record.card, diary, study, now)


def _about_diary(
    session: Session, row: MessageRow, payload: Mapping[str, Any], study: Study, now: datetime
) -> Prepared:
    participant = participant_by_id(session, row.participant_id or 0)
    card = session.get(CardRow, row.card_id) if row.card_id else None
    if "today" in payload:
        if card is not None:
            to_neutral(card)
        diary = read_diary(session, participant, study.protocol, now)
        return to_send(row.address or 0, render_today(today_view(session, diary, study, now), participant.language))
    if card is None or card.provider_msg_id is None:
        return Dropped("cancelled", "no card to redraw")
    diary = read_diary_around(session, participant, study.protocol, now, card)
    day = _with_card(diary, card, study, session, now).day
    if now > expiry(MessageKind.EDIT, row.created_at, day.tzid, day_closes_at=day.closes_at):
        return Dropped("expired", TOO_LATE)
    prepared = _card(session, card, diary, study, now)
    return _with_word(prepared, participant.language) if payload.get("away") else prepared


def _with_word(prepared: Ready | Dropped, language: str) -> Ready | Dropped:
    """Say beneath the card that taps were lost while we were away."""
    if isinstance(prepared, Dropped) or not prepared.rows:
        return prepared
    return replace(prepared, text=f"{prepared.text}\n\n{render_reply('card.redrawn', {}, language).text}")


def _card(session: Session, card: CardRow, diary: Diary, study: Study, now: datetime) -> Ready | Dropped:
    chat = session.get(ChatRow, card.chat_id) if card.chat_id else bound_chat(session, card.participant_id)
    if chat is None:
        return Dropped("cancelled", "no chat")
    record = _with_card(diary, card, study, session, now)
    rendered = render_card(
        card_state(card, record), card_context(diary, record, study.protocol, now), diary.participant.language
    )
    return to_edit(chat.address, card.provider_msg_id, rendered)


def _with_card(diary: Diary, card: CardRow, study: Study, session: Session, now: datetime) -> DayRecord:
    record = diary.record(card.diary_day)
    if record is None or record.card is None:
        again = read_diary(session, diary.participant, study.protocol, now, days=[card.diary_day])
        record = again.records[card.diary_day]
    return record


def _panel(session: Session, row: MessageRow, payload: Mapping[str, Any], study: Study, now: datetime) -> Prepared:
    panel = session.get(PanelRow, payload["panel"])
    if panel is None:
        return Dropped("cancelled", "the panel is gone")
    rendered = render_panel(panel_state(panel), panel_context(session, panel, study, now), panel.language)
    if row.kind == "edit":
        return to_edit(panel.address, panel.provider_msg_id, rendered)
    return to_send(panel.address, rendered)


def _reply(row: MessageRow, payload: Mapping[str, Any]) -> Prepared:
    rendered = render_reply(*read_words(payload))
    if "message_id" in payload:
        return to_edit(row.address or 0, payload["message_id"], rendered)
    return to_send(row.address or 0, rendered)
