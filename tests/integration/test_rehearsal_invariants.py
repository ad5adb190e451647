"""Every promise of a rehearsal can be broken: each check finds the one thing that was spoilt on purpose."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import text

from bot.rehearsal import invariants
from bot.rehearsal.invariants import Evidence, Invariant, Meant, gather
from bot.rehearsal.study import Rehearsal, play_study
from bot.rehearsal.virtual_loop import run_virtual
from bot.sandbox.state import Violation
from bot.storage.database import Database
from bot.storage.tables import EntryRow, MessageRow
from tests.support.database import study_database

ASKED = Rehearsal(participants=2, seed=3, days=20)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Evidence]]:
    """A week-0 diary of two participants, and what its promises are checked against."""
    with study_database(tmp_path_factory.mktemp("played"), inline=True) as database:
        play, _outages = run_virtual(lambda loop: play_study(ASKED, database, loop, lambda _share: None))
        meant = {code: Meant(phone.attempts, phone.confirmed) for code, phone in play.phones.items()}
        with database.read() as session:
            yield database, gather(session, play.study, meant, play.api.violations)


def changed(found: Evidence, which: Callable[[MessageRow], bool], **values: Any) -> Evidence:
    """The same with one message told otherwise."""
    at = next(index for index, row in enumerate(found.messages) if which(row))
    spoilt = MessageRow(**(found.messages[at].model_dump() | values))
    return replace(found, messages=[*found.messages[:at], spoilt, *found.messages[at + 1 :]])


def a_prompt(row: MessageRow) -> bool:
    return row.kind == "prompt" and row.state == "sent"


def sent_after_a_stop(found: Evidence) -> Evidence:
    prompt = next(row for row in found.messages if a_prompt(row))
    silent = ((prompt.created_at, None),)
    return replace(found, silences={**found.silences, prompt.participant_id or 0: silent})


def sent_at_night(found: Evidence) -> Evidence:
    prompt = next(row for row in found.messages if a_prompt(row))
    assert prompt.sending_at is not None
    return changed(found, a_prompt, sending_at=prompt.sending_at.replace(hour=17))  # past midnight in Shanghai


def sent_when_entered(found: Evidence) -> Evidence:
    (person, day), entries = next(iter(found.entries.items()))
    late = entries[0].submitted_at + timedelta(minutes=1)
    return changed(found, lambda row: a_prompt(row) and (row.participant_id, row.diary_day) == (person, day),
                   sending_at=late)  # fmt: skip


def sent_too_late(found: Evidence) -> Evidence:
    prompt = next(row for row in found.messages if a_prompt(row) and row.not_after is not None)
    assert prompt.not_after is not None
    return changed(found, lambda row: row is prompt, sending_at=prompt.not_after + timedelta(seconds=1))


def sent_twice(found: Evidence) -> Evidence:
    prompt = next(row for row in found.messages if a_prompt(row))
    again = MessageRow(**(prompt.model_dump() | {"id": 10**6, "dedupe_key": f"{prompt.dedupe_key}+2"}))
    return replace(found, messages=[*found.messages, again])


def left_on_the_way(found: Evidence) -> Evidence:
    return changed(found, a_prompt, state="sending")


def ended_without_a_reason(found: Evidence) -> Evidence:
    return changed(found, a_prompt, state="cancelled", reason=None)


def stored_otherwise(found: Evidence) -> Evidence:
    place, entries = next(iter(found.entries.items()))
    spoilt = EntryRow(**(entries[-1].model_dump() | {"stools": entries[-1].stools + 1}))
    return replace(found, entries={**found.entries, place: [*entries[:-1], spoilt]})


def entered_by_nobody(found: Evidence) -> Evidence:
    (person, day), entries = next(iter(found.entries.items()))
    return replace(found, entries={**found.entries, (person, day - timedelta(days=40)): entries})


def lost(found: Evidence) -> Evidence:
    place = next(iter(found.entries))
    return replace(found, entries={key: rows for key, rows in found.entries.items() if key != place})


def refused_by_telegram(found: Evidence) -> Evidence:
    prompt = next(row for row in found.messages if a_prompt(row))
    broken = Violation(prompt.created_at.timestamp(), "sendMessage", "too_long", 400, "Bad Request", 1)
    return replace(found, violations=[*found.violations, broken])


SPOILT: Mapping[str, tuple[Callable[[Evidence], Invariant], Callable[[Evidence], Evidence]]] = MappingProxyType({
    "a message after a stop": (invariants.check_stopped, sent_after_a_stop),
    "a message at night": (invariants.check_quiet, sent_at_night),
    "a prompt for an entered day": (invariants.check_completed, sent_when_entered),
    "a message after its not-after": (invariants.check_not_after, sent_too_late),
    "two deliveries of one key": (invariants.check_keys, sent_twice),
    "a message without an end": (invariants.check_ends, left_on_the_way),
    "an end without its reason": (invariants.check_ends, ended_without_a_reason),
    "an entry other than was meant": (invariants.check_entries, stored_otherwise),
    "an entry that nobody made": (invariants.check_entries, entered_by_nobody),
    "an entry that was lost": (invariants.check_entries, lost),
    "a rule of the Bot API": (lambda found: invariants.check_rules(found, weather=True), refused_by_telegram),
})  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_spoilt_is_found(played: tuple[Database, Evidence], name: str) -> None:
    check, spoil = SPOILT[name]
    whole, spoilt = check(played[1]), check(spoil(played[1]))
    assert whole.checked
    assert spoilt.broken > whole.broken
    assert spoilt.examples


def test_two_cards_redrawn_after_one_silence_have_two_keys(played: tuple[Database, Evidence]) -> None:
    prompt = next(row for row in played[1].messages if a_prompt(row))
    keys = [f"back/2026-01-15T14:21:00+00:00/card/{number}" for number in (1, 2)]
    both = [MessageRow(**(prompt.model_dump() | {"id": 10**6, "dedupe_key": key})) for key in keys]
    assert not invariants.check_keys(replace(played[1], messages=both)).broken


def test_a_changed_audit_event_is_found(played: tuple[Database, Evidence], tmp_path: Path) -> None:
    database, found = played
    assert not invariants.check_chain(found).broken
    copy = tmp_path / "tampered.sqlite3"
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"VACUUM INTO '{copy}'")
    tampered = Database(f"sqlite:///{copy}", synchronous="OFF", inline=True)
    with tampered.engine.begin() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).scalars().all()
        for name in names:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.exec_driver_sql("UPDATE audit_event SET new = '9' WHERE seq = 12")
    with tampered.read() as session:
        chain = invariants.check_chain(replace(found, session=session))
    tampered.close()
    assert (chain.broken, chain.examples) == (1, ["broken at 12"])
