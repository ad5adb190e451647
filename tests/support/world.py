"""A whole study in one process: real database, real desk, real planning, and a chat that only remembers what it shows.

Tests of the conversation use it to tap, type and let time pass. Delivery over HTTP is tested elsewhere.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session, col, select

from bot.actions import record_delivery
from bot.actions.beat import beat
from bot.actions.come_back import come_back
from bot.actions.plan_messages import plan_due
from bot.actions.prepare_message import Dropped, Later, Ready, prepare
from bot.actions.study import Study
from bot.chat.desk import handle
from bot.chat.incoming import Body, CallbackAnswer, Command, Incoming, Tapped, Typed
from bot.people.keys import Keys, token_hash
from bot.storage.database import Database
from bot.storage.outbox import claim_due
from bot.storage.tables import InvitationRow, MessageRow, ParticipantRow, ZoneRow
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.database import T0, add_participant, study_database

Row = TypeVar("Row")

SHANGHAI = "Asia/Shanghai"
INVITATION = "invitation"
W00 = date(2026, 6, 1)  # a Monday; the seven days before it are 25 to 31 May
FIRST_DAY = W00 - timedelta(days=7)


@dataclass
class Bubble:
    """One message in the chat as it stands."""

    id: int
    text: str
    rows: tuple[tuple[tuple[str, str], ...], ...]
    kind: str
    edits: int = 0

    @property
    def labels(self) -> list[str]:
        return [label for row in self.rows for label, _data in row]


@dataclass
class Phone:
    """One chat: what stands in it, and what its owner does."""

    world: "World"
    address: int
    language: str = "en"
    bubbles: list[Bubble] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    arrivals: list[tuple[datetime, str, str]] = field(default_factory=list)

    def start(self, token: str = "") -> None:
        self.send(Command("start", token))

    def command(self, name: str) -> None:
        self.send(Command(name, ""))

    def type(self, text: str, *, sent_at: datetime | None = None) -> None:
        self.send(Typed(text), sent_at=sent_at)

    def tap(self, label: str, bubble: Bubble | None = None) -> CallbackAnswer | None:
        """Tap the newest button whose label is, or begins with, these words."""
        found = self.button(label, bubble)
        assert found is not None, f"no button {label!r}; there are {[b.labels for b in self.bubbles]}"
        return self.send(Tapped(found[1], "callback", found[0].id))

    def button(self, label: str, bubble: Bubble | None = None) -> tuple[Bubble, str] | None:
        places = [bubble] if bubble else list(reversed(self.bubbles))
        for exact in (True, False):
            for place in places:
                for row in place.rows:
                    for text, data in row:
                        if text == label or (not exact and text.startswith(label)):
                            return place, data
        return None

    def send(
        self, body: Body, *, reference: str | None = None, sent_at: datetime | None = None
    ) -> CallbackAnswer | None:
        answer = self.world.receive(self, body, reference, sent_at)
        if answer is not None and answer.toast:
            self.toasts.append(answer.toast)
        self.world.deliver()
        return answer

    @property
    def last(self) -> Bubble:
        return self.bubbles[-1]

    def unasked(self, since: datetime | None = None) -> list[tuple[datetime, str]]:
        """When which unasked message arrived."""
        kinds = ("prompt", "second", "last_call", "snoozed", "outage", "thank_you")
        return [(at, kind) for at, kind, _text in self.arrivals if kind in kinds and (since is None or at > since)]


@dataclass
class World:
    """The study, its clock, and the phones of its participants."""

    db: Database
    study: Study
    now: datetime
    system_now: datetime = T0
    phones: dict[int, Phone] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)  # kinds whose every outcome is unknown although they arrive
    updates: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    messages: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    def phone(self, address: int = 5001, language: str = "en") -> Phone:
        return self.phones.setdefault(address, Phone(self, address, language))

    def enrol(self, code: str = "SH-001", token: str = INVITATION, **values: object) -> int:
        """A participant with an open invitation; answers the row's id."""
        with self.db.write() as session:
            tzid = str(values.pop("tzid", SHANGHAI))
            row = add_participant(
                session, **{"code": code, "baseline_on": W00, "enrolled_at": self.now, "language": "en", **values}
            )
            session.add(
                ZoneRow(participant_id=row.id, from_on=date(2020, 1, 1), tzid=tzid, set_at=self.now, reason="enrolled")
            )
            session.flush()
            self.invite(session, row.id or 0, token)
            return row.id or 0

    def invite(self, session: Session, participant_id: int, token: str) -> None:
        session.add(
            InvitationRow(
                participant_id=participant_id,
                token_hash=token_hash(token),
                created_at=self.now,
                expires_at=self.now + timedelta(hours=72),
            )
        )

    def joined(self, code: str = "SH-001", address: int = 5001, language: str = "English", **values: object) -> Phone:
        """A participant who has joined on a phone, at the default hour."""
        token = f"token-{code}"
        self.enrol(code, token, **values)
        phone = self.phone(address)
        phone.start(token)
        for label in (language, "Agree" if language == "English" else "同意", "20:00"):
            phone.tap(label)
        phone.tap("OK" if language == "English" else "收到")
        return phone

    def receive(
        self, phone: Phone, body: Body, reference: str | None = None, sent_at: datetime | None = None
    ) -> CallbackAnswer | None:
        reference, sent_at = reference or f"u{next(self.updates)}", sent_at or self.now
        incoming = Incoming(reference, "telegram", phone.address, phone.language, sent_at, body)
        with self.db.write() as session:
            return handle(session, incoming, study=self.study, now=self.now)

    def deliver(self) -> None:
        """Send whatever is due, as the dispatcher would."""
        for _round in range(20):
            with self.db.write() as session:
                rows = claim_due(session, owner="test", study_now=self.now, system_now=self.system_now, limit=100)
            if not rows:
                return
            for claimed in rows:
                with self.db.write() as session:
                    self._send(session, session.get_one(MessageRow, claimed.id))
        raise AssertionError("the outbox never empties")

    def _send(self, session: Session, row: MessageRow) -> None:
        if row.state != "claimed":
            return
        prepared = prepare(session, row, study=self.study, now=self.now)
        match prepared:
            case Later(due_at):
                row.state, row.due_at = "planned", due_at
            case Dropped(state, reason):
                row.state, row.reason = state, reason
            case Ready():
                row.sending_at, row.card_id = self.now, prepared.card_id or row.card_id
                shown = self._show(prepared, row.kind)
                if row.kind in self.unclear:
                    row.state, row.reason = "unknown", "no_receipt"
                    session.flush()
                    record_delivery.unknown(session, row, now=self.now)
                    return
                row.provider_msg_id = shown
                row.state, row.sent_at = "sent", self.now
                record_delivery.delivered(session, row, row.provider_msg_id, now=self.now)
        session.add(row)

    def _show(self, ready: Ready, kind: str) -> int:
        phone = self.phone(ready.address)
        if ready.method == "send":
            bubble = Bubble(next(self.messages), ready.text, ready.rows, kind)
            phone.bubbles.append(bubble)
            phone.arrivals.append((self.now, kind, ready.text))
            return bubble.id
        for bubble in phone.bubbles:
            if bubble.id == ready.provider_msg_id:
                bubble.text, bubble.rows, bubble.edits = ready.text, ready.rows, bubble.edits + 1
        return ready.provider_msg_id or 0

    def wait_until(self, at: datetime) -> None:
        """Let time pass, stopping at every instant at which something is due."""
        while True:
            due = self.next_due()
            self.now = min(at, max(self.now, due)) if due is not None else at
            self.tick()
            if self.now >= at:
                return

    def wait(self, **length: float) -> None:
        self.wait_until(self.now + timedelta(**length))

    def local(self, day: date, wall: str, tzid: str = SHANGHAI) -> datetime:
        return instant(day, time.fromisoformat(wall), tzid)

    def wait_for(self, day: date, wall: str, tzid: str = SHANGHAI) -> None:
        self.wait_until(self.local(day, wall, tzid))

    def tick(self) -> None:
        with self.db.write() as session:
            beat(session, study=self.study, system_now=self.system_now, now=self.now, shifted=True)
        while self._come_back():
            pass
        with self.db.write() as session:
            plan_due(session, study=self.study, now=self.now)
        self.deliver()

    def _come_back(self) -> bool:
        with self.db.write() as session:
            return come_back(session, study=self.study, now=self.now)

    def be_away_until(self, at: datetime) -> None:
        """Jump in time without serving anybody: an outage."""
        self.system_now += at - self.now
        self.now = at
        self.tick()

    def next_due(self) -> datetime | None:
        """The next instant after now at which a message is due."""
        with self.db.read() as session:
            query = (
                select(MessageRow.due_at)
                .where(col(MessageRow.state).in_(("planned", "retry")), MessageRow.due_at > self.now)
                .order_by(col(MessageRow.due_at))
            )
            return session.exec(query).first()

    def participant(self, code: str = "SH-001") -> ParticipantRow:
        with self.db.read() as session:
            return session.exec(select(ParticipantRow).where(ParticipantRow.code == code)).one()

    def rows(self, table: type[Row]) -> list[Row]:
        with self.db.read() as session:
            return list(session.exec(select(table)).all())


@contextmanager
def study_world(folder: Path, *, at: datetime | None = None, protocol: Path | None = None) -> Iterator[World]:
    """A world in the week before the first visit's diary, on the shipped protocol unless another is given."""
    study = Study(load_protocol(protocol or seed_protocol_path()), Keys())
    with study_database(folder, inline=True) as database:
        start = at or instant(FIRST_DAY - timedelta(days=4), time(10), SHANGHAI)
        world = World(database, study, start)
        world.tick()
        yield world
