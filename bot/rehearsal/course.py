"""A made-up course of disease: severity over time, and the numbers a participant and a clinic would give (pure)."""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from bot.scoring.inputs import COMPLICATION_GROUPS
from bot.scoring.sescd import SEGMENTS

RESPONDERS = 0.55  # share; for the look of the tables only, it stands for nothing
ONSET_DAYS = 45.0  # time constant of a response


@dataclass(frozen=True, slots=True)
class Course:
    """Latent severity between 0 (well) and 1 (very ill): where it begins, and where it goes."""

    begins: float
    ends: float

    def severity(self, days: float) -> float:
        """Severity so many days after the baseline visit; before it, as it begins."""
        return self.ends + (self.begins - self.ends) * math.exp(-max(days, 0.0) / ONSET_DAYS)


@dataclass(frozen=True, slots=True)
class Clinic:
    """What a clinic would enter at a visit; the haematocrit in percent, the weight in kilograms."""

    hct: Decimal
    weight_kg: Decimal
    mass: str
    complications: dict[str, bool]
    antidiarrhoeal: bool
    sescd: dict[str, object]


def draw_course(rng: Random) -> Course:
    """A course that begins moderate to severe; about half respond."""
    begins = rng.uniform(0.55, 0.95)
    ends = begins * (rng.uniform(0.08, 0.45) if rng.random() < RESPONDERS else rng.uniform(0.75, 1.05))
    return Course(begins, min(ends, 1.0))


def draw_answers(course: Course, days: float, rng: Random) -> dict[str, int]:
    """The answers of one day, by item."""
    severity = course.severity(days)
    return {
        "stools": min(max(round(rng.gauss(0.5 + 8.5 * severity, 1.3)), 0), 17),
        "pain": min(max(round(rng.gauss(2.3 * severity, 0.5)), 0), 3),
        "wellbeing": min(max(round(rng.gauss(2.9 * severity, 0.5)), 0), 4),
    }


def draw_clinic(course: Course, days: float, sex: str, weight_kg: float, rng: Random) -> Clinic:
    """The clinic's part at a visit."""
    severity = course.severity(days)
    well = 46 if sex == "male" else 41
    return Clinic(
        hct=Decimal(f"{well - 9 * severity + rng.gauss(0, 0.8):.1f}"),
        weight_kg=Decimal(f"{weight_kg * (1 + 0.05 * (course.begins - severity)) + rng.gauss(0, 0.4):.1f}"),
        mass="definite" if severity > 0.85 and rng.random() < 0.3 else "none",
        complications={group: rng.random() < 0.12 * severity for group in COMPLICATION_GROUPS},
        antidiarrhoeal=rng.random() < 0.3 * severity,
        sescd={segment: draw_segment(severity, rng) for segment in SEGMENTS},
    )


def draw_segment(severity: float, rng: Random) -> list[int] | None:
    """One segment's four grades; now and then one that was not explored."""
    if rng.random() < 0.04:
        return None
    grades = [min(max(round(rng.gauss(2.2 * severity - 0.3, 0.6)), 0), 3) for _item in range(3)]
    return [*grades, 0]


def days_between(baseline_on: date, day: date) -> float:
    """Days since the baseline visit, negative before it."""
    return float((day - baseline_on).days)
