"""A study in mid-course on one Tuesday morning: every state of the board at once, written as rows."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.actions.study import Study
from bot.clinic.app import create_clinic
from bot.clinic.call import ClinicOptions
from bot.people.sealing import Sealer
from bot.storage.tables import (
    AnswerRow,
    ChatRow,
    EntryRow,
    HelpedRow,
    InstanceRow,
    MessageRow,
    OutageRow,
    ParticipantRow,
    PreparationRow,
    SiteMessageRow,
    SiteTaskRow,
    VisitRow,
    ZoneRow,
)
from schedules.clock import VirtualClock
from tests.support.clinic import CHEAP, FOREIGN_SITE, OWN_SITE, SECRET_KEY, ClinicBench, two_site_study
from tests.support.database import study_database

ZONE = ZoneInfo("Asia/Shanghai")
TUESDAY = date(2026, 6, 9)
MORNING = datetime(2026, 6, 9, 9, 12, tzinfo=ZONE).astimezone(UTC)
OUTAGE = (datetime(2026, 6, 6, 20, 30, tzinfo=ZONE), datetime(2026, 6, 6, 22, 10, tzinfo=ZONE))
ENTERED = "elcsha"


@dataclass(frozen=True)
class Life:
    """One participant: the visit at hand, in how many days, and the days before it, the last letter being D-1.

    Letters: e entered, l late, c corrected, s staff entry, h helped, a staff entry after closing, p answered in part,
    r all answered but not submitted, m nothing, B bowel preparation, E endoscopy, - nothing yet.
    """

    visit: str
    in_days: int
    days: str
    at: str | None = None
    chat: str = "reached"
    last: str = "sent"
    withdrawn: bool = False
    held: bool = False
    language: str = "zh"
    hour: str = "20:00"
    site: str = OWN_SITE
    says: str | None = None
    stopped: bool = False


LIVES: tuple[Life, ...] = (
    Life("W04", 0, "mememe-", at="10:30"),
    Life("W08", 2, "memm---", chat="blocked", last="refused"),
    Life("W12", 3, "eem----"),
    Life("W24", 3, "ecs----", last="unknown"),
    Life("W00", 1, "eelemerB"),
    Life("W08", 2, "mmmme--", last="sent"),
    Life("W04", 1, "mmmmms-", chat="blocked", last="refused"),
    Life("W12", 1, "eeecee-"),
    Life("W08", 2, "eelee--"),
    Life("W04", 4, "eee----", hour="19:30"),
    Life("W00", 3, "eeeeee-BE", hour="21:00"),
    Life("W00", 6, "ee-----B"),
    Life("W12", 5, "ee-----"),
    Life("W04", 3, "elee---"),
    Life("W08", 4, "mee----", language="en"),
    Life("W00", 7, "-------"),
    Life("W08", 5, "he-----", stopped=True),
    Life("W04", 0, "eeeleee"),
    Life("W12", 0, "emeeeah", at="14:00"),
    Life("W08", 0, "eepeeme", held=True),
    Life("W24", 0, "eeemeee", held=True),
    Life("W04", 1, "eeemee-"),
    Life("W04", 14, ""),
    Life("W08", 16, "", language="en", says="Where can I park on the day of the visit?"),
    Life("W12", 20, ""),
    Life("W12", 21, "", says="下周我要出差，访视可以晚一天吗？"),
    Life("W24", 60, ""),
    Life("W24", 70, "", chat="none"),
    Life("W04", 18, ""),
    Life("W08", 25, ""),
    Life("W00", 12, "", chat="none"),
    Life("W00", 15, "", chat="waiting"),
    Life("W24", 77, ""),
    Life("W24", 33, "", withdrawn=True),
    Life("W12", 2, "eee----", withdrawn=True),
    Life("W12", 19, ""),
    Life("W08", 20, ""),
    Life("W24", 45, ""),
    Life("W04", 22, ""),
    Life("W12", 40, ""),
)


@dataclass
class Rows:
    """Everything to be written, by table; written in one go."""

    by_table: dict[Any, list[dict[str, Any]]]

    def add(self, table: Any, **values: Any) -> None:
        self.by_table.setdefault(table, []).append(values)

    def write(self, session: Session) -> None:
        for table, rows in self.by_table.items():
            names = {name for row in rows for name in row}
            session.execute(insert(table), [dict.fromkeys(names) | row for row in rows])


def at(day: date, wall: str) -> datetime:
    """An instant by the site's wall clock."""
    return datetime.combine(day, time.fromisoformat(wall), ZONE).astimezone(UTC)


