"""Kill the service at random points while people answer; show what was lost, doubled or left without an end.

python -m tests.faults.kill_torture --kills 1000 --seed 1 [--database URL]
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from sqlmodel import Session, col, select

from bot.channels.dispatcher import IN_FLIGHT
from bot.sandbox.rules import FIRST_UPDATE_ID
from bot.storage.chain import verify_database
from bot.storage.database import Database
from bot.storage.outbox import REPEATABLE
from bot.storage.tables import (
    AnswerRow,
    AssessmentRow,
    CardRow,
    EntryRow,
    InboxRow,
    MessageRow,
    OutageRow,
    ParticipantRow,
    SiteMessageRow,
    VisitRow,
)
from bot.storage.tables.traffic import ENDS
from tests.support.line import Request
from tests.support.live import FIRST_USER, Live, Process, live_site, local_day
from tests.support.nursery import Nursery
from tests.support.player import ITEMS, Deed, Player

PEOPLE = tuple((f"SH-{number:03}", "zh" if number % 2 == 0 else "en") for number in range(1, 9))
LAST_MOVE = timedelta(days=20)  # of the visit four weeks after baseline; later the date may pass under the command
KILLS_A_ROUND = 30  # then a fresh database, so that a long run stays quick
JOINS_FIRST = 0.8  # of the rounds begin with people who have joined in peace; in the others that is killed, too
FRESH = 0.05  # of the lives begin with a new interpreter; the others are forked from a loaded one, see `nursery`
AT = ("sendMessage", "editMessageText", "answerCallbackQuery", "getUpdates")
LONGEST_LIFE = 15.0  # seconds from the first poll to a kill that no request has brought
BUSY = b"The study database does not answer"
FINISH_WITHIN = 300.0


@dataclass
class Figures:
    """What a run has shown so far."""

    kills: int = 0
    fresh: int = 0
    points: Counter[str] = field(default_factory=Counter)
    updates: int = 0
    answers: int = 0
    submissions: int = 0
    entries: int = 0
    rows: int = 0
    unknown: int = 0
    extra_copies: int = 0
    commands: int = 0
    commands_killed: int = 0
    commands_refused: int = 0
    audit_events: int = 0
    integrity_checks: int = 0
    overlaps: int = 0
    leaps_cut: int = 0
    faults: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The figures with their sample."""
        lost = sum(fault.startswith("lost") for fault in self.faults)
        return (
            f"{lost} lost of {self.answers} acknowledged answers, {self.submissions} submissions and {self.updates} "
            f"confirmed updates in {self.kills} kills ({self.fresh} of fresh interpreters); {self.entries} entries as "
            f"meant; {self.rows} messages, "
            f"{self.unknown} ended unknown, {self.extra_copies} extra copies; {self.commands} commands beside, "
            f"{self.commands_killed} of them killed, {self.commands_refused} refused by a busy database; "
            f"{self.audit_events} audit events verified, one chain a round; "
            f"{self.integrity_checks} integrity checks; "
            f"{self.overlaps} overlapping requests; {self.leaps_cut} leaps of study time cut off; "
            f"kill points {dict(sorted(self.points.items()))}; "
            f"{len(self.faults)} faults found"
        )


class Killer:
    """Decides when a life ends: some time after the start, or at the n-th request of a kind."""

    def __init__(self, live: Live, rng: Random) -> None:
        self._live, self._rng = live, rng
        self.method, self.phase, self.left, self.deadline = "", "", 0, 0.0
        self.point, self.life = "", LONGEST_LIFE
        live.line.watcher = self._see

    def arm(self) -> None:
        """Choose the end of the life that has just begun."""
        self._polled, self.life = False, LONGEST_LIFE
        if self._rng.random() < 0.2:
            self.method, self.point, self.life = "", "by the clock", self._rng.uniform(0.0, LONGEST_LIFE / 2)
            whole = self._rng.random() < 0.4  # of a life that may not even come to its first request
            self.deadline = time.monotonic() + (self._rng.uniform(0.0, 2.0) if whole else 60.0)
            return
        self.phase = self._rng.choice(("came", "done"))
        self.left = self._rng.randint(1, 24)
        self.deadline = time.monotonic() + 60.0
        self.method = self._rng.choice(AT)
        self.point = f"{self.method} {self.phase}"

    def disarm(self) -> None:
        """Let the next life go on."""
        self.method, self.deadline = "", float("inf")

    @property
    def is_time(self) -> bool:
        """Whether the clock says so."""
        return time.monotonic() >= self.deadline

    def _see(self, request: Request, phase: str) -> None:
        if request.method == "getUpdates" and not self._polled:
            self._polled = True
            self.deadline = min(self.deadline, time.monotonic() + self.life)
        if request.method != self.method or phase != self.phase:
            return
        self.left -= 1
        process = self._live.process
        if self.left == 0 and process is not None:
            process.kill()

    _polled = False


