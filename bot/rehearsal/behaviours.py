"""Who takes part: kinds of participants, how each of them reacts to a message, and what befalls them (pure, seeded)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Final

from bot.rehearsal.course import Course, draw_answers, draw_course
from bot.rehearsal.hand import Intent
from schedules.windows import instant

RISES, SLEEPS = time(7, 30), time(22, 30)  # nobody looks at a phone in between
EVENING = time(17)


class Kind(StrEnum):
    """The kinds of simulated participants."""

    PUNCTUAL = "punctual"
    LATE = "late"
    FORGETFUL = "forgetful"
    TYPING = "typing"
    CORRECTING = "correcting"
    SNOOZING = "snoozing"
    HELPED = "helped"
    TALKATIVE = "talkative"
    TRAVELLING = "travelling"
    BLOCKING = "blocking"
    BILINGUAL = "bilingual"
    NEW_PHONE = "new_phone"
    STOPPING = "stopping"
    WITHDRAWING = "withdrawing"
    ABSENT = "absent"
    HASTY = "hasty"


class Deed(StrEnum):
    """What somebody does of their own accord, on the phone."""

    BLOCK = "block"
    UNBLOCK = "unblock"
    LANGUAGE = "/language"
    STOP = "/stop"
    RESUME = "/start"
    TODAY = "/today"
    HOUR = "/hour"
    TALK = "talk"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares between 0 and 1, and the minutes after which a message is looked at."""

    evening: float = 0.96
    morning: float = 0.9
    after: tuple[int, int] = (1, 40)
    types: float = 0.05
    corrects: float = 0.03
    snoozes: float = 0.02
    helped: float = 0.01
    abandons: float = 0.02
    doubles: float = 0.02
    talks: float = 0.01


HABITS: Final[Mapping[Kind, Habits]] = MappingProxyType(
    {
        Kind.LATE: Habits(evening=0.15, morning=0.93, after=(5, 150)),
        Kind.FORGETFUL: Habits(evening=0.45, morning=0.35, abandons=0.12),
        Kind.TYPING: Habits(types=0.9),
        Kind.CORRECTING: Habits(corrects=0.5),
        Kind.SNOOZING: Habits(snoozes=0.6),
        Kind.HELPED: Habits(helped=0.7, after=(10, 80)),
        Kind.TALKATIVE: Habits(talks=0.5),
        Kind.HASTY: Habits(doubles=0.6, abandons=0.08, after=(0, 3)),
    }
)
USUAL: Final = Habits()
# The order in which the kinds join: a small rehearsal still meets the more telling ones first.
CAST: Final = (
    Kind.PUNCTUAL, Kind.LATE, Kind.TRAVELLING, Kind.FORGETFUL, Kind.CORRECTING, Kind.NEW_PHONE, Kind.SNOOZING,
    Kind.BLOCKING, Kind.PUNCTUAL, Kind.TYPING, Kind.STOPPING, Kind.HELPED, Kind.WITHDRAWING, Kind.BILINGUAL,
    Kind.TALKATIVE, Kind.HASTY, Kind.PUNCTUAL, Kind.ABSENT, Kind.PUNCTUAL, Kind.LATE,
)  # fmt: skip
LIFE: Final[Mapping[Kind, tuple[tuple[int, time, Deed], ...]]] = MappingProxyType(
    {
        Kind.BLOCKING: ((23, time(21, 10), Deed.BLOCK), (25, time(9, 30), Deed.UNBLOCK), (80, time(19), Deed.BLOCK),
                        (90, time(20), Deed.UNBLOCK)),
        Kind.BILINGUAL: ((-3, time(20, 45), Deed.LANGUAGE), (50, time(13), Deed.LANGUAGE), (79, time(19), Deed.HOUR)),
        Kind.STOPPING: ((51, time(19, 30), Deed.STOP), (54, time(10), Deed.TODAY), (54, time(10, 5), Deed.RESUME),
                        (120, time(9), Deed.STOP), (150, time(9), Deed.RESUME)),
        Kind.TALKATIVE: ((-4, time(9), Deed.TODAY), (10, time(15), Deed.TALK), (24, time(11), Deed.TODAY)),
        Kind.WITHDRAWING: ((-5, time(18, 30), Deed.TODAY), (41, time(12), Deed.TALK)),
    }
)  # fmt: skip
SAYINGS: Final = {
    "en": ("I have a headache today", "Can I eat noodles?", "see you on Monday", "thank you!"),
    "zh": ("今天头疼", "可以吃面条吗？", "周一见", "谢谢！"),
}
HOURS: Final = ("2000", "2000", "1900", "2030", "1800", "2130")


