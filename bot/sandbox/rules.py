"""Telegram's Bot API as a pure object: time and request in, answer out; and the people who chat."""

import hmac
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock
from typing import Any, NamedTuple

from bot.sandbox.answers import RefusalError, Reply, accepted, refused, too_many_requests
from bot.sandbox.faults import Fault, FaultKind, Switchboard
from bot.sandbox.limits import FloodGate, Limits
from bot.sandbox.method_table import METHODS
from bot.sandbox.parameters import METHOD_NAMES, read_parameters
from bot.sandbox.people import Chat, Message, Person, Toast
from bot.sandbox.people_side import PeopleSide
from bot.sandbox.phones import Phones
from bot.sandbox.profile import menu_commands
from bot.sandbox.state import BotState, Violation
from bot.sandbox.updates import OTHER_POLLER, WEBHOOK_SET, Queued, UpdateQueue, conflict
from bot.sandbox.webhooks import Webhook

FIRST_UPDATE_ID = 700_000_001
_TOO_LONG_FOR_TOKEN = 256


class Exchange(NamedTuple):
    """What comes back over the line: the rules' reply, and the fault that spoils it, if any.

    `reply` is None when the request was not carried out.
    """

    reply: Reply | None
    fault: Fault | None


class BotApi(PeopleSide):
    """One bot's Bot API server without network, tasks or clock; every call takes `now` (aware datetime).

    `rng` is the only source of chance (callback ids, probable faults, webhook back-off); by default it is
    seeded with 0. Calls may come from several threads. A tap can be answered for
    `callback_answer_seconds`.
    """

    def __init__(
        self,
        token: str,
        username: str,
        *,
        name: str = "Sandbox",
        limits: Limits | None = None,
        callback_answer_seconds: float = 15.0,
        rng: random.Random | None = None,
        faults: Switchboard | None = None,
    ) -> None:
        self.token = token
        self.state = BotState(
            bot_id=int(token.split(":", 1)[0]),
            username=username,
            name=name,
            rng=rng or random.Random(0),  # noqa: S311 - reproducible ids, not secrets
            gate=FloodGate(limits or Limits()),
            updates=UpdateQueue(FIRST_UPDATE_ID),
            callback_answer_seconds=callback_answer_seconds,
            faults=faults or Switchboard(),
        )
        self._phones = Phones(self.state)
        self._lock = RLock()

    # The bot's side

    def exchange(self, now: datetime, token: str, method: str, parameters: Mapping[str, Any]) -> Exchange:
        """Answer one request as the line delivers it, faults included."""
        with self._lock:
            name = METHOD_NAMES.get(method.lower(), method)
            fault = self.faults.draw(name, self.state.rng)
            if fault is None:
                return Exchange(self.call(now, token, method, parameters), None)
            if fault.kind is FaultKind.TOO_MANY:
                return Exchange(refused(too_many_requests("fault", fault.retry_after)), fault)
            reply = self.call(now, token, method, parameters) if fault.carried_out else None
            return Exchange(reply, fault)

    def call(self, now: datetime, token: str, method: str, parameters: Mapping[str, Any]) -> Reply:
        """Answer one request by the rules alone; getUpdates never waits here.

        `parameters` holds form strings, JSON values, or bytes for uploaded files.
        """
        with self._lock:
            try:
                return accepted(self._perform(now.timestamp(), token, method, parameters))
            except RefusalError as refusal:
                self._note(now, method, parameters, refusal)
                return refused(refusal)

    def poll_again(self, now: datetime, ticket: int, limit: int) -> Reply | None:
        """Look again for a waiting getUpdates call; None: nothing yet. `ticket`: its `poll_ticket`."""
        with self._lock:
            updates = self.state.updates
            if self.state.webhook.url:
                return refused(conflict(WEBHOOK_SET))
            if updates.ticket != ticket:
                refusal = conflict(OTHER_POLLER)
                self._note(now, "getUpdates", {}, refusal)
                return refused(refusal)
            found = updates.peek(now.timestamp(), limit)
            return accepted(found) if found else None

    @property
    def poll_ticket(self) -> int:
        """Number of the newest getUpdates call; an older one that still waits gets 409."""
        return self.state.updates.ticket

    def set_shift(self, seconds: int) -> None:
        """Note how far study time is ahead; messages from now on show it on the phone page."""
        with self._lock:
            self.state.shift = seconds
            self.state.changed()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after every visible change, in the thread that made it."""
        self.state.watchers.append(watcher)

    @property
    def faults(self) -> Switchboard:
        """The fault switches."""
        return self.state.faults

    @property
    def violations(self) -> list[Violation]:
        """Every request so far that broke a rule."""
        return self.state.violations

    def violations_except(self, *kinds: str) -> list[Violation]:
        """Return the violations of any other kind, such as all but `blocked` and `late_callback`."""
        return [violation for violation in self.violations if violation.kind not in kinds]

    # The webhook's side

    @property
    def webhook(self) -> Webhook:
        """The webhook setting; its `url` is empty while the bot polls."""
        return self.state.webhook

    def webhook_due(self, now: datetime) -> list[Queued]:
        """Return the updates to post now and mark them as under way."""
        with self._lock:
            return self.webhook.due(now.timestamp(), self.state.updates) if self.webhook.url else []

    def webhook_succeeded(self, queued: Queued) -> None:
        """Take note of a 2xx."""
        with self._lock:
            self.webhook.succeeded(queued, self.state.updates)

    def webhook_failed(self, now: datetime, queued: Queued, reason: str, retry_after: int | None = None) -> None:
        """Take note of a failed delivery; `retry_after` in seconds from the answer's header."""
        with self._lock:
            self.webhook.failed(now.timestamp(), queued, reason, self.state.rng, retry_after)

    # What can be seen

    def person(self, user_id: int) -> Person:
        """Return the person with this phone."""
        return self.state.chats[user_id].person

    def chat(self, user_id: int) -> Chat:
        """Return the person's chat with its messages."""
        return self.state.chats[user_id]

    def message(self, user_id: int, message_id: int) -> Message:
        """Return one message of a chat."""
        return self.chat(user_id).messages[message_id]

    def newest(self, user_id: int) -> Message | None:
        """Return the newest message of a chat."""
        return self.chat(user_id).newest()

    def toasts(self, user_id: int) -> list[Toast]:
        """Return what answers to this person's taps showed, oldest first."""
        return self.chat(user_id).toasts

    def commands(self, user_id: int) -> list[dict[str, str]]:
        """Return the command menu on this person's phone."""
        return menu_commands(self.state, user_id, self.person(user_id).language_code)

    def _perform(self, now: float, token: str, method: str, parameters: Mapping[str, Any]) -> Any:
        if not hmac.compare_digest(token[:_TOO_LONG_FOR_TOKEN].encode(), self.token.encode()):
            raise RefusalError("wrong_token", 401, "Unauthorized")
        name = METHOD_NAMES.get(method.lower())
        if name is None:
            raise RefusalError("unknown_method", 404, "Not Found")
        return METHODS[name](self.state, now, read_parameters(name, parameters))

    def _note(self, now: datetime, method: str, given: Mapping[str, Any], refusal: RefusalError) -> None:
        chat_id = str(given.get("chat_id", ""))
        self.violations.append(
            Violation(
                at=now.timestamp(),
                method=METHOD_NAMES.get(method.lower(), method),
                kind=refusal.kind,
                status=refusal.status,
                description=refusal.description,
                chat_id=int(chat_id) if chat_id.lstrip("-").isdigit() else None,
            )
        )
