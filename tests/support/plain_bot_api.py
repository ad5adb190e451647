"""A second Bot API server, small and strict, that shares no code with the sandbox.

Written from core.telegram.org/bots/api alone. It runs in threads of its own, reads form fields as Telegram
does, dates messages by the machine's clock in whole seconds, whatever study time says, and notes every request
that the documentation forbids. Its dealings with people (`tap`, `say`, ...) are plain calls.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.bot_api_rules import Plain, problems_of, utf16

BOT_ID = 123_456_789
CALLBACKS_WAIT, MESSAGES_WAIT = 150.0, 86_400.0  # seconds that an update is kept
TAP_MAY_BE_ANSWERED = 15.0  # seconds
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


@dataclass
class Bubble:
    """One message of a chat, as the phone shows it."""

    message_id: int
    by_bot: bool
    text: str
    rows: list[list[dict[str, str]]] = field(default_factory=list)
    edits: int = 0
    silent: bool = False

    @property
    def buttons(self) -> list[dict[str, str]]:
        """All its buttons, row after row."""
        return [button for row in self.rows for button in row]

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [button["text"] for button in self.buttons]


@dataclass
class Chat:
    """A private chat with the bot; message numbers are the account's, not the chat's."""

    user: dict[str, Any]
    bubbles: dict[int, Bubble] = field(default_factory=dict)
    blocked: bool = False
    started: bool = False

    @property
    def from_bot(self) -> list[Bubble]:
        """What the bot has written, oldest first."""
        return [bubble for bubble in list(self.bubbles.values()) if bubble.by_bot]


@dataclass
class Tapped:
    """A tap that waits for its answer."""

    user: int
    at: float
    answered: bool = False
    toast: str = ""


class RefusalError(Exception):
    """What Telegram answers instead of a result."""

    def __init__(self, code: int, words: str, **parameters: int) -> None:
        super().__init__(words)
        self.body = {"ok": False, "error_code": code, "description": words} | (
            {"parameters": parameters} if parameters else {}
        )
        self.code = code


Fault = Callable[[str, Mapping[str, str]], None]


class PlainBotApi:
    """All that Telegram knows: chats, updates that wait, taps; every public method may be called from any thread."""

    def __init__(self, token: str, name: str = "plain_bot") -> None:
        self.token, self.name = token, name
        self.chats: dict[int, Chat] = {}
        self.taps: dict[str, Tapped] = {}
        self.problems: list[str] = []
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        self.fault: Fault = lambda _method, _fields: None
        self._updates: list[tuple[float, dict[str, Any]]] = []
        self._next_update, self._next_message = 700_000_001, 1
        self._polls = 0
        self._changed = threading.Condition(threading.RLock())

    # what people do

    def add_person(self, user: int, first_name: str, language: str) -> None:
        """Give somebody a phone."""
        known = {"id": user, "is_bot": False, "first_name": first_name, "language_code": language}
        self.chats.setdefault(user, Chat(known))

    def say(self, user: int, text: str, **more: Any) -> int:
        """Send a text; a command is marked as one, as every client does."""
        entities = []
        if text.startswith("/"):
            entities = [{"type": "bot_command", "offset": 0, "length": utf16(text.split(maxsplit=1)[0])}]
        body = {"text": text} | ({"entities": entities} if entities else {}) | more
        with self._changed:
            self.chats[user].started = True
            bubble = self._note(user, text, by_bot=False)
            self._add("message", self._message(user, bubble) | body, MESSAGES_WAIT)
        return bubble.message_id

    def send(self, user: int, **body: Any) -> None:
        """Send something that is no text."""
        with self._changed:
            bubble = self._note(user, "", by_bot=False)
            self._add("message", self._message(user, bubble) | body, MESSAGES_WAIT)

    def edit(self, user: int, message_id: int, text: str) -> None:
        """Edit a text that was sent."""
        with self._changed:
            bubble = self.chats[user].bubbles[message_id]
            bubble.text = text
            body = self._message(user, bubble) | {"text": text, "edit_date": int(time.time())}
            self._add("edited_message", body, MESSAGES_WAIT)

    def tap(self, user: int, message_id: int, data: str) -> str:
        """Tap a button; answers the number of the callback."""
        with self._changed:
            bubble = self.chats[user].bubbles[message_id]
            callback_id = str(4_000_000_000_000_000_000 + len(self.taps))
            self.taps[callback_id] = Tapped(user, time.time())
            body = {
                "id": callback_id, "from": self.chats[user].user, "chat_instance": str(user * 7),
                "message": self._message(user, bubble) | {"text": bubble.text}, "data": data,
            }  # fmt: skip
            self._add("callback_query", body, CALLBACKS_WAIT)
        return callback_id

    def block(self, user: int, *, blocked: bool = True) -> None:
        """Block the bot, or let it in again."""
        with self._changed:
            chat = self.chats[user]
            chat.blocked = blocked
            words = ("member", "kicked") if blocked else ("kicked", "member")
            old, new = ({"user": self._me(), "status": word, "until_date": 0} for word in words)
            self._add("my_chat_member", {
                "chat": self._private(user), "from": chat.user, "date": int(time.time()),
                "old_chat_member": old, "new_chat_member": new,
            }, MESSAGES_WAIT)  # fmt: skip

    def put(self, kind: str, body: dict[str, Any]) -> None:
        """Let an update of any kind wait."""
        with self._changed:
            self._add(kind, body, MESSAGES_WAIT)

    def toasts(self, user: int) -> list[str]:
        """The toasts that this person has seen, oldest first."""
        return [tap.toast for tap in list(self.taps.values()) if tap.user == user and tap.toast]

    def unanswered(self) -> list[str]:
        """Taps that nobody has answered."""
        return [number for number, tap in list(self.taps.items()) if not tap.answered]

    def lose_taps(self) -> int:
        """Let every tap go that nobody fetched, as Telegram does after 150 seconds; answers how many."""
        with self._changed:
            before = len(self._updates)
            self._updates = [one for one in self._updates if "callback_query" not in one[1]]
            return before - len(self._updates)

    def waiting(self) -> int:
        """How many updates nobody has confirmed."""
        with self._changed:
            return len(self._updates)

    # what the bot asks

    def answer(self, method: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Carry out a request; answers the body, raises RefusalError."""
        problems = tuple(problems_of(method, fields))
        with self._changed:
            self.requests.append((method, dict(fields)))
            self.problems += [f"{method}: {problem}" for problem in problems]
        if problems:
            raise RefusalError(400, f"Bad Request: {problems[0]}")
        self.fault(method, fields)
        acts: dict[str, Callable[[Mapping[str, str]], Any]] = {
            "getMe": self._get_me, "getUpdates": self._get_updates, "sendMessage": self._send_message,
            "editMessageText": self._edit_text, "answerCallbackQuery": self._answer_tap,
        }  # fmt: skip
        return {"ok": True, "result": acts[method](fields) if method in acts else True}

    def _get_me(self, _fields: Mapping[str, str]) -> dict[str, Any]:
        return self._me() | {"can_join_groups": False, "can_read_all_group_messages": False}

    def _get_updates(self, fields: Mapping[str, str]) -> list[dict[str, Any]]:
        offset, until = int(fields.get("offset", 0)), time.monotonic() + int(fields.get("timeout", 0))
        with self._changed:
            self._polls += 1
            number = self._polls
            while True:
                if self._polls != number:
                    words = "Conflict: terminated by other getUpdates request; make sure that only one runs"
                    self.problems.append(words)
                    raise RefusalError(409, words)
                now = time.time()
                self._updates = [
                    (until_, update) for until_, update in self._updates
                    if until_ > now and update["update_id"] >= offset
                ]  # fmt: skip
                left = until - time.monotonic()
                if self._updates or left <= 0:
                    limit = int(fields.get("limit", 100))
                    self._polls += 1
                    return [update for _until, update in self._updates[:limit]]
                self._changed.wait(left)

    def _send_message(self, fields: Mapping[str, str]) -> dict[str, Any]:
        user = int(fields["chat_id"])
        with self._changed:
            chat = self._reachable(user)
            bubble = self._note(user, shown(fields), by_bot=True)
            bubble.rows = keyboard(fields)
            bubble.silent = fields.get("disable_notification", "false").lower() == "true"
            chat.bubbles[bubble.message_id] = bubble
            return self._message(user, bubble) | {"text": bubble.text}

    def _edit_text(self, fields: Mapping[str, str]) -> dict[str, Any]:
        user = int(fields["chat_id"])
        with self._changed:
            bubble = self._reachable(user).bubbles.get(int(fields["message_id"]))
            if bubble is None or not bubble.by_bot:
                raise RefusalError(400, "Bad Request: message to edit not found")
            text, rows = shown(fields), keyboard(fields)
            if (text, rows) == (bubble.text, bubble.rows):
                self.problems.append(f"editMessageText: not modified: {text!r}")
                raise RefusalError(400, NOT_MODIFIED)
            bubble.text, bubble.rows = text, rows
            bubble.edits += 1
            return self._message(user, bubble) | {"text": text, "edit_date": int(time.time())}

    def _answer_tap(self, fields: Mapping[str, str]) -> bool:
        with self._changed:
            tap = self.taps.get(fields["callback_query_id"])
            if tap is None or tap.answered or time.time() - tap.at > TAP_MAY_BE_ANSWERED:
                raise RefusalError(
                    400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
                )
            tap.answered, tap.toast = True, fields.get("text", "")
            return True

    # the record

    def _reachable(self, user: int) -> Chat:
        chat = self.chats.get(user)
        if chat is None or not chat.started:
            raise RefusalError(400, "Bad Request: chat not found")
        if chat.blocked:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _me(self) -> dict[str, Any]:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Plain", "username": self.name}

    def _private(self, user: int) -> dict[str, Any]:
        return {"id": user, "type": "private", "first_name": self.chats[user].user["first_name"]}

    def _note(self, user: int, text: str, *, by_bot: bool) -> Bubble:
        bubble = Bubble(self._next_message, by_bot, text)
        self.chats[user].bubbles[bubble.message_id] = bubble
        self._next_message += 1
        self._changed.notify_all()
        return bubble

    def _message(self, user: int, bubble: Bubble) -> dict[str, Any]:
        author = self._me() if bubble.by_bot else self.chats[user].user
        found: dict[str, Any] = {
            "message_id": bubble.message_id, "from": author, "chat": self._private(user), "date": int(time.time()),
        }  # fmt: skip
        return found | ({"reply_markup": {"inline_keyboard": bubble.rows}} if bubble.rows else {})

    def _add(self, kind: str, body: dict[str, Any], wait: float) -> None:
        self._updates.append((time.time() + wait, {"update_id": self._next_update, kind: body}))
        self._next_update += 1
        self._changed.notify_all()


