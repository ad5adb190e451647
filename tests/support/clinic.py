"""A clinic on a study with two sites, accounts of every role with known secrets, and a browser without a browser."""

import dataclasses
import itertools
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

from sqlmodel import select
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

from bot.actions.add_staff import SEED, add_staff, issue_setup_link
from bot.actions.raise_query import Place, raise_query
from bot.actions.set_up_staff import SetUpForm, set_up_staff
from bot.actions.sign_in import open_session
from bot.actions.study import Study
from bot.clinic.access.kept_forms import keep_form, settle_form
from bot.clinic.app import create_clinic
from bot.clinic.call import ClinicOptions
from bot.clinic.routes import Page
from bot.people.actor import Origin, operator_actor
from bot.people.one_time_codes import STEP_SECONDS, code_at
from bot.people.passwords import PasswordCost, Passwords
from bot.people.roles import ALL_SITES, ONE_SITE_ONLY, Role
from bot.people.sealing import Sealer
from bot.storage.database import Database
from bot.storage.participants import participant_by_code
from bot.storage.staff import account_by_name, kept_forms, open_sessions, open_setups
from bot.storage.tables import CorrectionRow, ParticipantRow, SiteMessageRow, StaffCredentialRow, ZoneRow
from bot.storage.trail import Trail
from schedules.clock import VirtualClock
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.database import T0, add_participant, study_database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a library that the product does not use
    from starlette.testclient import TestClient

PASSWORD = "plum kettle orbit fence"
SECRET_KEY = "k" * 32
CHEAP = PasswordCost(memory_kib=64, passes=1)
OWN_SITE, FOREIGN_SITE = "seh", "far"
_numbers = itertools.count(1)


def two_site_study() -> Study:
    """The seed study with a second site, whose participants the first must never see."""
    protocol = load_protocol(seed_protocol_path())
    foreign = dataclasses.replace(protocol.sites[0], id=FOREIGN_SITE, names={"en": "Far Hospital", "zh": "远方医院"})
    return Study(dataclasses.replace(protocol, sites=(*protocol.sites, foreign)))


@dataclass
class ClinicBench:
    """A clinic with its parts in reach of a test; security and study time are one virtual clock."""

    database: Database
    study: Study
    clock: VirtualClock
    sealer: Sealer
    app: Starlette
    seeds: dict[str, str] = field(default_factory=dict)

    def add_staff(self, role: Role, *, site: str | None = None, name: str | None = None, language: str = "en") -> str:
        """An account that is set up; answers its name."""
        site = site or (OWN_SITE if role in ONE_SITE_ONLY else ALL_SITES)
        name = name or f"{role.value.replace('_', ' ')} {site}"
        at = self.clock.system_now()
        with self.database.write() as session:
            trail = Trail(session, self.clock.now(), operator_actor("test"), Origin.COMMAND)
            account, token = add_staff(
                trail, name, role=role.value, site=site, language=language, study=self.study, sealer=self.sealer, at=at
            )
            seed = self.seed_of_link(session, account.id)
            form = SetUpForm(f"Dr {name}", language, PASSWORD, PASSWORD, code_at(seed, at))
            set_up_staff(trail, token, form, password_hash=Passwords(CHEAP).hash(PASSWORD), sealer=self.sealer, at=at)
            credential = session.get(StaffCredentialRow, account.id)
            assert credential is not None
            credential.last_step = 0  # so that a test can sign in at the same moment
        self.seeds[name] = seed
        return name

    def seed_of_link(self, session: Any, staff_id: int) -> str:
        return self.sealer.open(SEED, open_setups(session, staff_id)[0].seed_sealed)

    def setup_link(self, name: str) -> str:
        """The token of a fresh setup link for the account."""
        with self.database.write() as session:
            account = account_by_name(session, name)
            assert account is not None
            trail = Trail(session, self.clock.now(), operator_actor("test"), Origin.COMMAND)
            at = self.clock.system_now()
            return issue_setup_link(trail, account, study=self.study, sealer=self.sealer, at=at)

    def code(self, name: str) -> str:
        """What the account's app shows now."""
        return code_at(self.seeds[name], self.clock.system_now())

    def next_code(self) -> None:
        """Let time pass until the app shows another code."""
        self.clock.advance(timedelta(seconds=STEP_SECONDS))

    def visitor(self) -> "Visitor":
        """A browser that is not signed in."""
        return Visitor(self, TestClient(self.app, base_url="http://127.0.0.1:8080", follow_redirects=False))

    def session_of(self, name: str) -> str:
        """The token of a new session of the account, without the ceremony."""
        with self.database.write() as session:
            account = account_by_name(session, name)
            assert account is not None
            return open_session(session, account, ip="testclient", agent="", at=self.clock.system_now())

    def browser_of(self, name: str) -> "Visitor":
        """A browser in which the account is signed in, without the ceremony."""
        visitor = self.visitor()
        visitor.client.cookies.set("clinic", self.session_of(name))
        return visitor

    def signed_in(self, name: str) -> "Visitor":
        """A browser in which the account is signed in."""
        visitor = self.visitor()
        answer = visitor.sign_in(name)
        assert answer.status_code == 303, answer.text
        return visitor


