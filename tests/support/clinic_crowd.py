"""A large study in mid-course: the lives of the board with their whole past, from answers to audit events."""

import contextlib
import itertools
import json
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.actions.sign_draft import missing_to_sign
from bot.actions.study import Study
from bot.audit import GENESIS, AuditEvent, as_text, chain_hash
from bot.clinic.app import create_clinic
from bot.clinic.call import ClinicOptions
from bot.people.sealing import Sealer
from bot.scoring.inputs import COMPLICATION_GROUPS
from bot.scoring.record import make_record
from bot.scoring.sescd import SEGMENTS
from bot.storage.database import sqlite_module
from bot.storage.diary import ENTRY_FIELDS
from bot.storage.signatures import CANON_VERSION, bundle_of, hash_of
from bot.storage.tables import (
    AnswerRow,
    AssessmentRow,
    AuditRow,
    EntryRow,
    InstanceRow,
    OutageRow,
    ParticipantRow,
    SignatureRow,
    SiteMessageRow,
    StoredDraftRow,
    VisitRow,
)
from bot.storage.trail import APP_VERSION
from bot.storage.views.draft import Drafts
from bot.storage.views.records import read_records
from schedules.clock import VirtualClock
from tests.support.clinic import CHEAP, SECRET_KEY, ClinicBench, two_site_study
from tests.support.clinic_seed import (
    ENTERED,
    LIVES,
    MORNING,
    OUTAGE,
    TUESDAY,
    Life,
    Rows,
    at,
    message,
    write_day,
    write_life,
)
from tests.support.database import study_database

CHUNK = 400  # participants written in one go
PAST = "eeeeeeeeeeeeeeeelecsmmmp"  # what became of a day of an earlier visit
ITEMS = ("stools", "pain", "wellbeing")
SIGNED = 0.8  # of the complete drafts
Event = tuple[datetime, dict[str, Any]]


@dataclass
class Chain:
    """The audit trail as it grows: what comes next, and the hash of what came last."""

    seq: int = 0
    head: str = GENESIS
    events: list[Event] = field(default_factory=list)

    def note(self, when: datetime, **values: Any) -> None:
        """One event that is to be chained; written by the study's own hand unless said otherwise."""
        known = {"actor_kind": "staff", "actor_id": "chen", "actor_role": "coordinator", "origin": "clinic",
                 "field": None, "old": None, "new": None, "reason": None, "request_id": "seed"}  # fmt: skip
        self.events.append((when, known | values))

    def write(self, session: Session) -> None:
        """Chain and store what was noted, in order of time."""
        rows = []
        for when, values in sorted(self.events, key=lambda one: one[0]):
            event = AuditEvent(seq=self.seq + 1, at=when.astimezone(UTC), shifted=False, app_version=APP_VERSION,
                               **{**values, "old": as_text(values["old"]), "new": as_text(values["new"])})  # fmt: skip
            digest = chain_hash(self.head, event)
            rows.append({name: getattr(event, name) for name in event.__slots__}
                        | {"prev_hash": self.head, "hash": digest})  # fmt: skip
            self.seq, self.head = event.seq, digest
        if rows:
            session.execute(insert(AuditRow), rows)
        self.events.clear()


def seed_crowd(session: Session, study: Study, *, people: int) -> list[str]:
    """Write so many participants, the lives of the board again and again; answers their codes."""
    chain, codes = Chain(), []
    session.add(OutageRow(started_at=OUTAGE[0].astimezone(UTC), ended_at=OUTAGE[1].astimezone(UTC)))
    session.add(InstanceRow(key="bot_username", value="diary_demo_bot", learnt_at=MORNING))
    lives = zip(range(1, people + 1), itertools.cycle(LIVES), strict=False)
    while chunk := list(itertools.islice(lives, CHUNK)):
        rows = Rows({})
        for number, life in chunk:
            codes.append(f"SH-{number:05d}")
            write_life(rows, study, life, number, codes[-1])
            write_past(rows, study, life, number)
        rows.write(session)
        session.flush()
        tell(rows, chain)
        sign(session, study, [number for number, _life in chunk], chain)
        chain.write(session)
        session.expunge_all()
    return codes


