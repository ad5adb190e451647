"""The simulated site: enrols, prepares, moves, checks in, assesses, and does what participants ask for by phone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from bot.actions.assess import ClinicValues, assess
from bot.actions.change_zone import change_zone
from bot.actions.check_in import check_in
from bot.actions.enrol import Enrolment, enrol
from bot.actions.invite import invite
from bot.actions.miss_visit import miss_visit
from bot.actions.move_visit import move_visit
from bot.actions.prepare_visit import prepare_visit
from bot.actions.study import Study
from bot.actions.withdraw import withdraw
from bot.people.actor import Actor, ActorKind, Origin
from bot.people.keys import Keys
from bot.rehearsal.behaviours import Kind, Role
from bot.rehearsal.course import Clinic, days_between, draw_clinic
from bot.storage.database import Database
from bot.storage.participants import participant_by_code
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail
from bot.storage.visits import calendar_of
from schedules.clock import Clock
from schedules.visits import ScheduledVisit, VisitState
from schedules.windows import instant

COORDINATOR: Final = Actor(ActorKind.STAFF, "Coordinator 01", "coordinator")
CLINICIAN: Final = Actor(ActorKind.STAFF, "Investigator 01", "clinician")
PREPARES, MOVES = timedelta(days=6), timedelta(days=9)  # before the visit
OFFICE_OPENS, CLINIC, GIVES_UP = time(9), time(9, 30), time(17)
ABROAD: Final = "Europe/London"
Later = Callable[[datetime, Callable[[], None]], None]


@dataclass
class Site:
    """One site; `later` books an act for an instant, and each act is one transaction with its own trail."""

    database: Database
    study: Study
    clock: Clock
    seed: int
    later: Later
    invited: Callable[[Role, str], None]
    invited_anew: Callable[[Role, str], None]
    moved_to: Callable[[Role, str], None]
    _numbers: int = 0

    def __post_init__(self) -> None:
        self._tzid = self.study.protocol.sites[0].timezone

    def enrol(self, role: Role) -> None:
        """Enrol a participant, hand over the invitation, and book what is to come."""
        with self._trail(COORDINATOR, role) as trail:
            token = enrol(trail, self._enrolment(role), study=self.study).token
        self.invited(role, token)
        self._book_life(role)
        for visit in self.study.protocol.visits:
            self._book_visit(role, visit.code)

    def _enrolment(self, role: Role) -> Enrolment:
        return Enrolment(
            code=role.code,
            site=self.study.protocol.sites[0].id,
            sex=role.sex,
            height_cm=Decimal(role.height_cm),
            language=role.language,
            timezone=role.tzid,
            baseline_on=role.baseline_on,
            consent_on=self._today(),
        )

    def invite_again(self, role: Role) -> None:
        """A new invitation, for a new phone."""
        with self.about(COORDINATOR, role) as (trail, participant):
            if participant.withdrawn_at is not None:
                return
            token = invite(trail, participant, study=self.study)
        self.invited_anew(role, token)

    def _book_life(self, role: Role) -> None:
        match role.kind:
            case Kind.TRAVELLING:
                self._book(role, 19, time(11), lambda: self._change_zone(role, ABROAD))
                self._book(role, 47, time(16), lambda: self._change_zone(role, role.tzid))
            case Kind.NEW_PHONE:
                self._book(role, 25, time(14), lambda: self.invite_again(role))
            case Kind.WITHDRAWING:
                self._book(role, 53, time(10, 30), lambda: self._withdraw(role))

    def _book(self, role: Role, day: int, at: time, act: Callable[[], None]) -> None:
        self.later(instant(role.baseline_on + timedelta(days=day), at, self._tzid), act)

    def _change_zone(self, role: Role, tzid: str) -> None:
        with self.about(COORDINATOR, role) as (trail, participant):
            change_zone(trail, participant, tzid, reason="travels, told by phone", study=self.study)
        self.moved_to(role, tzid)

    def _withdraw(self, role: Role) -> None:
        with self.about(COORDINATOR, role) as (trail, participant):
            withdraw(trail, participant, reason="wishes to end the participation", study=self.study)

    # Visits

    def _book_visit(self, role: Role, code: str) -> None:
        """Look after the visit some time before it, wherever it then stands in the calendar."""
        on = self._planned_on(role, code)
        self.later(instant(on - MOVES, OFFICE_OPENS, self._tzid), lambda: self._decide(role, code))

    def _decide(self, role: Role, code: str) -> None:
        """Nine days ahead: leave the visit, move it, or look again when it has moved by itself."""
        with self.about(COORDINATOR, role) as (trail, participant):
            visit = self._visit(trail, participant, code)
            if participant.withdrawn_at is not None or visit.state is not VisitState.PLANNED:
                return
            ahead = (visit.on - self._today()).days
            if ahead > MOVES.days:
                self.later(instant(visit.on - MOVES, OFFICE_OPENS, self._tzid), lambda: self._decide(role, code))
                return
            self._move_now_and_then(trail, participant, role, visit)
            on = self._visit(trail, participant, code).on
        rng = self.rng(role, code)
        if visit.endoscopy_planned and rng.random() < 0.8:
            self.later(instant(on - PREPARES, time(11), self._tzid), lambda: self._prepare(role, code))
        self._book_day(role, code, on)

    def _move_now_and_then(self, trail: Trail, participant: ParticipantRow, role: Role, visit: ScheduledVisit) -> None:
        rng = self.rng(role, f"{visit.code}/move")
        if rng.random() < 0.2:
            to = visit.on + timedelta(days=rng.choice((1, 2, 3, 5)))
            move_visit(trail, participant, visit.code, to, study=self.study, reason="asked for by the participant")

    def _prepare(self, role: Role, code: str) -> None:
        with self.about(COORDINATOR, role) as (trail, participant):
            visit = self._visit(trail, participant, code)
            if participant.withdrawn_at is not None or visit.state is not VisitState.PLANNED:
                return
            eve = visit.on - timedelta(days=1)
            prepare_visit(trail, participant, code, bowel_prep=[eve], endoscopy_on=visit.on, study=self.study)

    def _book_day(self, role: Role, code: str, on: date) -> None:
        rng = self.rng(role, f"{code}/day")
        shows_up = rng.random() < (0.3 if role.kind is Kind.ABSENT and code != "W00" else 0.985)
        begins = instant(on, CLINIC, self._tzid) + timedelta(minutes=rng.randrange(150))
        if not shows_up:
            self.later(instant(on, GIVES_UP, self._tzid), lambda: self._miss(role, code))
            return
        self.later(begins, lambda: self._hold(role, code, on))

    def _hold(self, role: Role, code: str, on: date) -> None:
        with self.about(COORDINATOR, role) as (trail, participant):
            visit = self._visit(trail, participant, code)
            if participant.withdrawn_at is not None or visit.state is not VisitState.PLANNED:
                return
            if visit.on != on:
                self._book_day(role, code, visit.on)
                return
            check_in(trail, participant, code, study=self.study)
        found = draw_clinic(role.course, days_between(role.baseline_on, on), role.sex, role.weight_kg,
                            self.rng(role, f"{code}/clinic"))  # fmt: skip
        self.later(self.clock.now() + timedelta(minutes=40), lambda: self._examine(role, code, found))
        if self.rng(role, f"{code}/lab").random() < 0.97:
            self.later(self.clock.now() + timedelta(hours=5), lambda: self._enter_laboratory(role, code, found, on))

    def _miss(self, role: Role, code: str) -> None:
        with self.about(COORDINATOR, role) as (trail, participant):
            if self._visit(trail, participant, code).state is VisitState.PLANNED and participant.withdrawn_at is None:
                miss_visit(trail, participant, code, state="no_show", reason="did not come", study=self.study)

    def _examine(self, role: Role, code: str, found: Clinic) -> None:
        with self.about(CLINICIAN, role) as (trail, participant):
            endoscopy = self.study.protocol.visit(code).endoscopy
            values = ClinicValues(
                mass=found.mass,
                complications=found.complications,
                antidiarrhoeal=found.antidiarrhoeal,
                sescd=found.sescd if endoscopy else None,
                confirmed=True,
            )
            assess(trail, participant, code, values, study=self.study)

    def _enter_laboratory(self, role: Role, code: str, found: Clinic, on: date) -> None:
        with self.about(COORDINATOR, role) as (trail, participant):
            values = ClinicValues(hct=found.hct, hct_unit="%", hct_on=on, weight_kg=found.weight_kg, weight_on=on,
                                  confirmed=True)  # fmt: skip
            assess(trail, participant, code, values, study=self.study)

    # What every act needs

    def _visit(self, trail: Trail, participant: ParticipantRow, code: str) -> ScheduledVisit:
        return calendar_of(trail.session, participant, self.study.protocol).visit(code)

    def _planned_on(self, role: Role, code: str) -> date:
        return role.baseline_on + timedelta(days=self.study.protocol.visit(code).day_offset)

    def _today(self) -> date:
        return self.clock.now().astimezone(ZoneInfo(self._tzid)).date()

    def rng(self, role: Role, what: str) -> Random:
        return Random(f"{self.seed}/site/{role.code}/{what}")  # noqa: S311  # play, not secrecy

    @contextmanager
    def _trail(self, actor: Actor, role: Role) -> Iterator[Trail]:
        self._numbers += 1
        with self.database.write() as session:
            yield Trail(
                session, self.clock.now(), actor, Origin.CLINIC, self.clock.shifted, participant=role.code,
                request_id=f"site-{self._numbers}",
            )  # fmt: skip

    @contextmanager
    def about(self, actor: Actor, role: Role) -> Iterator[tuple[Trail, ParticipantRow]]:
        with self._trail(actor, role) as trail:
            yield trail, participant_by_code(trail.session, role.code)


def seeded_keys(seed: int) -> Keys:
    """Keys that are the same for the same seed; a rehearsal guards nothing."""
    return Keys(Random(f"{seed}/keys").randbytes)  # noqa: S311  # play, not secrecy
