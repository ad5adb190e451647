"""Every page asks the database as many questions for thirty participants as for one, also after others have acted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.clinic.routes import Page, all_routes
from bot.people.actor import Origin, operator_actor
from bot.people.roles import Role, can
from bot.storage.database import Database
from bot.storage.participants import all_participants
from bot.storage.tables import CorrectionRow, SiteMessageRow
from bot.storage.trail import Trail, update
from tests.support.clinic import ClinicBench, Visitor
from tests.support.clinic_crowd import crowded_clinic
from tests.support.clinic_seed import MORNING, TUESDAY

FEW, MANY = 1, 30
MOST = 50  # questions of any page
CODE, VISIT, DAY = "SH-00001", "W00", "2026-06-08"  # the visit was held and, in both studies, signed
ANSWERS = (200, 303)  # what is signed leads back to its draft
NOT_PAGES = frozenset({"/setup/{token}", "/setup/{token}/qr.svg", "/kept/{form}", "/sign-in", "/"})
NEEDS_AN_OBJECT = frozenset({"/queries/{query}", "/queries/new", "/participants/{code}/days/{day}/correction"})
PAGES = sorted(
    (route for route in all_routes() if route.method == "GET" and route.path not in NOT_PAGES | NEEDS_AN_OBJECT),
    key=lambda route: route.path,
)


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ClinicBench]]:
    folders = [Path(tmp_path_factory.mktemp(f"of-{people}")) for people in (FEW, MANY)]
    with crowded_clinic(folders[0], people=FEW) as few, crowded_clinic(folders[1], people=MANY) as many:
        for bench in (few, many):
            for role in Role:
                bench.add_staff(role, name=role.value)
            say_something(bench)
        yield [few, many]


def say_something(bench: ClinicBench) -> None:
    """A message that waits, one that is settled, and a correction, of everybody."""
    with bench.database.write() as session:
        for person in all_participants(session):
            key = person.id or 0
            session.add(SiteMessageRow(participant_id=key, received_at=MORNING, text="A word", reference=f"w{key}"))
            session.add(
                SiteMessageRow(
                    participant_id=key, received_at=MORNING, text="Two", reference=f"s{key}",
                    acknowledged_at=MORNING, acknowledged_by="chen",
                )
            )  # fmt: skip
            session.add(
                CorrectionRow(
                    participant_id=key, diary_day=TUESDAY - timedelta(days=2), requested_at=MORNING,
                    reference=f"c{key}",
                )
            )  # fmt: skip


@pytest.mark.parametrize("route", PAGES, ids=[route.path for route in PAGES])
def test_a_page_asks_no_more_for_thirty_than_for_one(route: Page, studies: list[ClinicBench]) -> None:
    path = route.path.format(code=CODE, visit=VISIT, day=DAY) if "{" in route.path else route.path
    few, many = [questions(bench, browser_for(bench, route), path) for bench in studies]
    assert len(many) <= len(few), "\n".join(sorted(set(many) - set(few)))
    assert len(many) < MOST


def browser_for(bench: ClinicBench, route: Page) -> Visitor:
    """Somebody who may open the page."""
    role = next(role for role in Role if route.may is not None and can(role, route.may))
    return bench.browser_of(role.value)


def questions(bench: ClinicBench, browser: Visitor, path: str) -> list[str]:
    """What a page asks after every participant has acted since the last look."""
    assert browser.get(path).status_code in ANSWERS, path
    everybody_acts(bench)
    with counted(bench.database) as sent:
        browser.get(path)
    return sent


def everybody_acts(bench: ClinicBench) -> None:
    bench.clock.advance(timedelta(milliseconds=10))
    with bench.database.write() as session:
        for person in all_participants(session):
            trail = Trail(session, bench.clock.now(), operator_actor("t"), Origin.COMMAND, participant=person.code)
            update(trail, person, "set_hour", hour="20:30" if person.hour == "20:00" else "20:00")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engines = {database.engine, database.reader}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
