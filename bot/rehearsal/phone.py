"""A simulated participant with a phone: reads what is in the chat, acts, and remembers what was meant."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.diary.card import Code, decode_tap
from bot.rehearsal.behaviours import HOURS, SAYINGS, Deed, Role, intend, reaction
from bot.rehearsal.course import days_between
from bot.rehearsal.hand import Button, Errand, Intent, Move, is_saved, next_move
from bot.sandbox.rules import BotApi

LOOK_BACK = 8  # messages that somebody scrolls through
# Phones are taken up at full quarters of an hour and moved on every three seconds, so that chats are often busy
# at once.
MARK = timedelta(minutes=15)
STEP = timedelta(seconds=3)
PATIENCE = 3  # looks at a screen that does not change
UNTIL_CORRECTION = timedelta(minutes=25)
PANELS = frozenset({Code.LANGUAGE, Code.NOTICE, Code.HOUR, Code.REACH, Code.STOP, Code.HELP})
NOTHING = Intent({})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tap on Submit: the answers it stood for."""

    key: str
    answers: tuple[tuple[str, int], ...]
    at: datetime


@dataclass
class Phone:
    """One participant.

    `look_at` is when they look next. `attempts` holds every Submit, `confirmed` for each card how many of its
    attempts had been made when the screen said that the day was saved.
    """

    role: Role
    api: BotApi
    seed: int
    look: Callable[["Phone", datetime], None]
    tzid: str = ""
    user_id: int = 0
    active_until: datetime | None = None
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    confirmed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = Random(f"{self.seed}/phone/{self.role.code}")  # noqa: S311  # play, not secrecy
        self.tzid = self.tzid or self.role.tzid
        self.language, self.hour = self.role.language, self.role.hour
        self._intents: dict[str, Intent] = {}
        self._stuck: tuple[str, int] = ("", 0)
        self._asks_for_correction = False
        self.get(self.role.user_id)

    def get(self, user_id: int) -> None:
        """Take up a phone, the first or a new one; the chat on it is empty."""
        self.user_id = user_id
        self.api.add_person(user_id, self.role.code, "zh-hans" if self.language == "zh" else "en")

    def join(self, now: datetime, token: str) -> None:
        """Open the invitation."""
        self.api.start(now, self.user_id, token)
        self._stay(now)

    def notice(self, now: datetime) -> None:
        """A message has arrived: look at once when the phone is in hand, else as the habits have it."""
        if self.active_until is not None and now < self.active_until:
            self.look(self, now + STEP)
            return
        local = now.astimezone(ZoneInfo(self.tzid))
        delay = reaction(self.role.habits, local, self.rng)
        if delay is not None:
            self.look(self, on_the_mark(now + delay))

    def act(self, now: datetime) -> bool:
        """Look at the chat and make the next move; answers whether anything was done."""
        person = self.api.person(self.user_id)
        if person.blocked or not person.started:
            return False
        buttons, message_id = self._in_sight()
        if not buttons:
            return False
        key = buttons[0].tap.key
        self._remember_saved(key, buttons)
        move = self._decide(now, key, buttons)
        if move is None or self._is_stuck(move, message_id):
            return False
        self._make(now, key, move, message_id)
        return True

    def do(self, now: datetime, deed: Deed) -> bool:
        """Do something of one's own accord."""
        person = self.api.person(self.user_id)
        if deed is Deed.BLOCK:
            self.api.block(now, self.user_id)
        elif deed is Deed.UNBLOCK:
            self.api.unblock(now, self.user_id)
        elif person.blocked or not person.started:
            return False
        else:
            self._say_deed(now, deed)
        return True

    def _say_deed(self, now: datetime, deed: Deed) -> None:
        if deed is Deed.LANGUAGE:
            self.language = "en" if self.language == "zh" else "zh"
        if deed is Deed.HOUR:
            self.hour = self.rng.choice(HOURS)
        self._asks_for_correction = self._asks_for_correction or deed is Deed.CORRECTION
        said = Deed.TODAY if deed is Deed.CORRECTION else deed
        words = self.rng.choice(SAYINGS[self.language]) if deed is Deed.TALK else said.value
        self.api.say(now, self.user_id, words)
        self._stay(now)

    def _decide(self, now: datetime, key: str, buttons: list[Button]) -> Move | None:
        if self._asks_for_correction and (asks := [one for one in buttons if one.tap.code == Code.CORRECTION]):
            self._asks_for_correction = False
            return Move(asks[0].data)
        if buttons[0].tap.code in PANELS:
            return next_move(buttons, NOTHING, Errand(self.language, self.hour))[0]
        intent = self._intents.get(key) or self._intend(now)
        move, after = next_move(buttons, intent, Errand(self.language, self.hour))
        self._intents[key] = after
        later = intent.correction is not None and is_saved(buttons) and self._in_a_row(now)
        if later:
            self.active_until = None
            self.look(self, whole(now + UNTIL_CORRECTION))
            return None
        return move

    def _in_a_row(self, now: datetime) -> bool:
        return self.active_until is not None and now < self.active_until

    def _intend(self, now: datetime) -> Intent:
        local = now.astimezone(ZoneInfo(self.tzid)).date()
        return intend(self.role.habits, self.role.course, days_between(self.role.baseline_on, local), self.rng)

    def _make(self, now: datetime, key: str, move: Move, message_id: int) -> None:
        intent = self._intents.get(key, NOTHING)
        if move.submits:
            attempt = Attempt(key, tuple(sorted(intent.answers.items())), now)
            self.attempts.setdefault(key, []).append(attempt)
        if move.text is not None:
            self.api.say(now, self.user_id, move.text)
        elif move.data is not None:
            self.api.tap(now, self.user_id, message_id, move.data)
            if intent.doubles and self.rng.random() < 0.5:
                self.api.tap(now, self.user_id, message_id, move.data)
        if self.rng.random() < self.role.habits.talks / 4:
            self.api.say(now, self.user_id, self.rng.choice(SAYINGS[self.language]))
        self._stay(now)

    def _stay(self, now: datetime) -> None:
        """Keep the phone in hand for a while, and look again in a moment."""
        self.active_until = now + timedelta(minutes=2)
        self.look(self, now + STEP)

    def _is_stuck(self, move: Move, message_id: int) -> bool:
        """Whether the same move has been made a few times and the screen never changed."""
        what = f"{message_id}/{move.data or move.text}"
        before, times = self._stuck
        self._stuck = (what, times + 1 if what == before else 0)
        return self._stuck[1] > PATIENCE

    def _in_sight(self) -> tuple[list[Button], int]:
        """The buttons of the newest message that has any."""
        messages = self.api.chat(self.user_id).messages
        for number in list(reversed(messages))[:LOOK_BACK]:
            found = [
                Button(tap, button["callback_data"])
                for button in messages[number].callback_buttons()
                if (tap := decode_tap(button["callback_data"])) is not None
            ]
            if found:
                return found, number
        return [], 0

    def _remember_saved(self, key: str, buttons: list[Button]) -> None:
        if is_saved(buttons) and key in self.attempts:
            self.confirmed[key] = len(self.attempts[key])


def whole(at: datetime) -> datetime:
    """The instant in whole seconds."""
    return at.replace(microsecond=0)


def on_the_mark(at: datetime) -> datetime:
    """The next full quarter of an hour."""
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond) % MARK
    return at + MARK - past if past else at
