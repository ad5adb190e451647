"""The people's side of the Bot API object: what a test, a rehearsal or the phone page lets a person do."""

from datetime import datetime
from threading import RLock
from typing import Any

from bot.sandbox.people import Person
from bot.sandbox.phones import Phones
from bot.sandbox.state import BotState


class PeopleSide:
    """Deeds of people, one at a time; `now` is an aware datetime.

    KeyError for someone who has no phone, ValueError for a deed that the app would not offer.
    """

    state: BotState
    _phones: Phones
    _lock: RLock

    def add_person(self, user_id: int, first_name: str, language_code: str | None = None) -> Person:
        """Give someone a phone; the chat is empty until they start it."""
        with self._lock:
            return self._phones.add_person(user_id, first_name, language_code)

    def start(self, now: datetime, user_id: int, payload: str = "") -> int:
        """Press Start (or Restart after a block): sends `/start payload`; returns the message id."""
        with self._lock:
            return self._phones.start(now.timestamp(), user_id, payload)

    def say(self, now: datetime, user_id: int, text: str) -> int:
        """Type and send a text; returns the message id."""
        with self._lock:
            return self._phones.say(now.timestamp(), user_id, text)

    def edit(self, now: datetime, user_id: int, message_id: int, text: str) -> None:
        """Edit one's own sent text."""
        with self._lock:
            self._phones.edit(now.timestamp(), user_id, message_id, text)

    def tap(self, now: datetime, user_id: int, message_id: int, data: str) -> str:
        """Tap the button with this callback data; returns the callback id. ValueError: no such button."""
        with self._lock:
            return self._phones.tap(now.timestamp(), user_id, message_id, data)

    def tap_label(self, now: datetime, user_id: int, label: str) -> str:
        """Tap the newest button whose text begins with `label`; returns the callback id."""
        with self._lock:
            return self._phones.tap_label(now.timestamp(), user_id, label)

    def forge_tap(self, now: datetime, user_id: int, message_id: int, data: str) -> str:
        """Send callback data as a modified app could: no such button needs to exist."""
        with self._lock:
            return self._phones.callback(now.timestamp(), user_id, message_id, data)

    def block(self, now: datetime, user_id: int) -> None:
        """Block the bot."""
        with self._lock:
            self._phones.set_blocked(now.timestamp(), user_id, blocked=True)

    def unblock(self, now: datetime, user_id: int) -> None:
        """Unblock the bot."""
        with self._lock:
            self._phones.set_blocked(now.timestamp(), user_id, blocked=False)

    def deactivate(self, user_id: int) -> None:
        """Delete the person's account."""
        with self._lock:
            self.state.chats[user_id].person.deactivated = True

    def set_language(self, user_id: int, language_code: str | None) -> None:
        """Change the language of the phone; the next update carries it."""
        with self._lock:
            self.state.chats[user_id].person.language_code = language_code
            self.state.changed()

    def inject(self, now: datetime, fields: dict[str, Any], *, key: int = 0) -> int:
        """Queue any update body, well-formed or not, under the next update id, which is returned."""
        with self._lock:
            return self._phones.inject(now.timestamp(), fields, key)