@dataclass
class Command:
    """A command-line process that writes beside the service, and what it would leave behind."""

    process: Process
    code: str
    what: str
    value: str
    kill_at: float | None = None


class Beside:
    """Starts one command after another; notes which took effect and which may have."""

    def __init__(
        self,
        live: Live,
        rng: Random,
        figures: Figures,
        baseline: date,
        people: Sequence[tuple[str, str]],
        *,
        every: float,
    ) -> None:
        self._live, self._rng, self._figures, self._baseline, self._every = live, rng, figures, baseline, every
        self._people = people
        self._next_at = time.monotonic() + every
        self.running: Command | None = None
        self.done: dict[tuple[str, str], set[str]] = {}

    def step(self) -> None:
        """Look after the running command, or start the next."""
        if self.running is not None:
            self._look_after(self.running)
        elif time.monotonic() >= self._next_at:
            self.running = self._start()

    def finish(self) -> None:
        """Wait for the last one."""
        while self.running is not None:
            self._look_after(self.running)
            time.sleep(0.02)

    def _start(self) -> Command:
        code = self._rng.choice(self._people)[0]
        if self._rng.random() < 0.5 and local_day(self._live.study_now()) < self._baseline + LAST_MOVE:
            day = self._baseline + timedelta(days=28 + self._rng.choice((-3, -2, -1, 1, 2, 3)))
            words, what, value = ("visit", "move", code, "W04", day, "--reason", "torture"), "move", str(day)
        else:
            value = str(self._rng.randint(500, 900) / 10)
            day = self._baseline - timedelta(days=9)
            words = ("assess", code, "W04", "--weight-kg", value, "--weight-on", day, "--confirm")
            what = "weight"
        kill_at = time.monotonic() + self._rng.uniform(0.2, 2.5) if self._rng.random() < 0.3 else None
        self._figures.commands += 1
        return Command(self._live.command(*words), code, what, value, kill_at)

    def _look_after(self, command: Command) -> None:
        if command.process.poll() is None:
            if command.kill_at is not None and time.monotonic() >= command.kill_at:
                command.process.kill()
            return
        _out, err = command.process.communicate()
        key, code = (command.code, command.what), command.process.returncode
        if code == 0:
            self.done[key] = {command.value}
        elif code == -signal.SIGKILL:
            self._figures.commands_killed += 1
            self.done.setdefault(key, {""}).add(command.value)
        elif BUSY in err:
            self._figures.commands_refused += 1  # somebody else was writing all the time: said so, changed nothing
        else:
            self._figures.faults.append(f"{command.what} ended with {code}: {err.decode().strip()[-200:]}")
        self.running, self._next_at = None, time.monotonic() + self._every


