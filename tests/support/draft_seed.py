"""Participants whose visit of one Tuesday waits for its CDAI: incomplete, ready, provisional, too few days, signed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.actions.study import Study
from bot.clinic.app import create_clinic
from bot.clinic.call import ClinicOptions
from bot.people.sealing import Sealer
from bot.scoring.inputs import COMPLICATION_GROUPS
from bot.storage.tables import AssessmentRow, EntryRow, ParticipantRow, PreparationRow, VisitRow, ZoneRow
from schedules.clock import VirtualClock
from tests.support.clinic import CHEAP, OWN_SITE, SECRET_KEY, ClinicBench, two_site_study
from tests.support.clinic_seed import MORNING, TUESDAY, ZONE
from tests.support.database import study_database

Answers = tuple[int, int, int]
WELL: Sequence[Answers | None] = ((3, 1, 1),) * 7
ILL: Sequence[Answers | None] = ((9, 3, 3),) * 7
NO_GROUPS = dict.fromkeys(COMPLICATION_GROUPS, False)
CALM = [0, 0, 0, 0]
SEGMENTS = ("ileum", "right_colon", "transverse_colon", "left_colon", "rectum")


@dataclass(frozen=True)
class Part:
    """What the clinic entered at a visit; None was not entered. Dates are days before the visit."""

    hct: str | None = "41"
    hct_back: int = 1
    weight: str | None = "61"
    weight_back: int = 0
    mass: str | None = "none"
    groups: Mapping[str, bool] = field(default_factory=lambda: dict(NO_GROUPS))
    antidiarrhoeal: bool | None = False
    sescd: Sequence[int] | None = None


COMPLETE = Part()
NOTHING = Part(hct=None, weight=None, mass=None, groups={}, antidiarrhoeal=None)


@dataclass(frozen=True)
class Course:
    """A participant's visits up to the one of Tuesday: the days of each, oldest first, and the clinic part.

    The last visit is held at 9 o'clock unless `held` is false. `excluded` are its days before that do not count.
    """

    visit: str
    parts: Sequence[tuple[Sequence[Answers | None], Part]]
    held: bool = True
    excluded: Sequence[str] = ()
    site: str = OWN_SITE
    late: int | None = None
    corrected: int | None = None
    days_ago: int = 0


# The participant of the pictures: three components missing, one day late, one missed, one corrected, two excluded.
PICTURE = Course(
    "W12",
    (
        (
            ((13, 3, 3),) * 7,
            Part(hct="40", weight="58", groups=NO_GROUPS | {"arthritis_arthralgia": True}, sescd=(2, 2, 3, 1)),
        ),
        (((9, 2, 2),) * 7, Part(hct="41", weight="59")),
        (((5, 2, 1),) * 7, Part(hct="42.5", weight="60")),
        (
            ((3, 1, 1), (4, 1, 1), (2, 1, 1), (3, 1, 0), None, (4, 1, 1), (2, 1, 1)),
            Part(hct="44.1", hct_back=3, weight="60.5", weight_back=1, mass=None, antidiarrhoeal=None,
                 groups={"arthritis_arthralgia": False, "iritis_uveitis": False}),
        ),
    ),
    excluded=("bowel_prep", "endoscopy"), late=3, corrected=5,
)  # fmt: skip
READY = Course("W08", ((ILL, COMPLETE), (((6, 2, 2),) * 7, COMPLETE), (WELL, COMPLETE)))
EMPTY = Course("W04", ((ILL, COMPLETE), (WELL, NOTHING)))
CARRIED = Course("W04", ((ILL, COMPLETE), (WELL, Part(hct=None))))
TOO_FEW = Course("W04", ((ILL, COMPLETE), ((None, None, None, None, (3, 1, 1), (2, 1, 1), (2, 1, 1)), COMPLETE)))
NOT_HELD = Course("W04", ((ILL, COMPLETE), (WELL, COMPLETE)), held=False)
FIRST = Course("W00", ((ILL, COMPLETE),))
COURSES: Mapping[str, Course] = {
    "SH-012": PICTURE,
    "SH-013": READY,
    "SH-014": EMPTY,
    "SH-015": CARRIED,
    "SH-016": TOO_FEW,
    "SH-017": NOT_HELD,
    "SH-018": FIRST,
}


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


def seed_drafts(session: Session, study: Study, courses: Mapping[str, Course] = COURSES) -> None:
    """Write every course."""
    for code, course in courses.items():
        write_course(session, study, code, course)


def write_course(session: Session, study: Study, code: str, course: Course) -> None:
    """One participant with visits, days and clinic values; the baseline follows from the last visit's date."""
    last = TUESDAY - timedelta(days=course.days_ago)
    codes = [visit.code for visit in study.protocol.visits]
    codes = codes[: codes.index(course.visit) + 1]
    baseline = last - timedelta(days=study.protocol.visit(course.visit).day_offset)
    person = ParticipantRow(
        code=code, site=course.site, sex="male", height_cm="172", standard_weight_kg="65.38064", language="zh",
        hour="20:00", baseline_on=baseline, enrolled_at=at(baseline - timedelta(days=12), 10),
    )  # fmt: skip
    session.add(person)
    session.flush()
    key = person.id or 0
    session.add(ZoneRow(participant_id=key, from_on=baseline - timedelta(days=60), tzid="Asia/Shanghai",
                        set_at=person.enrolled_at, reason="enrolment"))  # fmt: skip
    for code_of_visit, (answers, part) in zip(codes, course.parts, strict=True):
        on = baseline + timedelta(days=study.protocol.visit(code_of_visit).day_offset)
        newest = code_of_visit == course.visit
        if not newest or course.held:
            session.add(VisitRow(participant_id=key, code=code_of_visit, state="held", held_at=at(on, 9), held_on=on,
                                 protocol=study.protocol.fingerprint))  # fmt: skip
        excluded = course.excluded if newest else ()
        for back, kind in enumerate(reversed(excluded), start=1):
            session.add(PreparationRow(participant_id=key, code=code_of_visit, on=on - timedelta(days=back), kind=kind))
        write_days(session, study, key, on - timedelta(days=len(excluded)), answers, course if newest else None)
        write_part(session, key, code_of_visit, on, part)


