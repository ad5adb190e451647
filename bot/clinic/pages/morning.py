"""The morning list: whom to call or nudge, until when, and what is out of reach; a coordinator lands here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from bot.clinic.call import (
    Clinic,
    SignedInStaff,
    clinic_of,
    language_of,
    note_view,
    page,
    reading,
    study_now,
    study_of,
    timezone_of,
)
from bot.clinic.routes import Nav, Pages
from bot.clinic.steps import can_nudge, needs_a_call
from bot.clinic.weeks import Cell, row_of_cells
from bot.clinic.words import say
from bot.i18n import Message, clinic_text, format_day
from bot.people.roles import Permission
from bot.storage.calls import last_calls
from bot.storage.tables import PhoneCallRow
from bot.storage.views.board import BoardLine, Group, SentMessage, Traffic, earliest_date, read_traffic
from bot.storage.views.morning import MorningList, closing_today, read_evening, read_morning
from bot.storage.views.standing import lines_of

pages = Pages()

MOST_ROWS: Final = 30  # of each part: for more no morning is long enough, and the board has them

NOT_ENTERED: Final = clinic_text("reason", "%(day)s is not entered.")
ONLY_SUBMIT: Final = clinic_text("reason", "%(day)s is answered, only Submit is missing.")
READY: Final = clinic_text("reason", "%(in_hand)s of %(of)s in hand, evaluable already.")
ONE_MORE: Final = clinic_text("reason", "With this day it is evaluable; after that it is too late.")
ALL_LEFT: Final = clinic_text("reason", "%(in_hand)s in hand, all %(left)s left are needed.")
SOME_LEFT: Final = clinic_text("reason", "%(in_hand)s in hand, %(needed)s more needed of %(left)s left.")
EVEN_SO: Final = clinic_text(
    "reason", "Even so %(visit)s reaches %(most)s of %(minimum)s at most: it needs a later date."
)
AT_MOST: Final = clinic_text("reason", "%(in_hand)s in hand, %(most)s at most of the %(minimum)s needed.")
REACHES: Final[Mapping[str, Message]] = {
    "blocked": clinic_text("reason", "The chat refuses messages: only a call gets through."),
    "stopped": clinic_text("reason", "Messages were stopped by the participant: only a call gets through."),
    "unbound": clinic_text("reason", "No chat is linked: call, and hand over an invitation."),
}
NEXT_DAY: Final = clinic_text("reason", "Next diary day: %(day)s.")
EARLIEST: Final = clinic_text("reason", "The earliest date that can be evaluated is %(day)s.")
NO_DATE: Final = clinic_text("reason", "No date within 60 days can be evaluated.")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One participant on the list: why, until when, what to do; `pressing` sentences are bold."""

    line: BoardLine
    reasons: Sequence[tuple[str, bool]]
    cells: Sequence[Cell | None]
    early: int
    messages: Sequence[SentMessage]
    deadline: datetime | None
    by_check_in: bool
    left: timedelta | None
    urgent: bool
    nudge: bool
    day: date | None
    called: PhoneCallRow | None
    earliest: date | None = None

    @property
    def code(self) -> str:
        return self.line.code


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the day's times: what happens (made, now, check_in, closing, asked), to how many or to whom."""

    at: datetime
    what: str
    count: int = 0
    code: str = ""
    tomorrow: bool = False


@pages.count(Nav.MORNING)
def count_savable(session: Session, staff: SignedInStaff, clinic: Clinic) -> int:
    """How many diaries can still be saved."""
    kept = clinic.memory.standings
    return len(read_morning(session, clinic.study.protocol, clinic.clock.now(), scope=staff.site, standings=kept).save)


@pages.get("/morning", may=Permission.SEE_COMPLETENESS, nav=Nav.MORNING)
def show_morning(request: Request, staff: SignedInStaff) -> Response:
    """The three parts, the times of the day, and what became of the messages."""
    protocol, now = study_of(request).protocol, study_now(request)
    with reading(request) as session:
        standings = clinic_of(request).memory.standings
        found = read_morning(session, protocol, now, scope=staff.site, standings=standings)
        shown = [*found.save[:MOST_ROWS], *found.cannot[:MOST_ROWS], *found.unreached[:MOST_ROWS]]
        lines, cohort = lines_of(session, protocol, now, shown)
        people = [one.id for one in shown]
        traffic = read_traffic(session, people, now)
        calls = last_calls(session, people, now)
        evening = read_evening(session, now, last_evening(request), scope=staff.site)
    note_view(request, staff, "morning")
    rows = Rows(request, traffic, calls)
    chosen = request.query_params.get("call") or next((one.code for one in found.save), "")
    return page(
        request,
        "morning.html",
        save=[rows.savable(line) for line in lines if line.group is Group.SAVE],
        cannot=[rows.cannot(line, earliest_date(line, cohort)) for line in lines if line.group is Group.CANNOT],
        unreached=[
            rows.unreached(line, one.unreached)
            for line, one in zip(lines, shown, strict=True)
            if one.unreached is not None and line.group not in (Group.SAVE, Group.CANNOT)
        ],
        totals=(len(found.save), len(found.cannot), len(found.unreached)),
        pressing=found.pressing,
        times=times(request, found, evening.tonight),
        ended=evening.ended,
        plan=protocol,
        chosen=chosen,
        anybody=found.anybody,
        can_act=staff.can(Permission.RUN_DIARY),
        can_invite=staff.can(Permission.ENROL),
    )