@dataclass
class Visitor:
    """Reads pages and posts forms as a browser would, token included."""

    bench: ClinicBench
    client: TestClient

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(f"/clinic{path}", **options)

    def post(self, path: str, data: dict[str, Any] | None = None, *, page: str | None = None, **options: Any) -> Any:
        """Post a form with the token of `page` (any page of this browser will do)."""
        token = self.token(page)
        return self.client.post(f"/clinic{path}", data={"csrf": token, **(data or {})}, **options)

    def token(self, page: str | None = None) -> str:
        if page is not None:
            return csrf_of(self.get(page).text)
        text = self.get("/account").text if "clinic" in self.client.cookies else self.get("/sign-in").text
        return csrf_of(text)

    def sign_in(self, name: str, *, password: str = PASSWORD, code: str | None = None, heading: str = "") -> Any:
        code = self.bench.code(name) if code is None else code
        data = {"name": name, "password": password, "code": code, "next": heading}
        return self.post("/sign-in", data, page="/sign-in")

    def confirm(self, name: str, **more: Any) -> dict[str, Any]:
        """The fields that a step-up asks for."""
        return {"confirm_password": PASSWORD, "confirm_code": self.bench.code(name), **more}


def csrf_of(text: str) -> str:
    """The token in a page's first form."""
    found = re.search(r'name="csrf" value="([0-9a-f]*)"', text)
    assert found, text[:400]
    return unescape(found[1])


def sample_account(bench: ClinicBench, _staff: str, _site: str) -> str:
    """An account that may be disabled or re-issued."""
    name = bench.add_staff(Role.COORDINATOR, name=f"Temporary {next(_numbers)}")
    with bench.database.read() as session:
        account = account_by_name(session, name)
    assert account is not None
    return str(account.id)


def sample_session(bench: ClinicBench, staff: str, _site: str) -> str:
    """A session of the account that asks."""
    with bench.database.read() as session:
        account = account_by_name(session, staff)
        assert account is not None
        return str(open_sessions(session, account.id)[-1].id)


def sample_form(bench: ClinicBench, staff: str, _site: str) -> str:
    """A kept form of the account that asks."""
    with bench.database.write() as session:
        account = account_by_name(session, staff)
        assert account is not None
        at = bench.clock.system_now()
        for old in kept_forms(session, account.id, at):
            settle_form(session, old, at)
        session.flush()
        keep_form(session, account.id, "/clinic/account/name", [("printed_name", "A")], sealer=bench.sealer, at=at)
        session.flush()
        return str(kept_forms(session, account.id, at)[0].id)


def sample_participant(bench: ClinicBench, _staff: str, site: str) -> str:
    """The participant of a site."""
    code = "SH-001" if site == OWN_SITE else "FAR-001"
    with bench.database.write() as session:
        if session.exec(select(ParticipantRow).where(ParticipantRow.code == code)).first() is None:
            row = add_participant(session, code=code, site=site)
            session.add(
                ZoneRow(
                    participant_id=row.id or 0, from_on=T0.date() - timedelta(days=90), tzid="Asia/Shanghai",
                    set_at=T0, reason="enrolment",
                )
            )  # fmt: skip
    return code


def sample_message(bench: ClinicBench, staff: str, site: str) -> str:
    """A message that the participant of a site wrote."""
    code = sample_participant(bench, staff, site)
    with bench.database.write() as session:
        participant = participant_by_code(session, code)
        row = SiteMessageRow(participant_id=participant.id or 0, received_at=T0, text="A word", reference="sample")
        session.add(row)
        session.flush()
        return str(row.id)


def sample_correction(bench: ClinicBench, staff: str, site: str) -> str:
    """A correction that the participant of a site asked for."""
    code = sample_participant(bench, staff, site)
    with bench.database.write() as session:
        participant = participant_by_code(session, code)
        row = CorrectionRow(
            participant_id=participant.id or 0, diary_day=T0.date(), requested_at=T0, reference="sample"
        )
        session.add(row)
        session.flush()
        return str(row.id)


def sample_query(bench: ClinicBench, _staff: str, site: str) -> str:
    """An open query on a value of a participant of a site."""
    code = sample_participant(bench, _staff, site)
    with bench.database.write() as session:
        participant = session.exec(select(ParticipantRow).where(ParticipantRow.code == code)).one()
        trail = Trail(session, bench.clock.now(), operator_actor("test"), Origin.COMMAND)
        row = raise_query(trail, participant, Place("stools", day=T0.date()), "Is this so?", study=bench.study)
        return str(row.id)


# For every parameter of a route: makes an object at the site and answers what stands in the address.
# A page that brings a new parameter adds its own; parameters not in SITELESS must be a 404 for a foreign site.
SAMPLES: dict[str, Callable[[ClinicBench, str, str], str]] = {
    "account": sample_account,
    "session": sample_session,
    "form": sample_form,
    "code": sample_participant,
    "message": sample_message,
    "correction": sample_correction,
    "visit": lambda _bench, _staff, _site: "W00",
    "query": sample_query,
    "day": lambda _bench, _staff, _site: "2025-03-25",
}
SITELESS = frozenset({"account", "session", "form", "visit", "day"})


@contextmanager
def clinic_bench(
    folder: Path, *, routes: tuple[Page, ...] | None = None, mount: str = "/clinic", **options: Any
) -> Iterator[ClinicBench]:
    """A clinic mounted as in service, on a fresh database of two sites."""
    study, clock = two_site_study(), VirtualClock(T0)
    with study_database(folder) as database:
        given = ClinicOptions(secret_key=SECRET_KEY, password_cost=CHEAP, **options)
        clinic = create_clinic(database, lambda: study, clock, given, routes=routes)
        app = Starlette(routes=[Mount(mount, clinic)])
        yield ClinicBench(database, study, clock, Sealer(SECRET_KEY), app)


def body_of(response: Response | Any) -> str:
    """A page's text, its entities resolved."""
    return unescape(response.text)
