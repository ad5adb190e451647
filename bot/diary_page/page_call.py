"""A call that comes from the page: the same desk and actions, but what is said is shown instead of sent."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session

from bot.actions.queue import queue_card_edit
from bot.actions.study import Study
from bot.chat.call import Call
from bot.chat.incoming import Incoming, Typed
from bot.chat.outcomes import Reply
from bot.diary.card import CardContext
from bot.diary_page.chat_copy import BY_PAGE, wants_redraw
from bot.diary_page.words import Say
from bot.i18n import Message
from bot.people.actor import Origin, participant_actor
from bot.storage.participants import bound_chat, lock_participants
from bot.storage.tables import CardRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.cards import card_context
from bot.storage.views.days import DayRecord

CHANNEL = "page"


@dataclass
class PageCall(Call):
    """One request of a participant; `notes` are the sentences that the next page shows."""

    notes: list[str] = field(default_factory=list)

    @property
    def voice(self) -> Say:
        return Say(self.language)

    @property
    def phone(self) -> str:
        """The site's own phone number."""
        return self.study.protocol.site(self.sender.site).phone

    def note(self, message: Message, **params: object) -> None:
        """Say this on the next page."""
        self.notes.append(self.voice(message, **params))

    def say(self, reply: Reply, language: str | None = None, *, screen: str = "") -> None:  # noqa: ARG002  # as in the chat
        """Show what the chat would send; a page merges nothing."""
        self.notes.append(Say(language or self.language).reply(reply, self.phone))

    def step_context(self, record: DayRecord) -> CardContext:
        """As in the chat, but without a chat nothing could ask again later."""
        return self._as_reachable(super().step_context(record))

    def card_context(self, record: DayRecord) -> CardContext:
        """The circumstances of a day's card as the page shows it."""
        return self._as_reachable(card_context(self.diary, record, self.study.protocol, self.now))

    def _as_reachable(self, context: CardContext) -> CardContext:
        reachable = self.chat is not None and self.chat.blocked_at is None
        return context if reachable else replace(context, snooze=())

    def redraw(self, card: CardRow) -> None:
        """Let the chat's copy follow, where there is one and it should."""
        if self.chat is not None and wants_redraw(self.session, card, self.chat):
            reference = self.incoming.reference
            queue_card_edit(self.session, card, address=self.chat.address, reference=reference, now=self.now)


def page_call(session: Session, participant: ParticipantRow, study: Study, now: datetime, *, shifted: bool) -> PageCall:
    """A request of this participant, whose turn to write it is from here until the transaction ends."""
    lock_participants(session, [participant.id or 0])
    session.refresh(participant)
    chat = bound_chat(session, participant.id or 0)
    reference = f"{BY_PAGE}{secrets.token_urlsafe(9)}"
    incoming = Incoming(reference, CHANNEL, participant.id or 0, participant.language, now, Typed(""))
    actor = participant_actor(participant.code)
    trail = Trail(session, now, actor, Origin.PAGE, shifted, participant=participant.code, request_id=reference)
    return PageCall(session, incoming, study, now, chat, participant, trail)
