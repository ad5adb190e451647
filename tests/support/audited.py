"""A small study in which every insert-only table holds rows, all of them written by the real actions."""

from datetime import date, datetime, timedelta

from bot.actions.change_zone import change_zone
from bot.actions.enter_day import enter_day
from bot.actions.mark_reviewed import mark_reviewed
from bot.actions.sign_draft import Signer, record_hash, sign_draft
from bot.actions.store_draft import store_draft
from bot.actions.study import put_first_protocol_in_force
from bot.actions.unlock_draft import confirm_unlock, request_unlock
from bot.diary.items import Item
from bot.people.actor import Actor, ActorKind
from bot.storage.access_log import record_access
from bot.storage.database import Database
from bot.storage.views.draft import read_draft
from schedules.loader import seed_protocol_path
from tests.support.site import ALL_CLINIC, ENROLLED_AT, W00, SiteStudy, shanghai

COORDINATOR = Actor(ActorKind.STAFF, "Coordinator 01", "coordinator")
INVESTIGATOR = Actor(ActorKind.STAFF, "Investigator 01", "clinician")
DATA_MANAGER = Actor(ActorKind.STAFF, "Data manager 01", "data_manager")
DAYS = tuple(W00 - timedelta(days=back) for back in (5, 4, 3, 2))
CODE = "SH-001"


def audited_study(database: Database, *, days: tuple[date, ...] = DAYS) -> SiteStudy:
    """Enrol, enter, correct, assess, review, sign, unlock, change the zone; with some looks beside it."""
    site = SiteStudy(database)
    with site.trail(ENROLLED_AT) as audit:
        put_first_protocol_in_force(audit, site.study.protocol, seed_protocol_path())
    site.enrol()
    for day in days:
        enter(site, day, 3, at=shanghai(day, 20))
    enter(site, days[-1], 5, at=shanghai(days[-1], 21))
    site.check_in(now=shanghai(W00, 9))
    site.assess("W00", ALL_CLINIC, now=shanghai(W00, 10), actor=INVESTIGATOR)
    with site.acting(shanghai(W00, 11), actor=COORDINATOR) as (audit, participant):
        mark_reviewed(audit, participant, days[0])
    sign(site, at=shanghai(W00, 12))
    unlock(site, at=shanghai(W00, 13))
    with site.acting(shanghai(W00, 14), actor=COORDINATOR) as (audit, participant):
        audit.participant = CODE
        change_zone(audit, participant, "Europe/London", reason="moved", study=site.study)
    with site.database.write() as session:
        for hour in range(3):
            at = shanghai(W00, 14 + hour)
            record_access(session, COORDINATOR, "view_participant", at=at, participant=CODE)
    return site


def enter(site: SiteStudy, day: date, stools: int, *, at: datetime) -> None:
    """A day as the coordinator heard it by phone."""
    values = {Item.STOOLS: stools, Item.PAIN: 1, Item.WELLBEING: 1}
    with site.acting(at, actor=COORDINATOR) as (audit, participant):
        audit.participant = CODE
        enter_day(audit, participant, day, values, reason="gave it by phone", study=site.study)


def sign(site: SiteStudy, *, at: datetime) -> None:
    """The investigator signs what is there; a draft is printed beside it."""
    with site.acting(at, actor=INVESTIGATOR) as (audit, participant):
        audit.participant = CODE
        store_draft(audit, participant, "W00", "printed", study=site.study)
        shown = record_hash(read_draft(audit.session, participant, "W00", site.study.protocol, at))
        signer = Signer("Dr Investigator 01", "password_and_code", "en")
        sign_draft(audit, participant, "W00", shown=shown, signer=signer, study=site.study)


def unlock(site: SiteStudy, *, at: datetime) -> None:
    """The investigator asks, the data manager confirms."""
    with site.acting(at, actor=INVESTIGATOR) as (audit, participant):
        audit.participant = CODE
        request_unlock(audit, participant, "W00", reason="weight was read wrongly")
    with site.acting(at, actor=DATA_MANAGER) as (audit, participant):
        audit.participant = CODE
        confirm_unlock(audit, participant, "W00")
