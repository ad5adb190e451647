"""Updates that come doubled, replayed and crossing, against the same updates brought once and in order (G2).

A history is one participant's evening: what they do on the screen they see, which in the crossing world may be old.
There every update comes one to five times, texts and taps of a chat overtake each other as Telegram's two queues
allow, chats are mixed at will, the worker is started anew, and everything is replayed. In the other world each update
comes once, at once, in order. Both must end alike, or an update that crossed was refused and the card drawn again;
and nothing may be stored that the participant did not choose for that question on that day.

python -m tests.faults.histories --histories 10000 [--seed S]
"""

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlmodel import select

from bot.actions.study import Study
from bot.channels.intake import Attempt, Intake
from bot.chat.desk import handle
from bot.diary.card import Code, decode_tap
from bot.diary.items import ITEM_BY_LETTER
from bot.people.keys import Keys
from bot.storage.inbox import store_updates, waiting_chats
from bot.storage.tables import AnswerRow, CardRow, ChatRow, EntryRow, MessageRow
from schedules.clock import VirtualClock
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.database import study_database
from tests.support.world import FIRST_DAY, SHANGHAI, Bubble, Phone, World

PEOPLE = 6
EVENINGS = 7
TYPED = ("4", "2", "0", "17", "23", "3-4", "some words")
REFUSED = ('"typed.crossed"', '"number.')  # replies that say that a number was not noted
TOO_LARGE = ('"typed.too_large"',)  # said in order as well; once more when a number meets the question before its own
QUESTIONS = {
    "liquid or very soft": "stools",
    "Count every stool": "stools",  # the definition, behind "What counts?"
    "Abdominal pain": "pain",
    "well-being today": "wellbeing",
}
Key = tuple[int, date]
Stored = list[tuple[object, ...]]
PROTOCOL = load_protocol(seed_protocol_path())


@dataclass
class Figures:
    """What the histories have shown."""

    histories: int = 0
    updates: int = 0
    deliveries: int = 0
    crossed: int = 0
    refused: int = 0
    differing: int = 0
    answers: int = 0
    entries: int = 0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        return (
            f"{len(self.faults)} of {self.histories} histories break the promise; {self.updates} updates in "
            f"{self.deliveries} deliveries, {self.crossed} histories crossed, {self.differing} of these end otherwise "
            f"than in order, each with an update refused ({self.refused} refusals in all); {self.answers} answers and "
            f"{self.entries} entries stored"
        )


@dataclass
class Side:
    """One world with its worker; `refused` notes chats in which an update was refused this evening."""

    world: World
    refused: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.world.now)
        self.restart()

    def restart(self) -> None:
        """A new worker, as after a restart."""
        self.intake = Intake(
            self.world.db, self.clock, lambda: self.world.study, handle=handle, answer=ignore, queued=lambda: None,
            trouble=lambda _hint: None,
        )  # fmt: skip

    def bring(self, *updates: dict[str, Any]) -> None:
        """Store updates as they come, let the worker take them up, and send what follows."""
        self.clock.set(self.world.now)
        with self.world.db.write() as session:
            store_updates(session, updates, now=self.world.now)
        for chat in {sender(update) for update in updates}:
            attempt = Attempt(chat)
            while self.intake._handle_next(attempt):  # the worker's own transaction
                if attempt.answer is not None and attempt.answer.toast:
                    self.refused.append(chat)
                attempt.answer = None
        self.world.deliver()

    def bring_raw(self, update: Any) -> None:
        """Store whatever came, and let the worker take up every chat in which something waits."""
        self.clock.set(self.world.now)
        with self.world.db.write() as session:
            store_updates(session, [update], now=self.world.now)
        with self.world.db.read() as session:
            chats = waiting_chats(session, busy=(), limit=10)
        for chat in chats:
            attempt = Attempt(chat)
            while self.intake._handle_next(attempt):
                pass
        self.world.deliver()

    def stored(self) -> dict[Key, Stored]:
        """What each participant's diary day holds."""
        found: dict[Key, Stored] = defaultdict(list)
        with self.world.db.read() as session:
            addresses = {row.participant_id: row.address for row in session.exec(select(ChatRow))}
            for row in session.exec(select(AnswerRow).order_by(AnswerRow.id)):  # type: ignore[arg-type]
                found[addresses[row.participant_id], row.diary_day].append((row.item, row.ordinal, row.value))
            for entry in session.exec(select(EntryRow).order_by(EntryRow.id)):  # type: ignore[arg-type]
                words = ("entry", entry.revision, entry.stools, entry.pain, entry.wellbeing)
                found[addresses[entry.participant_id], entry.diary_day].append(words)
        return found


