"""Ten thousand random single tamperings of the audit trail by somebody who owns the database file: all are found."""

import string
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import delete, insert, text
from sqlmodel import Session

from bot.audit import GENESIS, AuditEvent, chain_hash
from bot.people.actor import Actor, ActorKind, Origin
from bot.storage.anchors import Anchor, heads
from bot.storage.chain import Finding, Verification, stored_chain, verify_chains, verify_study
from bot.storage.database import Database
from bot.storage.guards import CHAINS, INSERT_ONLY, faulty_guards
from bot.storage.schema import migrate
from bot.storage.tables import AuditRow
from bot.storage.trail import Trail
from tests.support.audited import audited_study
from tests.support.database import T0, study_database
from tests.support.postgres import postgres_server, require_postgres

TAMPERINGS = 10_000
ON_POSTGRES = 300
ON_ROWS = 400
EVENTS = 20
Rows = list[tuple[AuditEvent, str, str]]
Tampering = Callable[[Rows, Random], tuple[Rows, set[int]]]
ANCHORED_AT = datetime(2025, 3, 31, tzinfo=UTC)


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[Database]:
    """A study database with a trail, in the hands of somebody who has taken the guards down."""
    with study_database(tmp_path) as database:
        write_trail(database)
        take_down_guards(database)
        yield database


@pytest.fixture
def owned_postgres() -> Iterator[Database]:
    require_postgres()
    with postgres_server() as url:
        database = Database(url)
        migrate(database)
        write_trail(database)
        take_down_guards(database)
        yield database
        database.close()


def write_trail(database: Database) -> None:
    """Events of every shape: with and without participant, field, values and reason, in both languages."""
    for number in range(EVENTS):
        with database.write() as session:
            actor = Actor(list(ActorKind)[number % 4], f"actor {number % 3}", "coordinator")
            at = T0 + timedelta(minutes=number)
            code = f"SH-{number % 4:03d}" if number % 5 else None
            trail = Trail(session, at, actor, list(Origin)[number % 5], shifted=number % 7 == 0, participant=code)
            old, new = (None, number) if number % 2 else (f"值 {number}", None)
            name, why = ("stools" if number % 3 else None), ("手机没电 — é" if number % 6 == 0 else None)
            trail.record("answer", "correction", f"{code}/{number}", field_name=name, old=old, new=new, reason=why)


def take_down_guards(database: Database) -> None:
    with database.engine.begin() as connection:
        for name in faulty_names(database):
            on = f" ON {name.rsplit('_no_', 1)[0]}" if not database.is_sqlite else ""
            connection.execute(text(f"DROP TRIGGER {name}{on}"))


def faulty_names(database: Database) -> list[str]:
    if database.is_sqlite:
        return [
            f"{table}_{what}" for table in (*CHAINS, *INSERT_ONLY) for what in ("no_update", "no_delete", "no_replace")
        ]
    return [f"{table}_no_change" for table in (*CHAINS, *INSERT_ONLY)] + [f"{table}_no_replace" for table in CHAINS]


def linked(events: Sequence[AuditEvent], *, after: str = GENESIS) -> Rows:
    """The events chained anew, as somebody does who knows how it is done."""
    rows: Rows = []
    for event in events:
        digest = chain_hash(after, event)
        rows.append((event, after, digest))
        after = digest
    return rows


def numbered(rows: Rows) -> Rows:
    return [(replace(event, seq=seq), before, digest) for seq, (event, before, digest) in enumerate(rows, start=1)]


def flip(rows: Rows, rng: Random) -> tuple[Rows, set[int]]:
    """One column of one row holds something else."""
    place = rng.randrange(len(rows))
    event, before, digest = rows[place]
    name = rng.choice([*(one.name for one in fields(event) if one.name != "seq"), "prev_hash", "hash"])
    if name == "prev_hash":
        before = another_text(before, rng, string.hexdigits[:16])
    elif name == "hash":
        digest = another_text(digest, rng, string.hexdigits[:16])
    else:
        event = replace(event, **{name: another(getattr(event, name), rng)})
    return [*rows[:place], (event, before, digest), *rows[place + 1 :]], {place + 1}


def another(value: object, rng: Random) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, datetime):
        return value + rng.choice([-1, 1]) * timedelta(microseconds=10 ** rng.randrange(11))
    if value is None:
        return rng.choice(["", "0", "x"])
    return another_text(str(value), rng, string.ascii_letters + string.digits + "无有")


def another_text(value: str, rng: Random, alphabet: str) -> str:
    """A text that differs in one character; sometimes one is added."""
    place = rng.randrange(len(value) + 1)
    new = rng.choice([letter for letter in alphabet if letter != value[place : place + 1]])
    return value[:place] + new + value[place + 1 :]


