"""What people do with their phones: start, type, tap, edit, block; each becomes an update for the bot."""

from typing import Any

from bot.sandbox.people import Callback, Chat, Message, Person
from bot.sandbox.state import BotState
from bot.sandbox.updates import CALLBACK_KEY, CALLBACK_LIFETIME, MEMBER_KEY, MESSAGE_LIFETIME

_TEXT_LIMIT = 4096


class Phones:
    """The people's side of one bot's state; times are epoch seconds."""

    def __init__(self, state: BotState) -> None:
        self._state = state

    def add_person(self, user_id: int, first_name: str, language_code: str | None) -> Person:
        """Return a new person, or the one who has this user id already."""
        chat = self._state.chats.setdefault(user_id, Chat(Person(user_id, first_name, language_code)))
        self._state.changed()
        return chat.person

    def start(self, now: float, user_id: int, payload: str) -> int:
        """Unblock if needed, then send `/start`, with the deep link's payload if there is one."""
        person = self._state.chats[user_id].person
        if person.blocked:
            self.set_blocked(now, user_id, blocked=False)
        person.started = True
        return self.say(now, user_id, f"/start {payload}".strip())

    def say(self, now: float, user_id: int, text: str) -> int:
        """Queue a text as a message update."""
        chat = self._open(user_id)
        plain = text.strip()
        if not 1 <= len(plain) <= _TEXT_LIMIT:
            raise ValueError("a message has 1 to 4096 characters")
        message = Message(
            self._state.new_message_id(), from_bot=False, text=plain, sent_at=now, shift=self._state.shift
        )
        chat.messages[message.message_id] = message
        self._queue(now, {"message": self._state.message_json(chat, message)}, key=user_id)
        return message.message_id

    def edit(self, now: float, user_id: int, message_id: int, text: str) -> None:
        """Queue a changed text as an edited_message update."""
        chat = self._open(user_id)
        message = chat.messages[message_id]
        if message.from_bot:
            raise ValueError("a person edits only their own messages")
        message.text, message.edited_at, message.edited_shift = text.strip(), now, self._state.shift
        self._queue(now, {"edited_message": self._state.message_json(chat, message)}, key=user_id)

    def tap(self, now: float, user_id: int, message_id: int, data: str) -> str:
        """Queue the tap of a button that is really there."""
        message = self._open(user_id).messages.get(message_id)
        if message is None or all(button["callback_data"] != data for button in message.callback_buttons()):
            raise ValueError(f"message {message_id} has no such button")
        return self.callback(now, user_id, message_id, data)

    def tap_label(self, now: float, user_id: int, label: str) -> str:
        """Queue the tap of the newest button whose text begins with `label`; an equal text goes first."""
        for message in reversed(self._open(user_id).messages.values()):
            found = [button for button in message.callback_buttons() if button["text"].startswith(label)]
            if found:
                best = min(found, key=lambda button: button["text"] != label)
                return self.callback(now, user_id, message.message_id, best["callback_data"])
        raise ValueError(f"no button begins with {label!r}")

    def callback(self, now: float, user_id: int, message_id: int, data: str) -> str:
        """Queue a callback_query update; a deleted message arrives as inaccessible, with date 0."""
        state = self._state
        chat = self._open(user_id)
        callback_id = str(state.rng.getrandbits(63) | 1 << 62)
        state.callbacks[callback_id] = Callback(callback_id, user_id, message_id, data, now)
        message = chat.messages.get(message_id)
        gone = {"chat": chat.person.chat_json(), "message_id": message_id, "date": 0}
        query = {
            "id": callback_id,
            "from": chat.person.user_json(),
            "message": gone if message is None else state.message_json(chat, message),
            "chat_instance": str(state.bot_id * 1000 + user_id),
            "data": data,
        }
        self._queue(now, {"callback_query": query}, key=user_id + CALLBACK_KEY, lifetime=CALLBACK_LIFETIME)
        return callback_id

    def set_blocked(self, now: float, user_id: int, *, blocked: bool) -> None:
        """Block or unblock the bot; a change is queued as a my_chat_member update."""
        chat = self._state.chats[user_id]
        if chat.person.blocked == blocked or not chat.person.started:
            return
        chat.person.blocked = blocked
        change = {
            "chat": chat.person.chat_json(),
            "from": chat.person.user_json(),
            "date": int(now),
            "old_chat_member": self._member(kicked=not blocked),
            "new_chat_member": self._member(kicked=blocked),
        }
        self._queue(now, {"my_chat_member": change}, key=user_id + MEMBER_KEY)

    def inject(self, now: float, fields: dict[str, Any], key: int) -> int:
        """Queue a body as it is."""
        update_id = self._state.updates.next_id
        self._queue(now, fields, key=key)
        return update_id

    def _queue(self, now: float, fields: dict[str, Any], *, key: int, lifetime: float = MESSAGE_LIFETIME) -> None:
        self._state.updates.add(now, fields, key=key, lifetime=lifetime)
        self._state.changed()

    def _member(self, *, kicked: bool) -> dict[str, Any]:
        member: dict[str, Any] = {"user": self._state.bot_json(), "status": "kicked" if kicked else "member"}
        return member | ({"until_date": 0} if kicked else {})

    def _open(self, user_id: int) -> Chat:
        chat = self._state.chats[user_id]
        if not chat.person.started or chat.person.blocked:
            raise ValueError("the chat is not open: press Start first")
        return chat
