"""Two replicas on PostgreSQL behind a proxy: a diary day is finished although the one that sends is killed."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.tables import EntryRow, InboxRow, MessageRow
from tests.support.live import FIRST_USER, until
from tests.support.nursery import Nursery
from tests.support.postgres import require_postgres
from tests.support.topology import Topology, topology

pytestmark = pytest.mark.postgres

ANN, BO = FIRST_USER + 1, FIRST_USER + 2


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    loaded = Nursery()
    yield loaded
    loaded.close()


@pytest.fixture
def site(tmp_path: Path, nursery: Nursery) -> Iterator[Topology]:
    require_postgres()
    with topology(tmp_path, nursery=nursery) as found:
        yield found


def test_two_people_finish_their_day_while_the_leader_is_killed_and_the_other_stopped(site: Topology) -> None:
    invitations = {user: site.enrol(code, user, "en") for user, code in ((ANN, "SH-001"), (BO, "SH-002"))}
    site.run()
    site.await_all()
    for user, invitation in invitations.items():
        site.join(user, invitation, "en")
    site.to_prompt(ANN)
    until(lambda: site.labels(BO) == ["Start"], "Bo's prompt")
    site.tap_when_there(ANN, "Start", "3")
    first = site.await_leader()
    site.end(first)
    site.tap_when_there(ANN, "1 Mild")
    site.answer(BO, "5", "1 Mild", "1 Slightly")
    second = site.await_leader()
    assert second is not first
    site.start(first)
    site.tap_when_there(ANN, "1 Slightly")
    site.await_all()
    assert site.end(second, signal.SIGTERM) == 0
    site.tap_when_there(ANN, "Submit")
    until(lambda: "Saved" in site.newest(ANN).text, "the receipt")
    assert site.await_leader() is first
    entries = {(row.stools, row.pain, row.wellbeing) for row in site.rows(EntryRow)}
    assert entries == {(3, 1, 1), (5, 1, 1)}
    site.settle()
    assert {row.state for row in site.rows(InboxRow)} == {"done"}
    ended = {row.state for row in site.rows(MessageRow) if row.due_at <= site.study_now()}
    assert ended <= {"sent", "unknown", "cancelled"}
    copies = [row for row in site.rows(MessageRow) if row.resend_of is not None]
    unknown = {row.id for row in site.rows(MessageRow) if row.state == "unknown"}
    assert {row.resend_of for row in copies} <= unknown
    assert site.line.invalid() == []
    assert site.leaks("planted-webhook") == []