@dataclass
class Evening:
    """One evening of everybody, in both worlds."""

    crossing: Side
    ordered: Side
    rng: Random
    figures: Figures
    day: date
    first_update: int
    chosen: dict[int, Counter[tuple[str, int]]] = field(default_factory=lambda: defaultdict(Counter))
    texts: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    taps: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    done: list[dict[str, Any]] = field(default_factory=list)
    held: set[int] = field(default_factory=set)

    def play(self) -> int:
        """Everybody does some things, and what is held back comes at last; answers the next update's number."""
        phones = list(self.crossing.world.phones.values())
        plan = [phone for phone in phones for _ in range(self.rng.randint(3, 11))]
        self.rng.shuffle(plan)
        for phone in plan:
            self._do(phone)
            if self.rng.random() < 0.55:
                self._bring_some(phone.address)
        for phone in phones:
            while self.texts[phone.address] or self.taps[phone.address]:
                self._bring_some(phone.address)
        self._replay()
        self._judge(phones)
        return self.first_update + len(self.done)

    def _do(self, phone: Phone) -> None:
        """One deed on the screen as it stands, brought in order to the one world, put on its way in the other."""
        number, now = self.first_update + len(self.done), self.crossing.world.now
        update = self._typed(phone, number, now) if self.rng.random() < 0.3 else self._tapped(phone, number)
        if update is None:
            return
        if self.texts[phone.address] or self.taps[phone.address]:
            self.held.add(phone.address)  # the screen is older than the deed before this one
        self.done.append(update)
        (self.texts if "message" in update else self.taps)[phone.address].append(update)
        self.ordered.bring(there(update, self.ordered.world.phone(phone.address)))
        step = timedelta(seconds=self.rng.choice((0.3, 1.2, 3, 8)))
        self.crossing.world.now += step
        self.ordered.world.now = self.crossing.world.now

    def _typed(self, phone: Phone, number: int, now: datetime) -> dict[str, Any]:
        text, asked = self.rng.choice(TYPED), question(phone)
        if asked is not None and text.isdigit():
            self.chosen[phone.address][asked, int(text)] += 1
        return text_of(number, phone.address, text, now)

    def _tapped(self, phone: Phone, number: int) -> dict[str, Any] | None:
        """A tap on the newest message with buttons, an answer rather than a way about it."""
        bubble = next((one for one in reversed(phone.bubbles) if one.rows), None)
        if bubble is None:
            return None
        buttons = [data for row in bubble.rows for _label, data in row]
        pads = [data for data in buttons if (tap := decode_tap(data)) and tap.code in (*ITEM_BY_LETTER, Code.SUBMIT)]
        data = self.rng.choice(pads if pads and self.rng.random() < 0.8 else buttons)
        tap = decode_tap(data)
        if tap is not None and tap.code in ITEM_BY_LETTER and tap.value.isdigit():
            self.chosen[phone.address][ITEM_BY_LETTER[tap.code].value, int(tap.value)] += 1
        return tap_of(number, phone.address, bubble.id, data)

    def _bring_some(self, chat: int) -> None:
        """Bring one or more waiting updates of a chat: each queue keeps its order, each update comes 1 to 5 times.

        A text waits a second at least: its date is in whole seconds, and what happens within one is left to the
        order of numbers (decision 4).
        """
        if self.texts[chat]:
            self.crossing.world.now += timedelta(seconds=1)
            self.ordered.world.now = self.crossing.world.now
        batch = []
        for _ in range(self.rng.randint(1, 4)):
            queues = [queue for queue in (self.texts[chat], self.taps[chat]) if queue]
            if queues:
                update = self.rng.choice(queues).pop(0)
                batch += [update] * self.rng.choice((1, 1, 1, 2, 3, 5))
        if self.rng.random() < 0.5:
            for update in batch:
                self.crossing.bring(update)
        elif batch:
            self.crossing.bring(*batch)
        if self.rng.random() < 0.1:
            self.crossing.restart()
        self.figures.deliveries += len(batch)

    def _replay(self) -> None:
        """After a restart everything comes once more, in any order: nothing may change."""
        before = self.crossing.stored()
        self.crossing.restart()
        again = self.rng.sample(self.done, len(self.done))
        self.crossing.bring(*again)
        self.figures.deliveries += len(again)
        if self.crossing.stored() != before:
            self.figures.faults.append(f"{self.day}: a replay changed what is stored")

    def _judge(self, phones: list[Phone]) -> None:
        crossing, ordered = self.crossing.stored(), self.ordered.stored()
        refusals = Counter(self.crossing.refused) + self._replies(self.crossing, REFUSED)
        refusals += self._replies(self.crossing, TOO_LARGE) - self._replies(self.ordered, TOO_LARGE)
        in_order = Counter(self.ordered.refused)
        self.figures.refused += sum(refusals.values())
        for phone in phones:
            key = phone.address, self.day
            self.figures.histories += 1
            crossed = phone.address in self.held
            self.figures.crossed += crossed
            kept, meant = crossing.get(key, []), ordered.get(key, [])
            self.figures.answers += sum(one[0] != "entry" for one in kept)
            self.figures.entries += sum(one[0] == "entry" for one in kept)
            self._judge_one(
                phone, kept, meant, refused=refusals[phone.address] > 0, crossed=crossed,
                refused_in_order=in_order[phone.address] > 0,
            )  # fmt: skip
        self.figures.updates += len(self.done)
        self.crossing.refused.clear()
        self.ordered.refused.clear()

    def _judge_one(
        self,
        phone: Phone,
        kept: list[tuple[object, ...]],
        meant: list[tuple[object, ...]],
        *,
        refused: bool,
        crossed: bool,
        refused_in_order: bool,
    ) -> None:
        where = f"{self.day} of {phone.address}"
        chosen, answers = self.chosen[phone.address], {(one[0], one[2]) for one in kept if one[0] != "entry"}
        foreign = answers - set(chosen)
        if foreign:
            self.figures.faults.append(f"{where}: stored {foreign} that nobody chose for it")
        for entry in (one for one in kept if one[0] == "entry"):
            values = set(zip(("stools", "pain", "wellbeing"), entry[2:], strict=True))
            if not values <= set(chosen):
                self.figures.faults.append(f"{where}: the entry {values} was not chosen")
        if kept != meant:
            self.figures.differing += 1
            # Tapped and typed alike on one screen: it counts once, and in order the second answers the next question.
            # So something may be missing; and what was then chosen for that question may be refused in order only.
            twice = any(chosen[one] > 1 for one in answers) and (set(kept) <= set(meant) or refused_in_order)
            if not (crossed and (refused or twice)):
                self.figures.faults.append(f"{where}: {kept} instead of {meant}, and nothing was refused")
        if (drawn := self._drawn(phone)) is not None:
            self.figures.faults.append(f"{where}: {drawn}")

    def _replies(self, side: Side, words: tuple[str, ...]) -> Counter[int]:
        """How many texts of each chat got such a reply this evening."""
        with side.world.db.read() as session:
            rows = session.exec(select(MessageRow).where(MessageRow.kind == "reply")).all()
        mine = (row for row in rows if self._is_mine(row) and any(one in row.payload for one in words))
        return Counter(row.address or 0 for row in mine)

    def _is_mine(self, row: MessageRow) -> bool:
        return any(row.dedupe_key.startswith(f"u{update['update_id']}/") for update in self.done)

    def _drawn(self, phone: Phone) -> str | None:
        """The card in the chat must be the one that is stored: its buttons carry the stored revision."""
        with self.crossing.world.db.read() as session:
            card = next(row for row in session.exec(select(CardRow)) if self._belongs(row, phone))
        bubble = next((one for one in phone.bubbles if one.id == card.provider_msg_id), None)
        taps = [tap for row in (bubble.rows if bubble else ()) for _label, data in row if (tap := decode_tap(data))]
        old = {tap.revision for tap in taps if tap.code != Code.START} - {card.revision}
        return f"the card shows revision {old}, stored is {card.revision}" if old else None

    def _belongs(self, card: CardRow, phone: Phone) -> bool:
        return card.diary_day == self.day and card.participant_id == phone.address - 5000


