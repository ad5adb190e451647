"""The study table of random studies, counted again from the stored rows by a plain reading of the definitions.

Nothing of `bot.scoring` and none of the views is used on this side: days are picked, points added and people counted
anew, in exact fractions, and the limits come from a statistics library.
"""

import json
import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest
from sqlmodel import Session, select

from bot.storage.tables import AssessmentRow, EntryRow, ParticipantRow, PreparationRow, VisitRow, ZoneRow
from bot.storage.views.endpoints import read_study_table
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.database import add_participant, study_database

PEOPLE = 60
WEEKS = {"W00": 0, "W04": 4, "W08": 8, "W12": 12, "W24": 24}
SCOPED = ("W00", "W12", "W24")
BASELINE = date(2025, 3, 3)
AFTERWARDS = datetime(2025, 12, 1, tzinfo=UTC)
GROUPS = (
    "arthritis_arthralgia", "iritis_uveitis", "skin_mouth", "anal_fissure_fistula_abscess", "other_fistula",
    "fever_over_37_8",
)  # fmt: skip
SEGMENTS = ("ileum", "right_colon", "transverse_colon", "left_colon", "rectum")
CLINICAL = ("clinical_remission", "clinical_response", "response_70", "response_100")
ENDOSCOPIC = ("endoscopic_remission", "endoscopic_response")
COMBINED = ("combined_remission", "combined_response")
AT_BASELINE = ("clinical_remission", "endoscopic_remission", "combined_remission")
Verdict = bool | str  # met or not, or why nobody can tell


# A study at random


def write_study(session: Session, chance: random.Random) -> None:
    for number in range(PEOPLE):
        write_person(session, chance, f"SH-{number + 1:03d}")


def write_person(session: Session, chance: random.Random, code: str) -> None:
    """Somebody who may leave, miss visits, forget days and lack values; a few have a stoma."""
    leaves = chance.choice([None, None, None, None, 6, 14])  # weeks after the baseline
    baseline = BASELINE + timedelta(days=chance.randrange(30))
    person = add_participant(
        session, code=code, sex=chance.choice(["male", "female"]), standard_weight_kg="60.5", baseline_on=baseline,
        stoma=chance.random() < 0.04,
        withdrawn_at=None if leaves is None else noon(baseline + timedelta(weeks=leaves)),
    )  # fmt: skip
    key = person.id or 0
    session.add(ZoneRow(participant_id=key, from_on=baseline - timedelta(days=90), tzid="Asia/Shanghai",
                        set_at=noon(baseline), reason="enrolment"))  # fmt: skip
    for visit, week in WEEKS.items():
        on = baseline + timedelta(weeks=week)
        gone = leaves is not None and week >= leaves
        held = not gone and chance.random() < (0.93 if visit == "W00" else 0.85)
        state = "held" if held else chance.choice(["planned", "no_show", "not_done"])
        session.add(VisitRow(participant_id=key, code=visit, state=state, held_on=on if held else None,
                             held_at=noon(on) if held else None))  # fmt: skip
        if held:
            write_visit(session, chance, key, visit, on)