@dataclass(frozen=True, slots=True)
class Role:
    """One simulated participant: what the site enters, how they behave, and the course of their disease."""

    code: str
    user_id: int
    kind: Kind
    habits: Habits
    course: Course
    sex: str
    height_cm: int
    weight_kg: float
    language: str
    tzid: str
    hour: str
    enrolled_at: datetime
    baseline_on: date
    life: tuple[tuple[int, time, Deed], ...]


def draw_cast(seed: int, participants: int, first_on: date, tzid: str, *, over_days: int = 14) -> list[Role]:
    """The cast of a rehearsal; everybody's first visit lies within `over_days` of the first one's."""
    return [draw_role(seed, number, first_on, tzid, over_days) for number in range(participants)]


def draw_role(seed: int, number: int, first_on: date, tzid: str, over_days: int) -> Role:
    """One role; the same for the same seed and number, however many others there are."""
    rng = Random(f"{seed}/role/{number}")  # noqa: S311  # play, not secrecy
    kind = CAST[number % len(CAST)]
    baseline_on = first_on + timedelta(days=12 + rng.randrange(over_days))
    female = rng.random() < 0.45
    height = round(rng.gauss(162 if female else 173, 6))
    return Role(
        code=f"SH-{number + 1:03d}",
        user_id=700_001 + number,
        kind=kind,
        habits=HABITS.get(kind, USUAL),
        course=draw_course(rng),
        sex="female" if female else "male",
        height_cm=height,
        weight_kg=rng.uniform(17.5, 23.5) * (height / 100) ** 2,
        language="en" if number % 4 == 2 else "zh",
        tzid=tzid,
        hour=rng.choice(HOURS),
        enrolled_at=instant(baseline_on - timedelta(days=rng.randrange(9, 12)), time(10, rng.randrange(60)), tzid),
        baseline_on=baseline_on,
        life=LIFE.get(kind, ()),
    )


def reaction(habits: Habits, local: datetime, rng: Random) -> timedelta | None:
    """After how long somebody looks at a message that arrives at this wall time; None: not because of it."""
    if local.time() < RISES or local.time() >= SLEEPS:
        rises_on = local.date() + timedelta(days=1 if local.time() >= SLEEPS else 0)
        rises = local.replace(year=rises_on.year, month=rises_on.month, day=rises_on.day, hour=RISES.hour,
                              minute=RISES.minute)  # fmt: skip
        return rises - local + timedelta(minutes=rng.randrange(30))
    share = habits.evening if local.time() >= EVENING else habits.morning
    if rng.random() >= share:
        return None
    return timedelta(seconds=rng.randrange(60 * habits.after[0] + 5, 60 * habits.after[1] + 6))


def intend(habits: Habits, course: Course, days: float, rng: Random) -> Intent:
    """What somebody is about to answer for a day, and how they go about it."""
    answers = draw_answers(course, days, rng)
    return Intent(
        answers=answers,
        types=rng.random() < habits.types,
        snooze=rng.choice(("30", "830")) if rng.random() < habits.snoozes else None,
        abandons=rng.random() < habits.abandons,
        helped=rng.random() < habits.helped,
        correction=("stools", answers["stools"] + 1) if rng.random() < habits.corrects else None,
        doubles=rng.random() < habits.doubles,
    )