def seed_course(session: Session, study: Study, *, lives: Sequence[Life] = LIVES, copies: int = 1) -> list[str]:
    """Write the study of a Tuesday morning; answers the codes. `copies` repeats the lives under new codes."""
    rows, codes, numbers = Rows({}), [], itertools.count(1)
    digits = 3 if len(lives) * copies < 1000 else 5
    for _copy in range(copies):
        for life in lives:
            number = next(numbers)
            prefix = "SH" if life.site == OWN_SITE else "FH"
            codes.append(f"{prefix}-{number:0{digits}d}")
            write_life(rows, study, life, number, codes[-1])
    rows.add(OutageRow, started_at=OUTAGE[0].astimezone(UTC), ended_at=OUTAGE[1].astimezone(UTC))
    rows.add(InstanceRow, key="bot_username", value="diary_demo_bot", learnt_at=MORNING)
    rows.write(session)
    return codes


def write_life(rows: Rows, study: Study, life: Life, number: int, code: str) -> None:
    """One participant with visits, days, chat and messages."""
    protocol = study.protocol
    on = TUESDAY + timedelta(days=life.in_days)
    offset = protocol.visit(life.visit).day_offset
    baseline = on - timedelta(days=offset)
    enrolled = at(min(baseline, TUESDAY) - timedelta(days=10), "10:00")
    joined = None if life.chat == "none" else enrolled + timedelta(hours=1)
    rows.add(
        ParticipantRow,
        id=number, code=code, site=life.site, sex="female" if number % 2 else "male", height_cm="168",
        standard_weight_kg="58.5", language=life.language, hour=life.hour, baseline_on=baseline,
        consent_on=enrolled.date(), stoma=False, enrolled_at=enrolled, notice_version="1", joined_at=joined,
        stopped_at=at(TUESDAY - timedelta(days=1), "07:40") if life.stopped else None,
        withdrawn_at=at(TUESDAY - timedelta(days=3), "11:00") if life.withdrawn else None, plan_version=0,
    )  # fmt: skip
    rows.add(ZoneRow, participant_id=number, from_on=enrolled.date() - timedelta(days=60), tzid="Asia/Shanghai",
             set_at=enrolled, reason="enrolment")  # fmt: skip
    write_visits(rows, study, life, number, baseline)
    if life.chat != "none":
        rows.add(ChatRow, participant_id=number, channel="telegram", address=6_000_000_000 + number, bound_at=joined,
                 reach_at=None if life.chat == "waiting" else joined,
                 blocked_at=at(TUESDAY - timedelta(days=1), "20:00") if life.chat == "blocked" else None)  # fmt: skip
    for back, letter in enumerate(reversed(life.days), start=1):
        write_day(rows, study, life, number, on - timedelta(days=back), letter)
    if life.days and not life.withdrawn and life.chat != "none":
        write_messages(rows, life, number, on)
    if life.chat == "blocked" or life.stopped:
        rows.add(SiteTaskRow, participant_id=number, kind="stopped" if life.stopped else "blocked",
                 opened_at=at(TUESDAY - timedelta(days=1), "20:00"))  # fmt: skip
    if life.says:
        rows.add(SiteMessageRow, participant_id=number, received_at=MORNING - timedelta(hours=13), text=life.says,
                 reference=f"seed/{number}")  # fmt: skip
        rows.add(SiteTaskRow, participant_id=number, kind="message", opened_at=MORNING - timedelta(hours=13))


def write_visits(rows: Rows, study: Study, life: Life, number: int, baseline: date) -> None:
    for planned in study.protocol.visits:
        on = baseline + timedelta(days=planned.day_offset)
        here = planned.code == life.visit
        if on < TUESDAY or (here and life.held):
            rows.add(VisitRow, participant_id=number, code=planned.code, state="held", held_at=at(on, "09:05"),
                     held_on=on, outside_tolerance=False, protocol=study.protocol.fingerprint)  # fmt: skip
        elif here and life.at:
            rows.add(VisitRow, participant_id=number, code=planned.code, state="planned", time=life.at,
                     outside_tolerance=False)  # fmt: skip