@dataclass
class Round:
    """One database from enrolment to the last check."""

    live: Live
    rng: Random
    figures: Figures
    people: Sequence[tuple[str, str]] = PEOPLE
    killer: type[Killer] = Killer
    players: list[Player] = field(default_factory=list)
    checked: set[int] = field(default_factory=set)
    settled: int = 0  # the offset of study time for which the service has said that it is ready
    leaps_cut: int = 0

    def play(self, kills: int) -> None:
        """Kill so many times, let everybody finish what they began, and check the whole record."""
        baseline = self._enrol()
        killer = self.killer(self.live, self.rng)
        if self.rng.random() < JOINS_FIRST:
            killer.disarm()
            self.live.run()
            self._finish()
            self.live.kill()
        beside = Beside(self.live, self.rng, self.figures, baseline, self.people, every=4.0)
        for _ in range(kills):
            if self.figures.faults:
                return
            fresh = self.rng.random() < FRESH
            self.live.run(fresh=fresh)
            killer.arm()
            self._live_until_killed(killer, beside)
            self._note_leap()
            self.figures.kills += 1
            self.figures.fresh += fresh
            self.figures.points[killer.point] += 1
            self._check_after_a_kill()
            time.sleep(self.rng.choice((0.0, 0.0, 0.3)))
        killer.disarm()
        beside.finish()
        self.live.run()
        self._finish()
        self._live_on()
        self._check_the_record(kills, beside)
        self.live.kill(signal.SIGTERM)

    def _enrol(self) -> date:
        for number, (code, language) in enumerate(self.people, start=1):
            user = FIRST_USER + number
            invitation = self.live.enrol(code, user, language)
            self.players.append(Player(self.live, user, code, language, invitation, self.rng))
        for player in self.players:
            player.start()
        return self.live.baseline()

    def _live_until_killed(self, killer: Killer, beside: Beside) -> None:
        while True:
            self._everybody()
            beside.step()
            process = self.live.process
            assert process is not None
            if process.poll() is not None or killer.is_time:
                code = self.live.kill()
                if code != -signal.SIGKILL:
                    self.figures.faults.append(f"the service ended by itself with {code}: {self.live.log_lines()[-3:]}")
                return
            time.sleep(0.02)

    def _everybody(self) -> bool:
        """One step of each; when nobody has anything to do, time moves on to the next due instant."""
        busy = [player.step() for player in self.players]
        if any(busy):
            return True
        found = self.live.at_rest()
        if found is None:
            return True
        self.settled = self.live.offset
        if any(player.step() for player in self.players) or found["next_due"] is None:
            return found["next_due"] is not None
        self.live.set_clock(datetime.fromisoformat(found["next_due"]))
        return True

    def _note_leap(self) -> None:
        """Study time leapt and nobody had beaten since: the next life finds that nobody served meanwhile."""
        if self.live.offset != self.settled:
            self.leaps_cut, self.settled = self.leaps_cut + 1, self.live.offset

    def _finish(self) -> None:
        """Let everybody come to the end of what stands on their screens."""
        end = time.monotonic() + FINISH_WITHIN
        while time.monotonic() < end:
            busy = [player.step() for player in self.players]
            if not any(busy) and self.live.at_rest() and not any(player.step() for player in self.players):
                return
            time.sleep(0.02)
        stuck = [(player.code, player.waiting, player.screen()[-2:]) for player in self.players if player.step()]
        self.figures.faults.append(f"stuck at the end: {stuck}; {self.live.readiness()}")

    def _live_on(self) -> None:
        """Where every kill came before anybody was asked, time moves on until somebody has answered."""
        end = time.monotonic() + FINISH_WITHIN
        while not any(player.acknowledged for player in self.players) and time.monotonic() < end:
            if not self._everybody():
                return
            time.sleep(0.02)
        self._finish()

    # checks

    def _check_after_a_kill(self) -> None:
        with self.live.database() as database, database.read() as session:
            self._check_integrity(session)
            self._check_confirmed(session)
            self._check_acknowledged(session)

    def _check_integrity(self, session: Session) -> None:
        """What SQLite itself says of its file; PostgreSQL has no such question."""
        if session.get_bind().dialect.name != "sqlite":
            return
        said = session.connection().exec_driver_sql("PRAGMA integrity_check").scalars().all()
        self.figures.integrity_checks += 1
        if list(said) != ["ok"]:
            self.figures.faults.append(f"integrity_check: {said[:3]}")

    def _check_confirmed(self, session: Session) -> None:
        """Telegram forgets what we confirm, and a tap that nobody fetches in 150 s; the rest waits or is stored."""
        queue = self.live.api.state.updates
        waiting = {queued.update_id for queued in queue.waiting}
        gone = set(range(FIRST_UPDATE_ID, queue.next_id)) - waiting - set(session.exec(select(InboxRow.update_id)))
        taps = {deed.update_id for player in self.players for deed in player.deeds if deed.callback_id is not None}
        if len(gone) > queue.expired or gone - taps:
            self.figures.faults.append(f"lost: {len(gone)} updates, of which {queue.expired} expired unfetched")

    def _check_acknowledged(self, session: Session) -> None:
        for player in self.players:
            for deed in player.acknowledged:
                if deed.update_id not in self.checked:
                    self.checked.add(deed.update_id)
                    if not kept(session, deed):
                        self.figures.faults.append(f"lost: {deed.kind} {deed.item} {deed.value} of {player.code}")

    def _check_the_record(self, kills: int, beside: Beside) -> None:
        with self.live.database() as database:
            with database.read() as session:
                self._check_confirmed(session)
                self._check_acknowledged(session)
                self._check_updates(session)
                self._check_answers(session)
                self._check_entries(session)
                self._check_messages(session, kills)
                self._check_commands(session, beside)
                self._check_outages(session)
            self._check_chain(database)
        figures, line = self.figures, self.live.line
        figures.answers += sum(deed.kind == "answer" for player in self.players for deed in player.acknowledged)
        figures.submissions += sum(deed.kind == "submit" for player in self.players for deed in player.acknowledged)
        figures.overlaps += line.overlaps
        figures.faults += [f"invalid request: {found}" for found in line.invalid()[:5]]
        figures.faults += [f"log line with a secret: {leak}" for leak in self.live.leaks()[:5]]
        allowed = {"unknown_callback", "repeated_callback", "late_callback", "not_modified", "conflict"}
        refusals = [f"{one.method} {one.description}" for one in self.live.api.violations_except(*allowed)]
        figures.faults += [f"refused request: {one}" for one in refusals[:5]]

    def _check_outages(self, session: Session) -> None:
        """Nobody was away for long: an outage can only stand for a leap of study time that a kill cut off."""
        self.figures.leaps_cut += self.leaps_cut
        outages = session.exec(select(OutageRow)).all()
        if len(outages) > self.leaps_cut:
            self.figures.faults += [f"outage noted: {row.started_at}, {self.leaps_cut} leaps" for row in outages]

    def _check_updates(self, session: Session) -> None:
        rows = session.exec(select(InboxRow)).all()
        self.figures.updates += len(rows)
        ended = Counter(row.state for row in rows)
        if set(ended) != {"done"}:
            self.figures.faults.append(f"updates without an effect: {dict(ended)}")

    def _check_answers(self, session: Session) -> None:
        """Every stored answer is one that its owner gave to that question, stored for one update only."""
        deeds = {f"u{deed.update_id}": deed for player in self.players for deed in player.deeds}
        rows = session.exec(select(AnswerRow)).all()
        for row in rows:
            deed = deeds.get(row.reference)
            if deed is None or (deed.item, deed.value) != (row.item, row.value):
                self.figures.faults.append(f"an answer nobody gave: {row.item} {row.value} from {row.reference}")
        doubled = [reference for reference, count in Counter(row.reference for row in rows).items() if count > 1]
        self.figures.faults += [f"an update with two effects: {reference}" for reference in doubled]
        if words := session.exec(select(SiteMessageRow)).all():
            self.figures.faults.append(f"{len(words)} answers went to the site as words")

    def _check_entries(self, session: Session) -> None:
        days = {row.key: row for row in session.exec(select(CardRow))}
        for player in self.players:
            for key, card in player.cards.items():
                if card.saved and key in days:
                    self.figures.entries += 1
                    self._check_entry(session, days[key], card.saved, player.code)

    def _check_entry(self, session: Session, card: CardRow, meant: dict[str, int], code: str) -> None:
        query = select(EntryRow).where(
            EntryRow.participant_id == card.participant_id, EntryRow.diary_day == card.diary_day
        )
        newest = session.exec(query.order_by(col(EntryRow.revision).desc()).limit(1)).first()
        stored = {item: getattr(newest, item) for item in ITEMS} if newest else None
        if stored != meant:
            self.figures.faults.append(f"lost: {code} meant {meant} for {card.diary_day}, stored is {stored}")

    def _check_messages(self, session: Session, kills: int) -> None:
        rows = session.exec(select(MessageRow)).all()
        now = self.live.study_now()
        self.figures.rows += len(rows)
        open_still = [row for row in rows if row.state not in ENDS and row.due_at <= now]
        self.figures.faults += [f"no end state: {row.kind} {row.state} due {row.due_at}" for row in open_still]
        unknown = [row for row in rows if row.state == "unknown"]
        self.figures.unknown += len(unknown)
        if len(unknown) > IN_FLIGHT * kills:
            self.figures.faults.append(f"{len(unknown)} unknown after {kills} kills")
        ids = {row.id: row for row in rows}
        self.figures.faults += [
            f"a copy of a row that is not unknown: {row.kind} {ids[row.resend_of].state}"
            for row in rows if row.resend_of is not None and ids[row.resend_of].state != "unknown"
        ]  # fmt: skip
        for player in self.players:
            self._check_chat(session, player, rows)

    def _check_chat(self, session: Session, player: Player, rows: Sequence[MessageRow]) -> None:
        """Every message in the chat belongs to a row that was sent, or to one whose outcome is unknown."""
        person = session.exec(select(ParticipantRow).where(ParticipantRow.code == player.code)).one()
        mine = [row for row in rows if row.kind not in REPEATABLE and person.id == row.participant_id]
        sent = Counter(row.provider_msg_id for row in mine if row.state == "sent")
        shown = {
            message.message_id for message in self.live.api.chat(player.user).messages.values() if message.from_bot
        }
        unknown = sum(row.state == "unknown" for row in mine)
        copies = len(shown - set(sent))
        self.figures.extra_copies += copies
        if copies > unknown or set(sent) - shown or max(sent.values(), default=1) > 1:
            self.figures.faults.append(f"{player.code}: {copies} messages without a row, {unknown} unknown rows")

    def _check_commands(self, session: Session, beside: Beside) -> None:
        for (code, what), values in beside.done.items():
            person = session.exec(select(ParticipantRow).where(ParticipantRow.code == code)).one()
            stored = newest_weight(session, person) if what == "weight" else newest_move(session, person)
            if stored not in values:
                self.figures.faults.append(f"lost: {what} of {code} should be one of {values}, is {stored!r}")

    def _check_chain(self, database: Database) -> None:
        """As `audit verify` does: both chains, their triggers, and every row that an event must stand behind."""
        found = verify_database(database)
        self.figures.audit_events += sum(found.events.values())
        self.figures.faults += [f"the audit trail: {finding.kind} at {finding.seq}" for finding in found.findings]