def write_visit(session: Session, chance: random.Random, key: int, visit: str, on: date) -> None:
    """The days before a visit and what the clinic entered at it; a severity that falls with the weeks."""
    ill = min(max(3 - WEEKS[visit] // 4 + chance.choice([-1, 0, 1]), 0), 3)
    if visit == "W00" and chance.random() < 0.5:
        for back, kind in ((2, "bowel_prep"), (1, "endoscopy")):
            session.add(PreparationRow(participant_id=key, code=visit, on=on - timedelta(days=back), kind=kind))
    keeps = chance.choice([1, 0.95, 0.9, 0.55])
    for back in range(14, 0, -1):
        if chance.random() < keeps:
            write_entry(session, chance, key, on - timedelta(days=back), ill)
    values: dict[str, Any] = {
        "hct": {"value": str(chance.choice(["38.5", "41", "0.44"])), "unit": "%"},
        "weight": {"value": str(chance.choice(["52.4", "60", "66"])), "unit": "kg"},
        "mass": chance.choice(["none", "none", "questionable", "definite"] if ill else ["none"]),
        "complications": {name: chance.random() < 0.1 for name in GROUPS},
        "antidiarrhoeal": chance.random() < 0.2,
    }
    if values["hct"]["value"] == "0.44":
        values["hct"]["unit"] = "L/L"
    if visit in SCOPED:
        values["sescd"] = {name: [*(chance.choice([0, 0, ill]) for _item in range(3)), 0] for name in SEGMENTS}
    for part, value in values.items():
        if chance.random() < 0.06:
            continue
        session.add(AssessmentRow(participant_id=key, visit=visit, component=part, revision=1, value=json.dumps(value),
                                  measured_on=on if part in ("hct", "weight") else None, source="staff",
                                  entered_at=noon(on), entered_by="chen"))  # fmt: skip


def write_entry(session: Session, chance: random.Random, key: int, on: date, ill: int) -> None:
    """One entered day, now and then after closing; or corrected, of which the last revision counts."""
    timing = chance.choice(["on_time"] * 8 + ["late", "after_closing"])
    for revision in range(1, chance.choice([1, 1, 1, 2]) + 1):
        session.add(EntryRow(
            participant_id=key, diary_day=on, revision=revision, stools=chance.randint(0, 2 + 3 * ill),
            pain=chance.randint(0, ill), wellbeing=chance.randint(0, ill + 1), submitted_at=noon(on), timing=timing,
            tzid="Asia/Shanghai", utc_offset_minutes=480, source="participant", language="en", wording_version="1",
            protocol="p", rules="r", reference=f"{key}/{on}/{revision}",
        ))  # fmt: skip


def noon(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 12, tzinfo=UTC)


# The table counted again


@dataclass
class Raw:
    """One participant's rows."""

    person: ParticipantRow
    held: dict[str, date] = field(default_factory=dict)
    days: dict[date, EntryRow] = field(default_factory=dict)
    marked: set[date] = field(default_factory=set)
    parts: dict[tuple[str, str], AssessmentRow] = field(default_factory=dict)

    def value(self, visit: str, part: str) -> Any:
        row = self.parts.get((visit, part))
        return None if row is None else json.loads(row.value)


def read_rows(session: Session) -> list[Raw]:
    found = {person.id: Raw(person) for person in session.exec(select(ParticipantRow)).all()}
    for visit in session.exec(select(VisitRow)).all():
        if visit.state == "held" and visit.held_on is not None:
            found[visit.participant_id].held[visit.code] = visit.held_on
    for entry in session.exec(select(EntryRow).order_by(EntryRow.revision)).all():
        found[entry.participant_id].days[entry.diary_day] = entry
    for day in session.exec(select(PreparationRow)).all():
        found[day.participant_id].marked.add(day.on)
    for row in session.exec(select(AssessmentRow)).all():
        found[row.participant_id].parts[row.visit, row.component] = row
    return list(found.values())


def total_of(raw: Raw, visit: str) -> tuple[Fraction | None, str, bool]:
    """The CDAI to one decimal, else why there is none; and whether it rests on an older value."""
    if raw.person.stoma:
        return None, "stoma", False
    on = raw.held[visit]
    near = [on - timedelta(days=back) for back in range(1, 15)]
    scored = [day for day in near if day not in raw.marked][:7]
    used = [raw.days[day] for day in scored if day in raw.days and raw.days[day].timing != "after_closing"]
    if len(used) < 4:
        return None, "below_minimum_days", False
    hct, hct_old = measured(raw, visit, "hct")
    weight, weight_old = measured(raw, visit, "weight")
    mass, groups, relief = (raw.value(visit, part) for part in ("mass", "complications", "antidiarrhoeal"))
    if hct is None:
        return None, "laboratory_missing", False
    if weight is None or mass is None or groups is None or relief is None:
        return None, "clinic_missing", False
    weekly = Fraction(7, len(used))
    points = weekly * sum(2 * day.stools + 5 * day.pain + 7 * day.wellbeing for day in used)
    points += 20 * sum(groups.values()) + 30 * relief + 10 * {"none": 0, "questionable": 2, "definite": 5}[mass]
    points += max(6 * ((47 if raw.person.sex == "male" else 42) - hct), Fraction(0))
    points += max(100 * (1 - weight / Fraction(raw.person.standard_weight_kg or "")), Fraction(-10))
    return tenth(points), "", hct_old or weight_old


def measured(raw: Raw, visit: str, part: str) -> tuple[Fraction | None, bool]:
    """The value of this visit, else the latest of an earlier one that is no older than 35 days."""
    own = raw.value(visit, part)
    if own is not None:
        return number(own), False
    on = raw.held[visit]
    earlier = [row for (_visit, name), row in raw.parts.items() if name == part and row.measured_on is not None]
    near = [row for row in earlier if timedelta(0) < on - (row.measured_on or on) <= timedelta(days=35)]
    if not near:
        return None, False
    return number(json.loads(max(near, key=lambda row: row.measured_on or on).value)), True


def number(given: Mapping[str, str]) -> Fraction:
    return Fraction(given["value"]) * (100 if given["unit"] == "L/L" else 1)


def tenth(points: Fraction) -> Fraction:
    """To one decimal, halves away from zero."""
    size = Fraction(math.floor(abs(points) * 10 + Fraction(1, 2)), 10)
    return size if points >= 0 else -size


def verdicts(raw: Raw, visit: str) -> dict[str, tuple[Verdict, bool]]:
    """Each endpoint: met or not, or the reason; and whether it rests on an older value."""
    if visit not in raw.held:
        why = "withdrawn" if raw.person.withdrawn_at is not None else "not_held"
        return dict.fromkeys((*CLINICAL, *ENDOSCOPIC, *COMBINED), (why, False))
    found: dict[str, tuple[Verdict, bool]] = {}
    total, gap, older = total_of(raw, visit)
    first, _gap, first_older = total_of(raw, "W00") if "W00" in raw.held else (None, "", False)
    for name, drop in zip(CLINICAL, (None, 70, 70, 100), strict=True):
        if total is None:
            found[name] = gap, False
        elif drop is None:
            found[name] = total < 150, older
        else:
            found[name] = (first - total >= drop, older or first_older) if first is not None else (
                "baseline_missing", False)  # fmt: skip
    found |= endoscopic(raw, visit)
    for whole, clinical, scoped in (("combined_remission", *AT_BASELINE[:2]),
                                    ("combined_response", "clinical_response", "endoscopic_response")):  # fmt: skip
        (one, old), (other, _never) = found[clinical], found[scoped]
        unknown = next((verdict for verdict in (one, other) if isinstance(verdict, str)), None)
        found[whole] = (one and other, old) if unknown is None else (unknown, False)
    return found


def endoscopic(raw: Raw, visit: str) -> dict[str, tuple[Verdict, bool]]:
    now, then = raw.value(visit, "sescd"), raw.value("W00", "sescd") if "W00" in raw.held else None
    if now is None:
        return dict.fromkeys(ENDOSCOPIC, ("endoscopy_missing", False))
    score = sum(map(sum, now.values()))
    response: Verdict = "baseline_missing"
    if then is not None:
        before = sum(map(sum, then.values()))
        response = "baseline_zero" if before == 0 else 2 * (before - score) >= before
    return {"endoscopic_remission": (score <= 2, False), "endoscopic_response": (response, False)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_number_of_the_table_can_be_counted_from_the_rows(tmp_path: Path, seed: int) -> None:
    protocol = load_protocol(seed_protocol_path())
    with study_database(tmp_path) as database:
        with database.write() as session:
            write_study(session, random.Random(seed))
        with database.read() as session:
            people = [raw for raw in read_rows(session) if "W00" in raw.held]
            rows = read_study_table(session, protocol, AFTERWARDS)
    assert {row.visit for row in rows} == set(WEEKS)
    assert [row.endpoint for row in rows if row.visit == "W00"] == list(AT_BASELINE)
    reasons: Counter[str] = Counter()
    for row in rows:
        found = [verdicts(raw, row.visit)[row.endpoint] for raw in people]
        known = [(met, old) for met, old in found if not isinstance(met, str)]
        missing = Counter(why for why, _old in found if isinstance(why, str))
        met = sum(bool(verdict) for verdict, _old in known)
        where = (row.visit, row.endpoint)
        assert row.planned == len(people), where
        assert (row.observed.numerator, row.observed.denominator) == (met, len(known)), where
        assert {why: count for why, count in row.missing.items() if count} == missing, where
        assert row.missing_total == sum(missing.values()) == row.planned - len(known), where
        assert (row.imputed.numerator, row.imputed.denominator) == (met, len(people)), where
        assert row.provisional == sum(old for _met, old in known), where
        check_limits(row.observed, met, len(known))
        check_limits(row.imputed, met, len(people))
        reasons.update(missing)
    assert {"withdrawn", "not_held", "below_minimum_days", "laboratory_missing", "clinic_missing"} <= set(reasons)


def check_limits(found: Any, met: int, of: int) -> None:
    """Percentage and exact limits, against a statistics library."""
    if of == 0:
        assert (found.percent, found.low, found.high) == (None, None, None)
        return
    limits = binomtest(met, of).proportion_ci(0.95, method="exact")
    assert found.percent == Fraction(100 * met, of)
    assert (found.low, found.high) == pytest.approx((100 * limits.low, 100 * limits.high), abs=1e-9)
