"""A participant with a phone who keeps the diary tap by tap, and remembers what they meant and what they saw."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from bot.sandbox.people import Message
from tests.support.live import Live, question_of, system_now

ITEMS = ("stools", "pain", "wellbeing")
HIGHEST = {"stools": 9, "pain": 3, "wellbeing": 4}
RETRY_AFTER = 8.0  # seconds after which a person taps again when nothing has happened
READS_A_TOAST = 2.0  # seconds
DATA = re.compile(r"1:([A-Za-z0-9_-]{16}):([a-z])([0-9a-z]*):[0-9a-z]+")
SHOWN_ANSWERS = re.compile(r"^[^\d\n:：]+(?:: |：)(\d+)", re.MULTILINE)


class Words(NamedTuple):
    """What the buttons of one language say."""

    joining: tuple[str, ...]
    start: str
    submit: str
    change: str
    change_item: tuple[str, ...]
    saved: str


WORDS = {
    "en": Words(("English", "Agree", "20:00", "OK"), "Start", "Submit", "Change",
                ("Change stools", "Change pain", "Change well-being"), "✓ Saved"),
    "zh": Words(("中文", "同意", "20:00", "收到"), "开始", "提交", "修改",
                ("修改稀便次数", "修改腹痛", "修改总体感觉"), "✓ 已保存"),
}  # fmt: skip


class Button(NamedTuple):
    """A button on the screen."""

    message_id: int
    label: str
    data: str

    @property
    def key(self) -> str:
        found = DATA.fullmatch(self.data)
        return found[1] if found else ""


@dataclass
class Deed:
    """One tap or text, and what came of it as far as the phone shows."""

    kind: str
    update_id: int
    key: str
    screen: Any
    at: float
    callback_id: str | None = None
    item: str | None = None
    value: int | None = None
    meant: Mapping[str, int] = field(default_factory=dict)
    acknowledged: bool = False
    toast: str = ""


@dataclass
class Card:
    """What this person wants to say for one diary day; `act_after` is the copy on which they act."""

    act_after: int
    changes: int
    meant: dict[str, int] = field(default_factory=dict)
    submitted: dict[str, int] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)
    copies: set[int] = field(default_factory=set)


@dataclass
class Player:
    """Plays one participant; `step` does at most one thing and answers whether there is anything left to do."""

    live: Live
    user: int
    code: str
    language: str
    invitation: str
    rng: Random
    changes: int = 2
    typing: float = 0.15
    cards: dict[str, Card] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    waiting: Deed | None = None
    joined: bool = False

    def start(self) -> None:
        """Open the invitation."""
        self.live.api.start(system_now(), self.user, self.invitation)

    def step(self) -> bool:
        """Do the next thing, if the last one has had its effect."""
        screen = self.screen()
        if self.waiting is not None and not self._has_settled(self.waiting, screen):
            return True
        self.waiting = None
        buttons = self.buttons()
        return self._act(self.newest_with_buttons(), buttons, screen) if buttons else not self.joined

    def screen(self) -> Any:
        """What the chat shows without much scrolling, for telling whether anything has changed."""
        return [(message.message_id, message.text, str(message.keyboard)) for message in self._messages()[-12:]]

    def newest_with_buttons(self) -> Message | None:
        """The newest message that can be tapped."""
        return next((message for message in reversed(self._messages()) if message.callback_buttons()), None)

    def buttons(self) -> list[Button]:
        """The buttons of the newest message that has any."""
        message = self.newest_with_buttons()
        found = message.callback_buttons() if message else []
        return [Button(message.message_id, one["text"], one["callback_data"]) for one in found if message]

    @property
    def acknowledged(self) -> list[Deed]:
        """Answers and submissions that were accepted before this person's eyes."""
        return [deed for deed in self.deeds if deed.acknowledged and deed.kind in ("answer", "submit")]

    def _messages(self) -> list[Message]:
        return [message for message in list(self.live.api.chat(self.user).messages.values()) if message.from_bot]

    def _has_settled(self, deed: Deed, screen: Any) -> bool:
        if deed.callback_id is not None:
            self._hear(deed, deed.callback_id)
        moved = screen != deed.screen
        if deed.kind == "text" or deed.acknowledged:
            return moved  # a person who has been heard waits until the screen shows it
        return moved or time.monotonic() - deed.at > (READS_A_TOAST if deed.toast else RETRY_AFTER)

    def _hear(self, deed: Deed, callback_id: str) -> None:
        if not self.live.api.state.callbacks[callback_id].answered:
            return
        toasts = [toast for toast in self.live.api.toasts(self.user) if toast.callback_id == callback_id]
        deed.toast = toasts[0].text if toasts else ""
        deed.acknowledged = bool(toasts) and not deed.toast

    def _act(self, message: Message | None, buttons: list[Button], screen: Any) -> bool:
        words = WORDS[self.language]
        text = message.text if message else ""
        for label in words.joining:
            if label == "20:00" and question_of(text):
                continue
            if found := starting(buttons, label):
                self.joined = self._tap(found, "panel", screen) and label == words.joining[-1]
                return True
        card = self.cards.setdefault(
            buttons[0].key, Card(self.rng.choice((1, 1, 1, 2, 3)), self.rng.randint(0, self.changes))
        )
        if found := starting(buttons, words.start):
            return self._open(card, found, screen)
        if question := question_of(text):
            return self._answer(card, buttons, ITEMS[question - 1], screen)
        if found := starting(buttons, words.submit):
            return self._review(card, buttons, found, text, screen)
        if words.saved in text:
            return self._saved(card, buttons, screen)
        return False

    def _open(self, card: Card, found: Button, screen: Any) -> bool:
        card.copies.add(found.message_id)
        if len(card.copies) < card.act_after and not card.meant:
            return False
        self._tap(found, "start", screen)
        return True

    def _answer(self, card: Card, buttons: list[Button], item: str, screen: Any) -> bool:
        value = card.meant.setdefault(item, self.rng.randint(0, HIGHEST[item]))
        if self.rng.random() < self.typing:
            self.live.say(self.user, str(value))
            self._note("text", buttons[0].key, screen, item=item, value=value)
        else:
            found = next(one for one in buttons if one.label.split(" ")[0] == str(value))
            self._tap(found, "answer", screen, item=item, value=value)
        return True

    def _review(self, card: Card, buttons: list[Button], submit: Button, text: str, screen: Any) -> bool:
        shown = dict(zip(ITEMS, map(int, SHOWN_ANSWERS.findall(text)[-3:]), strict=True))
        if card.saved and card.meant == card.saved == shown and card.changes > 0:
            card.changes -= 1
            item = self.rng.choice(ITEMS)
            card.meant[item] = (card.meant[item] + self.rng.randint(1, HIGHEST[item])) % (HIGHEST[item] + 1)
        wrong = [item for item in ITEMS if shown[item] != card.meant.get(item, shown[item])]
        if wrong:
            label = WORDS[self.language].change_item[ITEMS.index(wrong[0])]
            self._tap(next(one for one in buttons if one.label == label), "change", screen)
            return True
        if self._tap(submit, "submit", screen, meant=dict(shown)):
            card.meant = card.submitted = dict(shown)
        return True

    def _saved(self, card: Card, buttons: list[Button], screen: Any) -> bool:
        card.saved = dict(card.submitted)
        change = next((one for one in buttons if one.label == WORDS[self.language].change), None)
        if change is None or card.changes <= 0:
            return False
        self._tap(change, "change", screen)
        return True

    def _tap(self, button: Button, kind: str, screen: Any, **more: Any) -> bool:
        """Tap, unless the message has been redrawn since it was looked at; then there is another look."""
        try:
            callback_id = self.live.api.tap(system_now(), self.user, button.message_id, button.data)
        except ValueError:
            return False
        self._note(kind, button.key, screen, callback_id=callback_id, **more)
        return True

    def _note(self, kind: str, key: str, screen: Any, **more: Any) -> None:
        update_id = self.live.api.state.updates.next_id - 1
        self.waiting = Deed(kind, update_id, key, screen, time.monotonic(), **more)
        self.deeds.append(self.waiting)


def starting(buttons: list[Button], label: str) -> Button | None:
    """The first button whose label begins with these words."""
    return next((one for one in buttons if one.label.startswith(label)), None)