def write_past(rows: Rows, study: Study, life: Life, number: int) -> None:
    """The weeks before the present one: seven days, their messages, and the clinic values of each visit."""
    chance = random.Random(number)
    baseline = TUESDAY + timedelta(days=life.in_days - study.protocol.visit(life.visit).day_offset)
    for planned in study.protocol.visits:
        on = baseline + timedelta(days=planned.day_offset)
        here = planned.code == life.visit
        if on > TUESDAY or (here and not life.held):
            break
        if not here:
            for back in range(7, 0, -1):
                write_past_day(rows, study, life, number, on - timedelta(days=back), chance)
        write_values(rows, number, planned.code, on, chance, endoscopy=planned.endoscopy)
    if number % 10 == 0:
        said_at = MORNING - timedelta(days=20)
        rows.add(SiteMessageRow, participant_id=number, received_at=said_at, text="Thank you",
                 reference=f"past/{number}", acknowledged_at=said_at, acknowledged_by="chen")  # fmt: skip


def write_past_day(rows: Rows, study: Study, life: Life, number: int, on: date, chance: random.Random) -> None:
    """One closed day with its answers and messages."""
    letter = chance.choice(PAST)
    write_day(rows, study, life, number, on, letter)
    if letter in ENTERED:
        for item in ITEMS:
            rows.add(AnswerRow, participant_id=number, diary_day=on, item=item, ordinal=1, value=1,
                     source="participant", language=life.language, wording_version="1",
                     protocol=study.protocol.fingerprint, answered_at=at(on, "20:02"), reference="seed")  # fmt: skip
    if life.chat == "none":
        return
    message(rows, number, life, on, "prompt", at(on, life.hour), "sent")
    message(rows, number, life, on, "second", at(on, "21:30"), "cancelled" if letter == "e" else "sent")


def write_values(rows: Rows, number: int, visit: str, on: date, chance: random.Random, *, endoscopy: bool) -> None:
    """What the clinic entered at a visit; now and then a part is missing."""
    values: dict[str, tuple[object, date | None]] = {
        "hct": ({"value": str(36 + number % 9), "unit": "%"}, on - timedelta(days=chance.choice((0, 1, 2)))),
        "weight": ({"value": str(50 + number % 20), "unit": "kg"}, on),
        "mass": ("none", None),
        "complications": ({name: name == "iritis_uveitis" and number % 7 == 0 for name in COMPLICATION_GROUPS}, None),
        "antidiarrhoeal": (False, None),
    }
    if endoscopy:
        grade = chance.choice((0, 1, 2))
        values["sescd"] = ({name: [grade, grade, 1, 0] if name == "ileum" else [0] * 4 for name in SEGMENTS}, None)
    for component, (value, measured_on) in values.items():
        if chance.random() > 0.03:
            rows.add(AssessmentRow, participant_id=number, visit=visit, component=component, revision=1,
                     value=json.dumps(value, sort_keys=True), measured_on=measured_on, source="staff",
                     entered_at=at(on, "09:10"), entered_by="chen")  # fmt: skip


def tell(rows: Rows, chain: Chain) -> None:
    """The audit events of what was written, in the words of the functions that write them."""
    people = {row["id"]: row for row in rows.by_table[ParticipantRow]}
    for key, row in people.items():
        for name in ("code", "site", "sex", "height_cm", "standard_weight_kg", "language", "hour", "baseline_on"):
            chain.note(row["enrolled_at"], action="enrol", entity="participant", entity_id=str(key),
                       participant=row["code"], field=name, new=row[name])  # fmt: skip
    for table, note in ((VisitRow, _visit_told), (AnswerRow, _answer_told), (EntryRow, _entry_told),
                        (AssessmentRow, _assessment_told)):  # fmt: skip
        for row in rows.by_table.get(table, ()):
            note(row, people[row["participant_id"]]["code"], chain)


def _visit_told(row: Mapping[str, Any], code: str, chain: Chain) -> None:
    for name in ("held_at", "held_on", "state"):
        if row.get(name) is not None:
            chain.note(row.get("held_at") or MORNING, action="check_in", entity="visit", participant=code, field=name,
                       entity_id=f"{code}/{row['code']}", new=row[name])  # fmt: skip


def _answer_told(row: Mapping[str, Any], code: str, chain: Chain) -> None:
    chain.note(row["answered_at"], action="answer", entity="answer", entity_id=f"{code}/{row['diary_day']}",
               participant=code, field=row["item"], new=row["value"], actor_kind="participant", actor_id=code,
               actor_role="participant", origin="chat")  # fmt: skip