def question(phone: Phone) -> str | None:
    """The item that the newest card asks for, as the person sees it."""
    bubble: Bubble | None = next((one for one in reversed(phone.bubbles) if one.rows), None)
    return next((item for words, item in QUESTIONS.items() if bubble and words in bubble.text), None)


def sender(update: dict[str, Any]) -> int:
    """The chat from which an update comes."""
    found: int = (update.get("message") or update["callback_query"])["from"]["id"]
    return found


def text_of(number: int, chat: int, text: str, at: datetime) -> dict[str, Any]:
    """A text as Telegram sends it; its date is in whole seconds."""
    return {
        "update_id": number,
        "message": {
            "message_id": 900_000 + number, "date": int(at.timestamp()), "text": text, "from": person(chat),
            "chat": {"id": chat, "type": "private", "first_name": "A"},
        },
    }  # fmt: skip


def tap_of(number: int, chat: int, message_id: int, data: str) -> dict[str, Any]:
    """A tap as Telegram sends it: without a time of its own."""
    message = {"message_id": message_id, "date": 0, "chat": {"id": chat, "type": "private", "first_name": "A"}}
    return {
        "update_id": number,
        "callback_query": {
            "id": str(number), "from": person(chat), "message": message, "chat_instance": "1", "data": data,
        },
    }  # fmt: skip


