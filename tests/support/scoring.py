"""Drafts and scoring inputs for tests: keyword factories with valid defaults around one visit date."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.scoring.draft_input import DraftInput
from bot.scoring.inputs import COMPLICATION_GROUPS, ClinicInputs, DiaryDayInput, LabValue
from schedules.rule_set import RuleSet, default_rules

VISIT_ON = date(2025, 3, 31)
T0 = datetime(2025, 3, 31, 1, 10, tzinfo=UTC)
NO_COMPLICATIONS: Mapping[str, bool] = dict.fromkeys(COMPLICATION_GROUPS, False)


def days_before(back: int, visit_on: date = VISIT_ON) -> date:
    """Return the date so many days before the visit."""
    return visit_on - timedelta(days=back)


def diary_day(
    back: int, state: str = "on_time", answers: tuple[int, int, int] | None = None, **marks: Any
) -> DiaryDayInput:
    """Return the diary day so many days before the visit; scored states get answers unless some are given."""
    if answers is None and state in ("on_time", "late"):
        answers = (4, 1, 1)
    stools, pain, wellbeing = answers or (None, None, None)
    return DiaryDayInput(days_before(back), state, stools, pain, wellbeing, source="participant", revision=1, **marks)


def diary(*states: str, answers: tuple[int, int, int] | None = None) -> tuple[DiaryDayInput, ...]:
    """Return consecutive days, oldest first, the last of them D-1."""
    return tuple(
        diary_day(len(states) - n, state, answers if state in ("on_time", "late") else None)
        for n, state in enumerate(states)
    )


def clinic(**given: Any) -> ClinicInputs:
    """Return a complete clinic part: haematocrit 41 %, weight 63 kg, nothing found."""
    complete = {
        "hct": (LabValue(41, VISIT_ON),),
        "weight": (LabValue(63, VISIT_ON),),
        "mass": "none",
        "complications": NO_COMPLICATIONS,
        "antidiarrhoeal": False,
    }
    return ClinicInputs(**{**complete, **given})


def rules(**changes: Any) -> RuleSet:
    """Return the default rule set with some settings changed, read as from a file."""
    return RuleSet.from_mapping({**default_rules().to_mapping(), "id": "test", **changes})


def draft_input(**given: Any) -> DraftInput:
    """Return a complete visit: seven days of 4/1/1, a man, standard weight 70 kg."""
    complete = {
        "participant": "SH-001",
        "visit": "W04",
        "visit_on": VISIT_ON,
        "held": False,
        "as_of": T0,
        "rules": default_rules(),
        "sex": "male",
        "standard_weight_kg": 70,
        "days": diary(*["on_time"] * 7),
        "clinic": clinic(),
    }
    return DraftInput(**{**complete, **given})