def last_evening(request: Request) -> datetime:
    """When the diary opened yesterday, by the reader's clock."""
    zone = ZoneInfo(timezone_of(request))
    yesterday = study_now(request).astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(yesterday, study_of(request).protocol.diary.opens, zone)


@dataclass(frozen=True, slots=True)
class Rows:
    """Words the rows of the list."""

    request: Request
    traffic: Mapping[int, Traffic]
    calls: Mapping[int, PhoneCallRow]

    @property
    def language(self) -> str:
        return language_of(self.request)

    def savable(self, line: BoardLine) -> ListRow:
        """Yesterday is open and not submitted."""
        day = line.savable[0]
        frame = ONLY_SUBMIT if day.saving_left else NOT_ENTERED
        reasons = [(say(frame, self.language, day=format_day(day.on, self.language)), False)]
        reasons.append(outlook_words(line, self.language))
        reasons += self._reach(line)
        urgent = needs_a_call(line) and (line.outlook is None or line.outlook.spare <= 0 or not can_nudge(line))
        return self._row(line, reasons, deadline=day.closes_at, day=day.on, urgent=urgent)

    def cannot(self, line: BoardLine, earliest: date | None) -> ListRow:
        """The minimum is out of reach on the planned date."""
        reasons = [outlook_words(line, self.language)]
        frame = EARLIEST if earliest else NO_DATE
        day = format_day(earliest, self.language) if earliest else ""
        reasons.append((say(frame, self.language, day=day), earliest is not None))
        return self._row(line, [*reasons, *self._reach(line)], earliest=earliest)

    def unreached(self, line: BoardLine, next_day: date) -> ListRow:
        """No message reaches although a diary day is near."""
        words = say(NEXT_DAY, self.language, day=format_day(next_day, self.language))
        return self._row(line, [*self._reach(line), (words, False)], day=next_day)

    def _reach(self, line: BoardLine) -> list[tuple[str, bool]]:
        frame = REACHES.get(line.person.reach)
        return [(say(frame, self.language), True)] if frame else []

    def _row(
        self,
        line: BoardLine,
        reasons: Sequence[tuple[str, bool]],
        *,
        deadline: datetime | None = None,
        day: date | None = None,
        urgent: bool = False,
        earliest: date | None = None,
    ) -> ListRow:
        now = study_now(self.request)
        early = max((one.back for one in line.days), default=7) - 7
        visit = line.visit
        return ListRow(
            line=line,
            reasons=reasons,
            cells=row_of_cells(line, max(early, 0), self.language, timezone_of(self.request)) if line.days else (),
            early=max(early, 0),
            messages=self.traffic.get(line.person.id, Traffic()).recent[-3:],
            deadline=deadline,
            by_check_in=visit is not None and visit.on == line.today and visit.time is not None,
            left=deadline - now if deadline else None,
            urgent=urgent,
            nudge=can_nudge(line) and deadline is not None,
            day=day,
            called=self.calls.get(line.person.id),
            earliest=earliest,
        )


def outlook_words(line: BoardLine, language: str) -> tuple[str, bool]:
    """What the day means for the visit, and whether that presses."""
    outlook, visit = line.outlook, line.visit
    if outlook is None or visit is None:
        return "", False
    known = {
        "in_hand": outlook.in_hand,
        "of": outlook.of,
        "left": outlook.left,
        "needed": outlook.needed,
        "minimum": outlook.minimum,
        "most": outlook.in_hand + outlook.left,
        "visit": visit.code,
    }
    if outlook.evaluable:
        return say(READY, language, **known), False
    if not outlook.possible:
        return say(EVEN_SO if line.savable else AT_MOST, language, **known), not line.savable
    if outlook.spare == 0:
        return say(ONE_MORE if outlook.left == 1 else ALL_LEFT, language, **known), True
    return say(SOME_LEFT, language, **known), False


def times(request: Request, found: MorningList, tonight: Mapping[datetime, int]) -> list[Moment]:
    """The day's instants in order: the list, now, closings, questions until the next list."""
    now, protocol = study_now(request), study_of(request).protocol
    zone = ZoneInfo(timezone_of(request))
    made_at = datetime.combine(now.astimezone(zone).date(), protocol.reminders.last_call, zone)
    known = [Moment(made_at, "made"), Moment(now, "now"), *closings(found, now)]
    midnight = datetime.combine(made_at.date() + timedelta(days=1), time.min, zone)
    known += [
        Moment(at, "asked", number, tomorrow=at >= midnight)
        for at, number in tonight.items()
        if at < made_at + timedelta(days=1)  # then the next list is made
    ]
    return sorted(known, key=lambda one: one.at)


def closings(found: MorningList, now: datetime) -> Iterable[Moment]:
    """When open diaries close: by name at a check-in, else by their number."""
    for at, closing in closing_today(found.save, now).items():
        first = closing[0]
        if len(closing) == 1 and first.checks_in and min(first.closings) == at:
            yield Moment(at, "check_in", 1, first.code)
        else:
            yield Moment(at, "closing", len(closing))