def remove(rows: Rows, rng: Random) -> tuple[Rows, set[int]]:
    place = rng.randrange(len(rows))
    return [*rows[:place], *rows[place + 1 :]], {place + 1}


def slip_in(rows: Rows, rng: Random) -> tuple[Rows, set[int]]:
    """A forged event among the others; half of the time everything after it is chained anew."""
    place = rng.randrange(len(rows))
    forged = replace(rows[rng.randrange(len(rows))][0], new="7", request_id="forged", seq=place + 1)
    before = rows[place - 1][2] if place else GENESIS
    head = [*rows[:place], (forged, before, chain_hash(before, forged))]
    if rng.random() < 0.5:
        events = [replace(event, seq=event.seq + 1) for event, _before, _digest in rows[place:]]
        return [*head, *linked(events, after=head[-1][2])], {len(rows)}
    return numbered([*head, *rows[place:]]), {place + 1, place + 2}


def swap(rows: Rows, rng: Random) -> tuple[Rows, set[int]]:
    """Two events change places."""
    one, other = sorted(rng.sample(range(len(rows)), 2))
    changed = list(rows)
    changed[one], changed[other] = changed[other], changed[one]
    return numbered(changed), {one + 1}


def cut(rows: Rows, rng: Random) -> tuple[Rows, set[int]]:
    """The end is gone, the whole trail at the most."""
    left = rng.randrange(len(rows))
    return rows[:left], {left + 1}


def write_anew(rows: Rows, rng: Random) -> tuple[Rows, set[int]]:
    """One event is changed and the chain computed anew from there to the end."""
    changed, places = flip(rows, rng)
    place = min(places) - 1
    event = replace(changed[place][0], new=another(changed[place][0].new, rng))
    if event == rows[place][0]:
        event = replace(event, reason="another")
    events = [event, *(one for one, _before, _digest in rows[place + 1 :])]
    return [*rows[:place], *linked(events, after=rows[place - 1][2] if place else GENESIS)], {len(rows)}


KINDS: dict[str, Tampering] = {
    "flip": flip, "delete": remove, "insert": slip_in, "swap": swap, "tail cut": cut, "full rewrite": write_anew,
}  # fmt: skip


def store(session: Session, rows: Rows) -> None:
    session.execute(delete(AuditRow))
    values = [
        {name: getattr(event, name) for name in AuditEvent.__slots__} | {"prev_hash": before, "hash": digest}
        for event, before, digest in rows
    ]
    if values:
        session.execute(insert(AuditRow.__table__), values)  # type: ignore[attr-defined]  # SQLModel hides the table


def tampered(database: Database, rows: Rows, anchors: Sequence[Anchor]) -> Verification:
    """What a verification finds while these rows stand in the database; nothing of them remains."""
    with Session(database.engine) as session:
        store(session, rows)
        found = verify_chains(session, anchors)
        session.rollback()
    return found


def tamper(database: Database, times: int, seed: int) -> Counter[tuple[str, str]]:
    """Tamper so many times; answers how each kind of tampering was found, failing at one that was not."""
    with database.read() as session:
        rows, anchor = list(stored_chain(session)), heads(session, ANCHORED_AT)
    assert tampered(database, rows, [anchor]).intact
    rng, found = Random(seed), Counter[tuple[str, str]]()
    for number in range(times):
        kind = list(KINDS)[number % len(KINDS)]
        changed, places = KINDS[kind](rows, rng)
        findings = tampered(database, changed, [anchor]).findings
        assert findings, f"{kind} at {places} was not found (seed {seed}, number {number})"
        assert findings[0].seq in places, (kind, places, findings[0])
        found[kind, findings[0].kind] += 1
    return found


def report(found: Counter[tuple[str, str]], where: str) -> None:
    lines = [f"{found.total():,} of {found.total():,} tamperings found on {where}:"]
    lines += [f"  {kind:<13} as {finding:<10} {count:>6,}" for (kind, finding), count in sorted(found.items())]
    say(*lines)


def say(*lines: str) -> None:
    """Print figures where somebody who runs the tests sees them."""
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def test_ten_thousand_tamperings_are_found_and_the_first_bad_event_is_named(owned: Database) -> None:
    found = tamper(owned, TAMPERINGS, seed=20_250_324)
    report(found, "SQLite")
    assert found.total() == TAMPERINGS


@pytest.mark.postgres
def test_tamperings_are_found_on_postgresql(owned_postgres: Database) -> None:
    found = tamper(owned_postgres, ON_POSTGRES, seed=7)
    report(found, "PostgreSQL")
    assert found.total() == ON_POSTGRES


