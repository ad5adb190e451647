"""Updates as no Telegram would send them, and button data as a modified app could (G8).

Well-formed updates of participants and a stranger are bent at random: values of wrong types and sizes, keys gone or
new, hostile texts, button data of other people, other days and other revisions. Nothing may fall over, hang, or write
a word into somebody else's record; what cannot be read is set aside alone.

python -m tests.faults.hostile_input --updates 100000 [--seed S]
"""

import argparse
import copy
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlmodel import select

from bot.storage.tables import AnswerRow, CardRow, ChatRow, EntryRow, InboxRow
from tests.faults.histories import Side, side, tap_of, text_of
from tests.support.world import FIRST_DAY, World

BATCH = 100
LONGEST = 2.0  # seconds of work for one update
STRANGER = 7777
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**31, 2**63, 2**200, -(2**70), 1.5, 1e308, "", "0", "\x00", "\u202e\u200f4", "\ud800", "𝟜",
    "4" * 5000, "字" * 4096, "'; DROP TABLE answer; --", "{{7*7}}", "<b>&", "=1+1", "/start " + "a" * 64, "/stop", [],
    {}, [[]], {"id": 5001}, ["5001"],
)  # fmt: skip
Bend = Callable[[dict[str, Any], Random], None]


@dataclass
class Figures:
    """What the bent updates have shown."""

    updates: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    bent_taps: int = 0
    answers: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        return (
            f"{len(self.faults)} faults in {self.updates} bent updates, {self.bent_taps} of them with bent "
            f"button data: {dict(sorted(self.ends.items()))}; {self.answers} answers stored, each by its owner; "
            f"slowest {self.slowest:.2f} s of work"
        )


def bend(update: dict[str, Any], rng: Random) -> None:
    """Change one thing somewhere in it, if anything is left of it."""
    if not update:
        return
    holder: Any = update
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = rng.choice(keys)
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.75:
            holder = inner
            continue
        break
    act = rng.random()
    if act < 0.65 or not isinstance(holder, dict):
        holder[key] = copy.deepcopy(rng.choice(HOSTILE))
    elif act < 0.85:
        del holder[key]
    else:
        holder[rng.choice(("text", "from", "chat", "data", "new_field", "via_bot"))] = copy.deepcopy(
            rng.choice(HOSTILE)
        )


def bent_data(known: list[str], rng: Random) -> str:
    """Button data of somebody, with a character, a value, a code or the revision changed."""
    data = rng.choice(known)
    version, key, deed, revision = data.split(":")
    act = rng.randrange(6)
    if act == 0:
        place = rng.randrange(len(data))
        return data[:place] + chr(rng.randrange(32, 127)) + data[place + 1 :]
    if act == 1:
        deed = rng.choice("spwgbdychzkrlnotxq") + str(rng.choice(("", -1, 0, 3, 4, 9, 17, 99, 10**9)))
    elif act == 2:
        revision = rng.choice(("0", "1", "2", "3", "z", "zzzzzzzzzz", "-1"))
    elif act == 3:
        key = rng.choice(known).split(":")[1]
    elif act == 4:
        return data + "\u0000" * rng.randrange(1, 70)
    return f"{version}:{key}:{deed}:{revision}"


@dataclass
class Attack:
    """One world under attack, day after day."""

    there: Side
    rng: Random
    figures: Figures
    number: int = 1_000_000

    @property
    def world(self) -> World:
        return self.there.world

    def batch(self) -> None:
        """A hundred bent updates, one after the other, and a look at the record."""
        known = [
            data
            for phone in self.world.phones.values()
            for bubble in phone.bubbles[-4:]
            for row in bubble.rows
            for _label, data in row
            if data.count(":") == 3
        ] or ["1:AAAAAAAAAAAAAAAA:s4:0"]
        for _ in range(BATCH):
            self._bring(self._update(known))
        self.world.now += timedelta(minutes=7)
        self.world.tick()
        self._look()

    def _update(self, known: list[str]) -> Any:
        self.number += 1
        sender = self.rng.choice((*self.world.phones, STRANGER))
        if self.rng.random() < 0.5:
            data = self.rng.choice(known) if self.rng.random() < 0.3 else bent_data(known, self.rng)
            self.figures.bent_taps += 1
            update = tap_of(self.number, sender, self.rng.randrange(100, 200), data)
            return update if self.rng.random() < 0.8 else self._bent(update)
        kind = self.rng.choice(("message", "message", "edited_message", "my_chat_member"))
        update = text_of(self.number, sender, self.rng.choice(("4", "3-4", "/today", "hello")), self.world.now)
        update[kind] = update.pop("message")
        return self._bent(update)

    def _bent(self, update: dict[str, Any]) -> Any:
        update = copy.deepcopy(update)
        for _ in range(self.rng.choice((1, 1, 2, 4))):
            bend(update, self.rng)
        return update if self.rng.random() < 0.99 else self.rng.choice(HOSTILE)

    def _bring(self, update: Any) -> None:
        began = time.process_time()
        self.figures.updates += 1
        try:
            self.there.bring_raw(json.loads(json.dumps(update)))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
            shape = json.dumps(update)[:300]
            self.figures.faults.append(f"{type(error).__name__} at {shape}")
        took = time.process_time() - began
        self.figures.slowest = max(self.figures.slowest, took)
        if took > LONGEST:
            self.figures.faults.append(f"{took:.1f} s for {json.dumps(update)[:200]}")

    def _look(self) -> None:
        """Nothing is in anybody's record that did not come from their own chat."""
        with self.world.db.read() as session:
            senders = {f"u{row.update_id}": row.address for row in session.exec(select(InboxRow))}
            owners = {row.participant_id: row.address for row in session.exec(select(ChatRow))}
            days = {(row.participant_id, row.diary_day) for row in session.exec(select(CardRow))}
            rows = [*session.exec(select(AnswerRow)), *session.exec(select(EntryRow))]
            self.figures.ends = Counter(row.state for row in session.exec(select(InboxRow)))
        self.figures.answers = sum(isinstance(row, AnswerRow) for row in rows)
        for row in rows:
            if (
                senders.get(row.reference) != owners[row.participant_id]
                or (row.participant_id, row.diary_day) not in days
            ):
                self.figures.faults.append(f"{row.reference} wrote for participant {row.participant_id}")
        if set(self.figures.ends) - {"done", "aside"}:
            self.figures.faults.append(f"left over: {dict(self.figures.ends)}")


def attack(updates: int, seed: int, *, say_every: int = 0) -> Figures:
    """Bring so many bent updates."""
    figures, rng = Figures(), Random(seed)
    with tempfile.TemporaryDirectory(prefix="cdai-diary-hostile-") as folder, side(Path(folder) / "a", seed) as there:
        there.world.wait_for(FIRST_DAY, "20:01")
        under = Attack(there, rng, figures)
        while figures.updates < updates and not figures.faults:
            under.batch()
            if say_every and figures.updates % say_every == 0:
                say(figures.sentence())
    return figures


def say(sentence: str) -> None:
    """Print at once, for whoever watches a long run."""
    print(sentence, flush=True)  # noqa: T201  # a command that prints its figures


def main() -> int:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    figures = attack(given.updates, given.seed, say_every=1000)
    say(figures.sentence())
    for fault in figures.faults[:20]:
        say(fault)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