def write_days(
    session: Session, study: Study, key: int, end: date, answers: Sequence[Answers | None], course: Course | None
) -> None:
    """The entries of the scored days that end the day before `end`."""
    for number, one in enumerate(answers):
        on = end - timedelta(days=len(answers) - number)
        if one is None:
            continue
        late, corrected = (
            course is not None and number == course.late,
            course is not None and number == course.corrected,
        )
        first: dict[str, Any] = {
            "participant_id": key, "diary_day": on, "revision": 1, "stools": one[0] + 2 * corrected, "pain": one[1],
            "wellbeing": one[2], "submitted_at": at(on + timedelta(days=1), 9, 38) if late else at(on, 20, 3),
            "timing": "late" if late else "on_time", "tzid": "Asia/Shanghai", "utc_offset_minutes": 480,
            "source": "participant", "language": "zh", "wording_version": "1",
            "protocol": study.protocol.fingerprint, "rules": study.protocol.rules.hash, "reference": "seed",
        }  # fmt: skip
        session.add(EntryRow(**first))
        if corrected:
            session.add(EntryRow(**(first | {"revision": 2, "stools": one[0], "submitted_at": at(on, 20, 11)})))


def write_part(session: Session, key: int, visit: str, on: date, part: Part) -> None:
    """The clinic values of a visit, by the clinician chen."""
    values: list[tuple[str, object, date | None]] = []
    if part.groups:
        values.append(("complications", dict(part.groups), None))
    if part.mass is not None:
        values.append(("mass", part.mass, None))
    if part.antidiarrhoeal is not None:
        values.append(("antidiarrhoeal", part.antidiarrhoeal, None))
    if part.hct is not None:
        values.append(("hct", {"value": part.hct, "unit": "%"}, on - timedelta(days=part.hct_back)))
    if part.weight is not None:
        values.append(("weight", {"value": part.weight, "unit": "kg"}, on - timedelta(days=part.weight_back)))
    if part.sescd is not None:
        grades = {name: list(part.sescd) if name == "ileum" else CALM for name in SEGMENTS}
        values.append(("sescd", grades, None))
    for component, value, measured in values:
        session.add(AssessmentRow(participant_id=key, visit=visit, component=component, revision=1,
                                  value=json.dumps(value, sort_keys=True), measured_on=measured, source="staff",
                                  entered_at=at(on, 9, 10), entered_by="chen"))  # fmt: skip


@contextmanager
def draft_bench(folder: Path, *, courses: Mapping[str, Course] = COURSES, **options: Any) -> Iterator[ClinicBench]:
    """The clinic on that Tuesday morning with these drafts."""
    study, clock = two_site_study(), VirtualClock(MORNING)
    with study_database(folder) as database:
        with database.write() as session:
            seed_drafts(session, study, courses)
        given = ClinicOptions(secret_key=SECRET_KEY, password_cost=CHEAP, **options)
        app = Starlette(routes=[Mount("/clinic", create_clinic(database, lambda: study, clock, given))])
        yield ClinicBench(database, study, clock, Sealer(SECRET_KEY), app)
