"""What diary days rest on is kept between readings, and is never older than what is stored."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlmodel import Session, SQLModel, select

from bot.storage.database import Database
from bot.storage.participants import zone_history
from bot.storage.tables import OutageRow, ParticipantRow, PreparationRow, VisitRow, ZoneRow
from bot.storage.views.days import Ground, ground_from, ground_of
from bot.storage.visits import outages, stored_visits
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.database import T0, add_participant

PROTOCOL = load_protocol(seed_protocol_path())
DAY = T0.date()
WEEK = timedelta(days=7)

Change = Callable[[Session, int], None]


def adds(make: Callable[[int], SQLModel]) -> Change:
    return lambda session, number: session.add(make(number))


def move_visit(session: Session, number: int) -> None:
    session.exec(select(VisitRow).where(VisitRow.participant_id == number)).one().scheduled_on = DAY + WEEK


def take_preparation_back(session: Session, number: int) -> None:
    session.exec(select(PreparationRow).where(PreparationRow.participant_id == number)).one().removed_at = T0


CHANGES = {
    "a visit": adds(lambda number: VisitRow(participant_id=number, code="W04", state="no_show")),
    "another date of a visit": move_visit,
    "a day of preparation": adds(
        lambda number: PreparationRow(participant_id=number, code="W00", on=DAY + 2 * WEEK, kind="endoscopy")
    ),
    "a day of preparation less": take_preparation_back,
    "another zone": adds(
        lambda number: ZoneRow(participant_id=number, from_on=DAY, tzid="Europe/London", set_at=T0, reason="travels")
    ),
    "an outage": adds(lambda _number: OutageRow(started_at=T0, ended_at=T0 + timedelta(hours=5))),
}


def fill(session: Session) -> int:
    """Somebody with a visit, a day of preparation and a zone."""
    number = add_participant(session).id or 0
    session.add(VisitRow(participant_id=number, code="W00", scheduled_on=DAY + 2 * WEEK))
    session.add(PreparationRow(participant_id=number, code="W00", on=DAY + WEEK, kind="bowel_prep"))
    session.add(ZoneRow(participant_id=number, from_on=DAY - WEEK, tzid="Asia/Shanghai", set_at=T0, reason="enrolled"))
    return number


def kept(session: Session, number: int) -> tuple[object, ...]:
    return facts(ground_of(session, session.get_one(ParticipantRow, number), PROTOCOL))


def stored(session: Session, number: int) -> tuple[object, ...]:
    """The same, made from the rows themselves."""
    person = session.get_one(ParticipantRow, number)
    visits, zones = stored_visits(session, number), zone_history(session, number)
    return facts(ground_from(PROTOCOL, person.site, person.baseline_on, visits, zones, outages(session)))


def facts(ground: Ground) -> tuple[object, ...]:
    return ground.calendar, ground.zones, ground.times(DAY, None)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen_at_once_and_only_while_it_stands(either: Database, change: Change) -> None:
    with either.write() as session:
        number = fill(session)
        before = kept(session, number)
    with suppress(KeyError), either.write() as session:
        change(session, number)
        assert kept(session, number) == stored(session, number) != before
        raise KeyError
    with either.read() as session:
        assert kept(session, number) == stored(session, number) == before
    with either.write() as session:
        change(session, number)
    with either.read() as session:
        assert kept(session, number) == stored(session, number) != before


def test_nobody_stands_on_the_ground_of_another(either: Database) -> None:
    with either.write() as session:
        one, other = fill(session), fill(session)
        move_visit(session, other)
        assert kept(session, one) == stored(session, one)
        assert kept(session, other) == stored(session, other) != kept(session, one)
