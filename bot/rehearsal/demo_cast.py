"""Who takes part in the demonstration: newcomers with invitations, some of the rehearsed cast, an account a role."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.actions.add_staff import SEED, add_staff
from bot.actions.enrol import Enrolment, enrol
from bot.actions.make_diary_link import diary_link_address, make_diary_link
from bot.actions.set_up_staff import SetUpForm, set_up_staff
from bot.people.actor import SYSTEM, Origin, operator_actor
from bot.people.one_time_codes import code_at
from bot.people.passwords import Passwords
from bot.people.roles import ALL_SITES, ONE_SITE_ONLY, Role
from bot.people.sealing import Sealer
from bot.rehearsal.behaviours import Role as Rehearsed
from bot.sandbox.phone_view import Phone
from bot.storage.participants import participant_by_code
from bot.storage.staff import open_setups
from bot.storage.tables import StaffCredentialRow
from bot.storage.trail import Trail
from bot.wiring.study_room import OpenStudy

PASSWORD = "paper-lantern-harbour-27"  # noqa: S105  # printed on the page that lists the sign-ins
FIRST_NEWCOMER = 800_001
SHOWN = (23, 26, 1, 3)  # the first two there are of the cast: yesterday's card is open; one in English


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A participant who has an invitation and has not joined."""

    code: str
    language: str
    sex: str
    height_cm: int


NEWCOMERS = (Newcomer("SH-101", "zh", "female", 163), Newcomer("SH-102", "en", "male", 176))
STAFF = (
    (Role.COORDINATOR, "Coordinator 01", "zh"),
    (Role.CLINICIAN, "Investigator 01", "zh"),
    (Role.CLINICIAN, "Investigator 02", "en"),
    (Role.DATA_MANAGER, "Data manager 01", "en"),
    (Role.MONITOR, "Monitor 01", "en"),
    (Role.ADMIN, "Administrator 01", "en"),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One account of the demonstration, and the secret of its code app."""

    role: Role
    name: str
    seed: str


def enrol_newcomers(room: OpenStudy, today: datetime) -> tuple[Sequence[Phone], date]:
    """Enrol the newcomers so that their first diary day is today; their phones hold the invitations."""
    site = room.study.protocol.sites[0]
    local = today.astimezone(ZoneInfo(site.timezone)).date()
    baseline_on = local + timedelta(days=room.study.protocol.diary.days)
    with room.database.write() as session:
        trail = Trail(session, today, SYSTEM, Origin.COMMAND)
        phones = [
            enrol_one(trail, room, newcomer, baseline_on, FIRST_NEWCOMER + number)
            for number, newcomer in enumerate(NEWCOMERS)
        ]
    return phones, baseline_on


def enrol_one(trail: Trail, room: OpenStudy, newcomer: Newcomer, baseline_on: date, user_id: int) -> Phone:
    """Enrol one newcomer."""
    site = room.study.protocol.sites[0]
    given = Enrolment(
        code=newcomer.code,
        site=site.id,
        sex=newcomer.sex,
        height_cm=Decimal(newcomer.height_cm),
        language=newcomer.language,
        timezone=site.timezone,
        baseline_on=baseline_on,
        consent_on=trail.now.date(),
    )
    token = enrol(trail, given, study=room.study).token
    return Phone(user_id, newcomer.code, token, phone_language(newcomer.language), site.timezone)


def phones_of(cast: Sequence[Rehearsed]) -> list[Phone]:
    """The phones of those members of the rehearsed cast who have something to do today."""
    shown = [cast[number] for number in SHOWN if number < len(cast)][:2]
    return [Phone(role.user_id, role.code, "", phone_language(role.language), role.tzid) for role in shown]


def phone_language(language: str) -> str:
    return "zh-hans" if language == "zh" else "en"


def add_sign_ins(room: OpenStudy, sealer: Sealer, *, today: datetime, at: datetime) -> list[SignIn]:
    """One account for each role, set up and ready; `at` is security time."""
    hashed = Passwords().hash(PASSWORD)
    with room.database.write() as session:
        return [add_one(session, room, sealer, hashed, *one, today, at) for one in STAFF]


def add_one(
    session: Session, room: OpenStudy, sealer: Sealer, hashed: str, role: Role, name: str, language: str,
    today: datetime, at: datetime,
) -> SignIn:  # fmt: skip
    trail = Trail(session, today, operator_actor("demo"), Origin.COMMAND)
    site = room.study.protocol.sites[0].id if role in ONE_SITE_ONLY else ALL_SITES
    account, token = add_staff(
        trail, name, role=role.value, site=site, language=language, study=room.study, sealer=sealer, at=at
    )
    seed = sealer.open(SEED, open_setups(session, account.id)[0].seed_sealed)
    form = SetUpForm(name, language, PASSWORD, PASSWORD, code_at(seed, at))
    set_up_staff(trail, token, form, password_hash=hashed, sealer=sealer, at=at)
    credential = session.get_one(StaffCredentialRow, account.id)
    credential.last_step = 0  # the first visitor may use the code that is on the page now
    return SignIn(role, name, seed)


def diary_page_address(room: OpenStudy, listen: str, now: datetime) -> str | None:
    """The first newcomer's personal link to the diary page, which needs no chat at all."""
    code = NEWCOMERS[0].code
    with room.database.write() as session:
        trail = Trail(session, now, SYSTEM, Origin.COMMAND, participant=code)
        token = make_diary_link(trail, participant_by_code(session, code), study=room.study)
    return diary_link_address(token, public_url=None, listen=listen)
