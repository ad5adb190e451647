"""Heartbeats: which gaps are outages, by the system clock and by a study clock that is moved from outside."""

from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from bot.actions.keep_time import is_outage, note_alive
from bot.storage.tables import OutageRow
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.database import T0, study_database

POLICY = load_protocol(seed_protocol_path()).outages
A_WHILE, LONG = timedelta(minutes=29), timedelta(minutes=30)


def outages_after(folder: Path, *, silent: timedelta, stepped: timedelta, restarted: bool) -> int:
    with study_database(folder, inline=True) as database:
        for system, study in ((T0, T0), (T0 + silent, T0 + silent + stepped)):
            with database.write() as session:
                note_alive(
                    session, POLICY, system_now=system, now=study, shifted=True, restarted=restarted and system > T0
                )
        with database.read() as session:
            return len(session.exec(select(OutageRow)).all())


def test_a_real_silence_of_the_minimum_is_an_outage_and_a_shorter_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "long").mkdir()
    assert outages_after(tmp_path, silent=A_WHILE, stepped=timedelta(0), restarted=False) == 0
    assert outages_after(tmp_path / "long", silent=LONG, stepped=timedelta(0), restarted=False) == 1


def test_a_step_of_the_study_clock_while_nobody_served_is_an_outage(tmp_path: Path) -> None:
    for number, (stepped, restarted, expected) in enumerate(((LONG, False, 0), (A_WHILE, True, 0), (LONG, True, 1))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert outages_after(folder, silent=timedelta(seconds=2), stepped=stepped, restarted=restarted) == expected


def test_before_the_first_beat_there_is_no_gap(tmp_path: Path) -> None:
    with study_database(tmp_path, inline=True) as database, database.read() as session:
        assert not is_outage(session, POLICY, system_now=T0, now=T0 + LONG, restarted=True)