def there(update: dict[str, Any], phone: Phone) -> dict[str, Any]:
    """The same update in the other world, where messages may have other numbers: on the newest copy of that card."""
    if "message" in update:
        return update
    tap, data = update["callback_query"], update["callback_query"]["data"]
    key = decode_tap(data)
    copies = [
        bubble
        for bubble in phone.bubbles
        if any(key and (one := decode_tap(other)) and one.key == key.key for row in bubble.rows for _l, other in row)
    ]
    number = (copies or phone.bubbles)[-1].id
    return {**update, "callback_query": {**tap, "message": {**tap["message"], "message_id": number}}}


def person(chat: int) -> dict[str, Any]:
    """Somebody with an English phone."""
    return {"id": chat, "is_bot": False, "first_name": "A", "language_code": "en"}


async def ignore(_answer: object) -> None:
    """The answer to a tap; the toast has been noted already."""


@contextmanager
def side(folder: Path, seed: int) -> Iterator[Side]:
    """A world with everybody joined; two of one seed have the same keys."""
    source = Random(seed)
    folder.mkdir()

    with study_database(folder, inline=True) as database:
        start = instant(FIRST_DAY - timedelta(days=1), time(10), SHANGHAI)
        world = World(database, Study(PROTOCOL, Keys(source.randbytes)), start)
        world.tick()
        for number in range(1, PEOPLE + 1):
            world.joined(f"SH-{number:03d}", 5000 + number)
        yield Side(world)


def run(histories: int, seed: int, *, say_every: int = 0) -> Figures:
    """Play evenings until there are so many histories, or one breaks the promise."""
    figures, rng = Figures(), Random(seed)
    while figures.histories < histories and not figures.faults:
        with (
            tempfile.TemporaryDirectory(prefix="cdai-diary-histories-") as folder,
            side(Path(folder) / "a", seed + figures.histories) as crossing,
            side(Path(folder) / "b", seed + figures.histories) as ordered,
        ):
            following = 100_000
            for number in range(EVENINGS):
                day = FIRST_DAY + timedelta(days=number)
                for world in (crossing.world, ordered.world):
                    world.wait_for(day, "20:01")
                following = Evening(crossing, ordered, rng, figures, day, following).play()
                if figures.histories >= histories or figures.faults:
                    break
        if say_every and figures.histories % say_every < PEOPLE * EVENINGS:
            say(figures.sentence())
    return figures


def say(sentence: str) -> None:
    """Print at once, for whoever watches a long run."""
    print(sentence, flush=True)  # noqa: T201  # a command that prints its figures


def main() -> int:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    figures = run(given.histories, given.seed, say_every=500)
    say(figures.sentence())
    for fault in figures.faults[:20]:
        say(fault)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