def test_without_an_anchor_a_cut_end_and_a_chain_written_anew_pass_and_with_one_they_do_not(owned: Database) -> None:
    with owned.read() as session:
        rows, anchor = list(stored_chain(session)), heads(session, ANCHORED_AT)
    rng = Random(3)
    for tampering, kind in ((cut, "truncated"), (write_anew, "anchor")):
        changed, _places = tampering(rows, rng)
        assert tampered(owned, changed, []).intact
        assert tampered(owned, changed, [anchor]).findings[0].kind == kind


# Columns of the insert-only rows that the trail bears witness to.
WITNESSED = {
    "answer": ("diary_day", "item", "value", "answered_at", "reference"),
    "entry": ("diary_day", "stools", "pain", "wellbeing", "antidiarrhoeal", "submitted_at", "timing", "source",
              "language", "wording_version", "reason", "reference"),
    "assessment": ("visit", "component", "value", "measured_on", "entered_at", "entered_by"),
    "participant_zone": ("from_on", "tzid", "set_at"),
    "stored_draft": ("visit", "occasion", "at", "actor", "inputs", "result", "hash", "rules", "protocol"),
    "signature": ("visit", "stored_draft_id", "at", "username", "role", "bundle", "hash", "audit_seq"),
    "signature_void": ("at", "by", "role", "cause", "reason"),
    "unlock_request": ("at", "by", "role", "reason"),
    "review_mark": ("diary_day", "revision", "marked_at", "marked_by", "marked_role"),
}  # fmt: skip
OTHERS = {
    "diary_day": "2025-03-01", "measured_on": "2025-03-01", "from_on": "2025-03-05", "item": "antidiarrhoeal",
    "component": "accepted", "timing": "after_closing", "source": "participant", "language": "zh",
    "occasion": "exported", "cause": "protocol", "value": "2", "stools": "7", "pain": "3", "wellbeing": "3",
    "antidiarrhoeal": "1", "revision": "8", "audit_seq": "3", "stored_draft_id": "9",
}  # fmt: skip
INSTANTS = ("at", "answered_at", "submitted_at", "entered_at", "set_at", "marked_at")


def tamper_row(session: Session, table: str, rng: Random) -> str:
    """Change, remove or double one row of a table; answers what was done."""
    key = rng.choice(session.execute(text(f"SELECT id FROM {table}")).scalars().all())  # noqa: S608
    if rng.random() < 0.15:
        session.execute(text("PRAGMA foreign_keys = OFF"))
        session.execute(text(f"DELETE FROM {table} WHERE id = {key}"))  # noqa: S608
        return f"{table} {key} removed"
    column = rng.choice(WITNESSED[table])
    value = "2025-03-02 03:04:05.000000" if column in INSTANTS else OTHERS.get(column, "x")
    session.execute(text(f"UPDATE {table} SET {column} = :value WHERE id = {key}"), {"value": value})  # noqa: S608
    return f"{table}.{column} of {key}"


def test_rows_that_were_changed_or_removed_behind_the_trail_are_found(tmp_path: Path) -> None:
    with study_database(tmp_path) as database:
        audited_study(database)
        take_down_guards(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN")
        rng, found = Random(11), Counter[str]()
        for number in range(ON_ROWS):
            table = list(WITNESSED)[number % len(WITNESSED)]
            with Session(database.engine) as session:
                deed = tamper_row(session, table, rng)
                kinds = [finding.kind for finding in verify_study(session).findings if finding.kind != "trigger"]
                session.rollback()
            assert kinds[:1] == ["unmatched"], deed
            found[table] += 1
        say(f"{found.total()} of {ON_ROWS} changed or removed rows found: {dict(found)}")


def test_every_insert_only_table_is_tampered_with() -> None:
    assert WITNESSED.keys() == INSERT_ONLY.keys()


def first(found: Verification) -> Finding:
    return found.findings[0]


@pytest.mark.parametrize("seq", [1, 7, EVENTS])
@pytest.mark.parametrize("column", ["at", "new"])
def test_an_event_that_cannot_even_be_read_is_named(owned: Database, seq: int, column: str) -> None:
    with Session(owned.engine) as session:
        session.execute(text(f"UPDATE audit_event SET {column} = x'ff' WHERE seq = {seq}"))  # noqa: S608
        assert (first(verify_chains(session)).kind, first(verify_chains(session)).seq) == ("broken", seq)
        session.rollback()


def test_taken_down_guards_are_findings_themselves(owned: Database) -> None:
    with owned.read() as session:
        found = verify_study(session)
        missing = faulty_guards(session.connection())
    assert [finding.kind for finding in found.findings] == ["trigger"] * len(missing)
    assert len(missing) == len(faulty_names(owned))