def write_day(rows: Rows, study: Study, life: Life, number: int, on: date, letter: str) -> None:
    if letter in "BE":
        kind = "bowel_prep" if letter == "B" else "endoscopy"
        rows.add(PreparationRow, participant_id=number, code=life.visit, on=on, kind=kind)
    if letter in "pr":
        for item in ("stools", "pain", "wellbeing")[: 1 if letter == "p" else 3]:
            rows.add(AnswerRow, participant_id=number, diary_day=on, item=item, ordinal=1, value=1,
                     source="participant", language=life.language, wording_version="1",
                     protocol=study.protocol.fingerprint, answered_at=at(on, "20:05"), reference="seed")  # fmt: skip
    if letter not in ENTERED:
        return
    base: dict[str, Any] = {
        "participant_id": number, "diary_day": on, "revision": 1, "stools": 3 + number % 3, "pain": number % 3,
        "wellbeing": 1, "submitted_at": at(on, "20:03"), "timing": "on_time", "tzid": "Asia/Shanghai",
        "utc_offset_minutes": 480, "source": "participant", "language": life.language, "wording_version": "1",
        "protocol": study.protocol.fingerprint, "rules": study.protocol.rules.hash, "reference": "seed",
    }  # fmt: skip
    next_day = on + timedelta(days=1)
    if letter == "l":
        base |= {"submitted_at": at(next_day, "08:46"), "timing": "late"}
    if letter == "s":
        base |= {"submitted_at": at(next_day, "09:20"), "timing": "late", "source": "staff", "reason": "phone was flat"}
    if letter == "a":
        base |= {"submitted_at": at(next_day, "15:00"), "timing": "after_closing", "source": "staff",
                 "reason": "paper note"}  # fmt: skip
    rows.add(EntryRow, **base)
    if letter == "c":
        rows.add(EntryRow, **(base | {"revision": 2, "stools": 2, "submitted_at": at(on, "20:11")}))
    if letter == "h":
        rows.add(HelpedRow, participant_id=number, diary_day=on, said_at=at(on, "20:04"))


def write_messages(rows: Rows, life: Life, number: int, visit_on: date) -> None:
    """Prompts of the last evenings, reminders where the day stayed empty, and tonight's prompt."""
    entered = {visit_on - timedelta(days=back): letter for back, letter in enumerate(reversed(life.days), start=1)}
    for day in (TUESDAY - timedelta(days=back) for back in (3, 2, 1)):
        letter = entered.get(day)
        if letter is None or letter in "BE":
            continue
        newest = day == TUESDAY - timedelta(days=1)
        refused = newest and life.chat == "blocked"
        message(rows, number, life, day, "prompt", at(day, life.hour), "refused" if refused else "sent")
        if letter == "e":
            message(rows, number, life, day, "second", at(day, "21:30"), "cancelled")
            continue
        state = "cancelled" if refused else "sent"
        message(rows, number, life, day, "second", at(day, "21:30"), state)
        last = life.last if newest and life.last == "unknown" else state
        message(rows, number, life, day, "last_call", at(day + timedelta(days=1), "08:00"), last)
    if visit_on > TUESDAY and life.chat != "blocked" and not life.stopped:
        message(rows, number, life, TUESDAY, "prompt", at(TUESDAY, life.hour), "planned")


def message(rows: Rows, number: int, life: Life, day: date, kind: str, due: datetime, state: str) -> None:
    rows.add(
        MessageRow,
        dedupe_key=f"p{number}/{day}/{kind}/1", participant_id=number, channel="telegram", visit=life.visit,
        diary_day=day, kind=kind, payload="{}", wall_date=due.astimezone(ZONE).date(),
        wall_time=due.astimezone(ZONE).time(), tzid="Asia/Shanghai", due_at=due, plan_version=0, priority=5,
        state=state, attempts=0, fence=0, sent_at=due if state == "sent" else None,
        reason={"refused": "blocked", "cancelled": "no longer due", "unknown": "no_receipt"}.get(state),
        created_at=due - timedelta(days=2),
    )  # fmt: skip


@contextmanager
def seeded_clinic(
    folder: Path, *, lives: Sequence[Life] = LIVES, copies: int = 1, foreign: Iterable[Life] = (), **options: Any
) -> Iterator[ClinicBench]:
    """The clinic on that Tuesday morning, mounted as in service."""
    study, clock = two_site_study(), VirtualClock(MORNING)
    strangers = [replace(life, site=FOREIGN_SITE) for life in foreign]
    with study_database(folder) as database:
        with database.write() as session:
            seed_course(session, study, lives=[*lives, *strangers], copies=copies)
        given = ClinicOptions(secret_key=SECRET_KEY, password_cost=CHEAP, **options)
        app = Starlette(routes=[Mount("/clinic", create_clinic(database, lambda: study, clock, given))])
        yield ClinicBench(database, study, clock, Sealer(SECRET_KEY), app)