def _entry_told(row: Mapping[str, Any], code: str, chain: Chain) -> None:
    for name in ENTRY_FIELDS if row["revision"] == 1 else ("stools",):
        if row.get(name) is not None:
            chain.note(row["submitted_at"], action="submit" if row["revision"] == 1 else "revise", entity="entry",
                       entity_id=f"{code}/{row['diary_day']}/{row['revision']}", participant=code, field=name,
                       new=row[name], reason=row.get("reason"))  # fmt: skip


def _assessment_told(row: Mapping[str, Any], code: str, chain: Chain) -> None:
    for name in ("value", "measured_on"):
        if row[name] is not None:
            chain.note(row["entered_at"], action="assess", entity="assessment", participant=code, field=name,
                       entity_id=f"{code}/{row['visit']}/{row['component']}/1", new=row[name],
                       actor_role="clinician")  # fmt: skip


def sign(session: Session, study: Study, numbers: list[int], chain: Chain) -> None:
    """Sign most complete drafts of earlier visits, with the record and the bundle that a signature has."""
    chance = random.Random(numbers[0])
    found = session.exec(select(ParticipantRow).where(col(ParticipantRow.id).in_(numbers))).all()
    records = read_records(session, found)
    for person in records.people:
        drafts = Drafts(person, records, study.protocol, MORNING)
        for visit in drafts.calendar(study.protocol).visits:
            if visit.held and visit.on < TUESDAY and chance.random() < SIGNED:
                _sign_one(session, drafts, visit.code, visit.on, chain)


def _sign_one(session: Session, drafts: Drafts, visit: str, on: date, chain: Chain) -> None:
    sources = drafts.draft(visit)
    if missing_to_sign(sources.draft):
        return
    person, when = drafts.person.participant, at(on, "11:30")
    record = make_record(sources.draft, sources.protocol.fingerprint)
    stored = StoredDraftRow(
        participant_id=person.id or 0, visit=visit, occasion="signed", at=when, actor="li", inputs=record.inputs,
        result=record.result, canon_version=record.canon_version, hash=record.hash, rules=record.rules,
        protocol=record.protocol, app_version=APP_VERSION,
    )  # fmt: skip
    session.add(stored)
    session.flush()
    bundle = bundle_of(sources, record.hash)
    session.add(
        SignatureRow(
            participant_id=person.id or 0, visit=visit, stored_draft_id=stored.id or 0, at=when, username="li",
            printed_name="Dr Investigator 01", role="clinician", tzid="Asia/Shanghai", meaning="reviewed",
            language="zh", method="password_and_code", bundle=bundle, canon_version=CANON_VERSION, hash=hash_of(bundle),
            audit_seq=chain.seq + 1, app_version=APP_VERSION,
        )
    )  # fmt: skip
    chain.note(when, action="sign_draft", entity="signature", entity_id=f"{person.code}/{visit}",
               participant=person.code, field="reviewed", new=hash_of(bundle), actor_id="li",
               actor_role="clinician")  # fmt: skip


def put_on_shelf(file: Path, stored: Path) -> None:
    """Write a whole copy of a database that is in use."""
    with contextlib.closing(sqlite_module().connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(stored),))


@contextmanager
def crowded_clinic(folder: Path, *, people: int, shelf: Path | None = None, **options: Any) -> Iterator[ClinicBench]:
    """The clinic of that Tuesday morning with so many participants, mounted as in service.

    `shelf` is a folder on which the written study is kept for the next time.
    """
    study, clock = two_site_study(), VirtualClock(MORNING)
    stored = None if shelf is None else shelf / f"crowd-{people}.sqlite3"
    with study_database(folder) as database:
        if stored is not None and stored.exists():
            shutil.copyfile(stored, folder / "diary.sqlite3")
        else:
            with database.write() as session:
                seed_crowd(session, study, people=people)
            if stored is not None:
                put_on_shelf(folder / "diary.sqlite3", stored)
        given = ClinicOptions(secret_key=SECRET_KEY, password_cost=CHEAP, **options)
        app = Starlette(routes=[Mount("/clinic", create_clinic(database, lambda: study, clock, given))])
        yield ClinicBench(database, study, clock, Sealer(SECRET_KEY), app)