def shown(fields: Mapping[str, str]) -> str:
    """The text as a phone shows it."""
    if fields.get("parse_mode") != "HTML":
        return fields["text"].strip()
    parser = Plain()
    parser.feed(fields["text"])
    parser.close()
    return parser.text.strip()


def keyboard(fields: Mapping[str, str]) -> list[list[dict[str, str]]]:
    """The buttons; without a `reply_markup` there are none."""
    found: list[list[dict[str, str]]] = json.loads(fields.get("reply_markup") or "{}").get("inline_keyboard", [])
    return found


class Handler(BaseHTTPRequestHandler):
    """One connection of the bot."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: PlainBotApi

    def do_GET(self) -> None:
        """Methods may be called with GET too."""
        self._serve({})

    def do_POST(self) -> None:
        """Read the fields as form fields or JSON, never as anything else."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip()
        if kind == "application/x-www-form-urlencoded" or not body:
            self._serve(dict(parse_qsl(body.decode(), keep_blank_values=True)))
        else:
            self.api.problems.append(f"the content type {kind} is not read here")
            self._reply(400, {"ok": False, "error_code": 400, "description": "Bad Request: can't parse the body"})

    def _serve(self, fields: dict[str, str]) -> None:
        split = urlsplit(self.path)
        fields = dict(parse_qsl(split.query, keep_blank_values=True)) | fields
        prefix, _, method = split.path.rpartition("/")
        if prefix != f"/bot{self.api.token}":
            self._reply(404, {"ok": False, "error_code": 404, "description": "Not Found"})
            return
        try:
            self._reply(200, self.api.answer(method, fields))
        except RefusalError as refusal:
            self._reply(refusal.code, refusal.body)

    def _reply(self, code: int, body: Mapping[str, Any]) -> None:
        content = json.dumps(body).encode()
        try:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Threads that end with the test."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_args: Any) -> None:
        """A bot that was killed leaves broken connections."""


@contextmanager
def plain_server(api: PlainBotApi) -> Iterator[str]:
    """Serve the API on a free port of the loopback; answers its address."""
    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"api": api}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
