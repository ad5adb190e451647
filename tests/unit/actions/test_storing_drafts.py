"""A draft that is signed, printed or exported is kept as it was, once, and the next one says what has changed."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.actions.assess import ClinicValues
from bot.actions.store_draft import store_draft
from bot.errors import NotAllowedError
from bot.people.actor import Actor, ActorKind
from bot.scoring.draft_json import draft_to_json
from bot.scoring.record import is_intact
from bot.storage.stored_drafts import record_of, stored_drafts_of
from bot.storage.tables import StoredDraftRow
from schedules.errors import ScheduleError
from tests.support.site import ALL_CLINIC, OPERATOR, W00, SiteStudy, shanghai, site_study

MORNING = shanghai(W00, 9)
CLINICIAN = Actor(ActorKind.STAFF, "li", "clinician")
MONITOR = Actor(ActorKind.STAFF, "wang", "monitor")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    """A participant with a full week before the baseline visit."""
    with site_study(tmp_path) as found:
        found.enrol()
        for back in range(7, 0, -1):
            found.fill(W00 - timedelta(days=back), 4, 1, 1)
        yield found


def store(site: SiteStudy, occasion: str = "printed", *, minutes: int = 0, actor: Actor = OPERATOR) -> StoredDraftRow:
    with site.acting(MORNING + timedelta(minutes=minutes), actor=actor) as (audit, participant):
        return store_draft(audit, participant, "W00", occasion, study=site.study)


def test_a_stored_draft_holds_inputs_result_rules_protocol_and_a_hash_over_them(site: SiteStudy) -> None:
    row = store(site, "signed", actor=CLINICIAN)
    assert (row.visit, row.occasion, row.actor, row.at) == ("W00", "signed", "li", MORNING)
    assert (row.protocol, row.rules) == (site.study.protocol.fingerprint, site.study.protocol.rules.hash)
    assert json.loads(row.inputs)["days"]["2025-03-28"]["stools"] == 4
    assert json.loads(row.result)["status"] == "incomplete"
    assert is_intact(record_of(row))


def test_a_stored_draft_that_was_touched_is_found_by_its_hash(site: SiteStudy) -> None:
    row = store(site)
    row.inputs = row.inputs.replace('"stools":4', '"stools":3', 1)
    assert not is_intact(record_of(row))


def test_storing_leaves_audit_events_with_visit_occasion_and_hash(site: SiteStudy) -> None:
    row = store(site)
    events = site.events("store_draft")
    assert [(one.field, one.new) for one in events] == [("visit", "W00"), ("occasion", "printed"), ("hash", row.hash)]
    assert {one.participant for one in events} == {"SH-001"}


def test_the_same_content_is_stored_once_for_each_occasion(site: SiteStudy) -> None:
    first, again = store(site), store(site, minutes=10)
    assert again.id == first.id
    exported = store(site, "exported", minutes=20)
    assert (exported.id, exported.hash) == (first.id + 1, first.hash)
    assert len(site.rows(StoredDraftRow)) == 2


def test_new_content_makes_a_new_row_and_leaves_the_old_one_as_it_was(site: SiteStudy) -> None:
    first = store(site)
    site.assess("W00", ClinicValues(mass="none"), now=MORNING + timedelta(minutes=5))
    second = store(site, minutes=10)
    with site.database.read() as session:
        rows = stored_drafts_of(session, second.participant_id, "W00")
    assert [(row.id, row.hash) for row in rows] == [(first.id, first.hash), (second.id, second.hash)]
    assert first.hash != second.hash


def test_before_anything_is_stored_a_draft_has_nothing_to_compare_with(site: SiteStudy) -> None:
    pulled = site.draft("W00", MORNING)
    assert pulled.header.since is None
    assert draft_to_json(pulled.draft, pulled.header.since)["since_stored"] is None


def test_a_draft_shows_what_changed_since_the_last_stored_one(site: SiteStudy) -> None:
    row = store(site)
    unchanged = site.draft("W00", MORNING + timedelta(minutes=1)).header.since
    assert unchanged is not None
    assert unchanged.changes == ()
    values = ClinicValues(hct=Decimal("0.385"), hct_unit="L/L", hct_on=date(2025, 3, 30), antidiarrhoeal=False)
    site.assess("W00", values, now=MORNING + timedelta(minutes=5))
    pulled = site.draft("W00", MORNING + timedelta(minutes=6))
    document = draft_to_json(pulled.draft, pulled.header.since)["since_stored"]
    assert document == {
        "at": "2025-03-31T01:00:00Z",
        "occasion": "printed",
        "hash": row.hash,
        "changes": [
            {"part": "antidiarrhoeal", "key": None, "item": None, "old": None, "new": False},
            {"part": "hct", "key": "value", "item": None, "old": None, "new": "38.5"},
            {"part": "hct", "key": "on", "item": None, "old": None, "new": "2025-03-30"},
        ],
    }


def test_values_of_a_later_visit_change_nothing_in_an_earlier_draft(site: SiteStudy) -> None:
    site.assess("W00", ALL_CLINIC, now=MORNING)
    site.check_in("W00", now=MORNING)
    store(site, "signed", minutes=5)
    later = W00 + timedelta(days=28)
    site.check_in("W04", now=shanghai(later, 9))
    site.assess("W04", ALL_CLINIC, now=shanghai(later, 9, 30))
    since = site.draft("W00", shanghai(later, 10)).header.since
    assert since is not None
    assert since.changes == ()


def test_only_a_clinician_stores_a_signed_draft_and_every_reader_a_printed_one(site: SiteStudy) -> None:
    with pytest.raises(NotAllowedError, match="monitor may not"):
        store(site, "signed", actor=MONITOR)
    assert store(site, "printed", actor=MONITOR).actor == "wang"


def test_a_visit_that_the_study_has_not_cannot_be_stored(site: SiteStudy) -> None:
    with pytest.raises(ScheduleError, match="has no visit W99"), site.acting(MORNING) as (audit, participant):
        store_draft(audit, participant, "W99", "printed", study=site.study)


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE stored_draft SET result = '{}'",
        "DELETE FROM stored_draft",
        "INSERT OR REPLACE INTO stored_draft SELECT * FROM stored_draft",
    ],
)
def test_the_database_refuses_to_change_a_stored_draft(site: SiteStudy, act: str) -> None:
    store(site)
    with pytest.raises(DBAPIError, match="insert-only"), site.database.engine.begin() as connection:
        connection.execute(text(act))
