"""The rehearsal: a study played through the real handlers keeps its promises, the same for the same seed."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from bot.actions.study import Study, put_first_protocol_in_force
from bot.people.actor import SYSTEM, Origin
from bot.rehearsal.behaviours import draw_cast
from bot.rehearsal.invariants import Invariant
from bot.rehearsal.populate import next_morning, populate
from bot.rehearsal.report import SIMULATED, pages
from bot.rehearsal.study import FIRST_DAY, Outcome, Rehearsal, rehearse
from bot.sandbox.rules import BotApi
from bot.storage.tables import HeartbeatRow, MessageRow
from bot.storage.trail import Trail
from bot.storage.views.roster import roster
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.database import study_database

ONE_VISIT = 27  # days: enrolment, the diary of week 0, the visit, and the days after it


@pytest.fixture(scope="module")
def fair() -> Outcome:
    """One visit in fair weather."""
    return rehearse(Rehearsal(participants=3, seed=3, days=ONE_VISIT))


@pytest.fixture(scope="module")
def foul() -> Outcome:
    """One visit with faults of Telegram, the line and the service."""
    return rehearse(Rehearsal(participants=3, seed=5, faults=True, days=ONE_VISIT))


def broken(invariants: Sequence[Invariant]) -> list[tuple[str, list[str]]]:
    return [(one.name, one.examples) for one in invariants if one.broken and "accounted for" not in one.name]


def test_every_promise_is_kept_in_fair_weather(fair: Outcome) -> None:
    assert not broken(fair.invariants)


def test_every_promise_is_kept_in_foul_weather(foul: Outcome) -> None:
    assert not broken(foul.invariants)


def test_no_promise_is_kept_by_never_being_tried(fair: Outcome) -> None:
    assert all(one.checked for one in fair.invariants)


def test_bad_weather_really_strikes(foul: Outcome) -> None:
    assert foul.struck
    assert foul.outages


def test_the_pace_is_told_in_participant_days_a_second(fair: Outcome) -> None:
    begun = [role.enrolled_at for role in draw_cast(3, 3, FIRST_DAY, "Asia/Shanghai")]
    ended = instant(FIRST_DAY, time(8), "Asia/Shanghai") + timedelta(days=ONE_VISIT)
    days = sum((ended - at).days for at in begun)
    told = fair.as_json()
    assert told["participant_days"] == days
    assert told["participant_days_per_second"] == round(days / fair.seconds, 1)
    assert f"{days / fair.seconds:.1f} participant-days/s" in pages(fair)[0]


def test_participants_enter_most_of_their_days(fair: Outcome) -> None:
    states = fair.completeness["W00"]
    assert states["on_time"] > states.get("missed", 0)
    assert fair.ledger["prompt"]["sent"] > 20


def test_every_page_says_first_that_its_participants_are_simulated(fair: Outcome) -> None:
    assert all(page.startswith(f"{SIMULATED}\n") for page in pages(fair))
    assert len(pages(fair)) == 4


PRINT_DIGEST = (
    "from bot.rehearsal.study import Rehearsal, rehearse;"
    "print(rehearse(Rehearsal(participants=2, seed=7, faults=True, days=22)).digest)"
)


def digest_with(hash_seed: str) -> str:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


def test_the_same_seed_gives_the_same_digest_in_any_process() -> None:
    first, second = digest_with("1"), digest_with("2")
    assert first.startswith("sha256:")
    assert first == second


def test_the_command_plays_a_whole_study_and_prints_one_json_document(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "rehearse", "--participants", "1", "--seed", "2", "--json"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "CDAI_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {"seed", "digest", "participants", "participant_days", "diary_days", "completeness", "ledger", "endpoints",
            "invariants", "seconds", "participant_days_per_second"} <= set(found)  # fmt: skip
    assert [one for one in found["invariants"] if one["broken"]] == []
    assert set(found["completeness"]) == {"W00", "W04", "W08", "W12", "W24"}
    assert set(found["ledger"]["prompt"]) <= {"sent", "cancelled", "expired"}


def test_a_demonstration_begins_on_a_morning_in_mid_course(tmp_path: Path) -> None:
    study = Study(load_protocol(seed_protocol_path()))
    today = next_morning(datetime(2026, 6, 10, 3, tzinfo=UTC), "Asia/Shanghai")
    shares: list[float] = []
    with study_database(tmp_path) as database:
        with database.write() as session:
            trail = Trail(session, today - timedelta(days=200), SYSTEM, Origin.HOUSEKEEPING)
            put_first_protocol_in_force(trail, study.protocol, seed_protocol_path())
        api = BotApi("700000:a-demonstration-keeps-no-secret-at-all", "demo_bot")
        done = populate(
            database.url, study, api, today, participants=3, seed=1, progress=shares.append,
            stopped=lambda: bool(shares) and shares[-1] > 0.3,
        )  # fmt: skip
        with database.read() as session:
            assert len(roster(session, study.protocol, today)) >= 1
            assert session.exec(select(MessageRow)).first() is not None
            assert session.exec(select(HeartbeatRow)).first() is None
    assert done.today == today
    assert shares == sorted(shares)