def kept(session: Session, deed: Deed) -> bool:
    """Whether what was acknowledged is stored; a repeated tap rests on the row of the first."""
    card = session.exec(select(CardRow).where(CardRow.key == deed.key)).one()
    if deed.kind == "submit":
        rows = session.exec(
            select(EntryRow).where(EntryRow.participant_id == card.participant_id, EntryRow.diary_day == card.diary_day)
        )
        return any({item: getattr(row, item) for item in ITEMS} == deed.meant for row in rows)
    answers = session.exec(
        select(AnswerRow).where(
            AnswerRow.participant_id == card.participant_id, AnswerRow.diary_day == card.diary_day,
            AnswerRow.item == deed.item, AnswerRow.value == deed.value,
        )
    )  # fmt: skip
    return answers.first() is not None


def newest_weight(session: Session, person: ParticipantRow) -> str:
    """The weight in kg as last stored for W04, or nothing."""
    query = select(AssessmentRow).where(
        AssessmentRow.participant_id == person.id, AssessmentRow.component == "weight", AssessmentRow.visit == "W04"
    )
    row = session.exec(query.order_by(col(AssessmentRow.revision).desc()).limit(1)).first()
    return str(json.loads(row.value)["value"]) if row else ""


def newest_move(session: Session, person: ParticipantRow) -> str:
    """The date to which W04 was last moved, or nothing."""
    row = session.exec(select(VisitRow).where(VisitRow.participant_id == person.id, VisitRow.code == "W04")).first()
    return str(row.scheduled_on) if row else ""


def torture(kills: int, seed: int, *, people: int = len(PEOPLE), database_url: str | None = None) -> Figures:
    """Run as many rounds as the kills need; stops at the first round with a finding."""
    figures, rng, nursery = Figures(), Random(seed), Nursery()
    try:
        while figures.kills < kills and not figures.faults:
            with (
                tempfile.TemporaryDirectory(prefix="cdai-diary-torture-") as folder,
                live_site(Path(folder), database_url=database_url, nursery=nursery) as live,
            ):
                Round(live, rng, figures, PEOPLE[:people]).play(min(KILLS_A_ROUND, kills - figures.kills))
            say(figures.sentence())
    finally:
        nursery.close()
    return figures


def say(sentence: str) -> None:
    """Print at once, for whoever watches a long run."""
    print(sentence, flush=True)  # noqa: T201  # a command that prints its figures


def main() -> int:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite files without it")
    given = parser.parse_args()
    figures = torture(given.kills, given.seed, database_url=given.database)
    for fault in figures.faults[:40]:
        say(fault)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
