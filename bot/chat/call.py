"""One update being handled: who it comes from, and what is left behind for the outbox."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlmodel import Session

from bot.actions.open_card import open_card
from bot.actions.queue import queue_card_edit, queue_reply, queue_today
from bot.actions.study import Study
from bot.chat.commands import Standing
from bot.chat.incoming import CallbackAnswer, Incoming
from bot.chat.outcomes import Reply
from bot.diary.card import CardContext
from bot.i18n import resolve_language
from bot.messages.replies import render_toast
from bot.people.actor import SYSTEM, Origin, participant_actor
from bot.storage.participants import chat_at, participant_by_id
from bot.storage.tables import CardRow, ChatRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.cards import open_records, step_context, waiting_on_joining
from bot.storage.views.days import DayRecord, Diary, read_diary, read_diary_of
from bot.storage.views.traffic import prompt_is_due, updates_since

FLOOD_PER_MINUTE = 30


@dataclass
class Call:
    """The session, the sender and the time of one update; everything it causes happens in one transaction.

    `card` is the one that was tapped.
    """

    session: Session
    incoming: Incoming
    study: Study
    now: datetime
    chat: ChatRow | None
    participant: ParticipantRow | None
    trail: Trail
    replies: int = 0
    card: CardRow | None = None

    @cached_property
    def diary(self) -> Diary:
        """The sender's diary, after a tap the day of its card only; for senders who are participants."""
        if self.card is not None:
            return read_diary_of(self.session, self.sender, self.study.protocol, self.now, self.card)
        return read_diary(self.session, self.sender, self.study.protocol, self.now)

    @property
    def sender(self) -> ParticipantRow:
        """The participant; asking a stranger's call for one is a defect."""
        if self.participant is None:
            raise LookupError("this update comes from no participant")
        return self.participant

    @property
    def address(self) -> int:
        return self.incoming.address

    @property
    def standing(self) -> Standing:
        person = self.participant
        if person is None:
            return Standing(joined=False)
        return Standing(stopped=person.stopped_at is not None, withdrawn=person.withdrawn_at is not None)

    @property
    def language(self) -> str:
        """The participant's language, or for a stranger a first guess from the phone's."""
        if self.participant is not None:
            return self.participant.language
        return resolve_language(self.incoming.language_hint)

    def forget_diary(self) -> None:
        """After a change of calendar or entries the diary is read again when next needed."""
        self.__dict__.pop("diary", None)

    def record(self, day: date) -> DayRecord:
        """The record of a day, whether or not the calendar still asks it."""
        found = self.diary.record(day)
        if found is not None:
            return found
        return read_diary(self.session, self.sender, self.study.protocol, self.now, days=[day]).records[day]

    def open_days(self) -> list[DayRecord]:
        return open_records(self.diary, self.now)

    def say(self, reply: Reply, language: str | None = None, *, screen: str = "") -> None:
        """Queue a text in answer; a flood of messages gets one merged answer a minute.

        What refuses an answer is never merged with "your messages have arrived": a flood gets it once for every
        `screen` that it was typed at.
        """
        params = dict(reply.params)
        if self.participant is not None:
            params.setdefault("phone", self.study.protocol.site(self.participant.site).phone)
        message, reference = reply.message_id, self.incoming.reference
        if self._is_flood():
            message, reference = self._merged(reply, screen)
        queue_reply(
            self.session,
            reference=reference,
            ordinal=self.replies,
            address=self.address,
            participant_id=self.participant.id if self.participant else None,
            now=self.now,
            message=message,
            language=language or self.language,
            params=params,
        )
        self.replies += 1

    def _merged(self, reply: Reply, screen: str) -> tuple[str, str]:
        reference = f"flood/{self.address}/{self.now:%Y%m%d%H%M}"
        return (reply.message_id, f"{reference}/{screen}/{reply.message_id}") if reply.refuses else ("flood", reference)

    def _is_flood(self) -> bool:
        since = self.now - timedelta(minutes=1)
        return self.participant is not None and updates_since(self.session, self.address, since) > FLOOD_PER_MINUTE

    def show_today(self) -> None:
        """Queue the answer to /today, with a fresh copy of the oldest open day's card."""
        waiting = self.open_days()
        card = None
        if waiting:
            asked = self.diary.asked(waiting[0].on)
            card = open_card(
                self.session, self.sender.id or 0, waiting[0].on, asked.visit if asked else "", study=self.study
            )
        queue_today(
            self.session,
            reference=self.incoming.reference,
            address=self.address,
            participant_id=self.sender.id or 0,
            card=card,
            now=self.now,
        )

    def become(self, participant: ParticipantRow) -> None:
        """From here on the update acts for this participant, whose chat it has just become."""
        self.participant = participant
        self.trail.participant = participant.code
        self.trail.actor = participant_actor(participant.code)
        self.forget_diary()

    def step_context(self, record: DayRecord) -> CardContext:
        """The circumstances of a day's card that the sender's next step goes by."""
        return step_context(self.diary, record, self.study.protocol, self.now)

    def redraw(self, card: CardRow) -> None:
        """Queue an edit of the card's copy in the chat, drawn from the database when it is sent."""
        queue_card_edit(self.session, card, address=self.address, reference=self.incoming.reference, now=self.now)

    def redraw_open_cards(self) -> None:
        """Redraw the cards of open days, for example in another language."""
        for record in self.open_days():
            if record.card is not None and record.card.provider_msg_id is not None:
                self.redraw(record.card)

    def show_what_waits(self) -> None:
        """After joining, bring the open day whose question will not come by itself: asked on an old phone, or late."""
        waiting = waiting_on_joining(self.diary, self.now)
        if waiting is not None and not prompt_is_due(self.session, self.sender.id or 0, waiting.on, self.now):
            self.show_today()

    def toast(self, callback_id: str, message: str | None) -> CallbackAnswer:
        """The answer to a tap: a short toast, or none."""
        return CallbackAnswer(callback_id, render_toast(message, self.language) if message else None)


def identify(session: Session, incoming: Incoming, study: Study, now: datetime, *, shifted: bool) -> Call:
    """Find out whose chat an update comes from."""
    chat = chat_at(session, incoming.channel, incoming.address)
    participant = participant_by_id(session, chat.participant_id) if chat else None
    if chat is not None and chat.unbound_at is not None:  # let go while we waited for our turn
        chat = participant = None
    actor = participant_actor(participant.code) if participant else SYSTEM
    trail = Trail(
        session,
        now,
        actor,
        Origin.CHAT,
        shifted,
        participant=participant.code if participant else None,
        request_id=incoming.reference,
    )
    return Call(session, incoming, study, now, chat, participant, trail)
