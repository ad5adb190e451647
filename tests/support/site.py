"""A study at its site: enrol, answer days, check in; every act through the real actions, at a stated instant."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select

from bot.actions.assess import ClinicValues, assess
from bot.actions.check_in import CheckedIn, check_in
from bot.actions.enrol import Enrolled, Enrolment, enrol
from bot.actions.pull_draft import PulledDraft, pull_draft
from bot.actions.study import Study, put_first_protocol_in_force
from bot.people.actor import Actor, Origin, operator_actor
from bot.storage.database import Database
from bot.storage.diary import add_entry
from bot.storage.participants import participant_by_code
from bot.storage.tables import AuditRow, EntryRow, ParticipantRow
from bot.storage.trail import Trail
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.database import study_database

SHANGHAI = ZoneInfo("Asia/Shanghai")
W00 = date(2025, 3, 31)
ENROLLED_AT = datetime(2025, 3, 10, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, three weeks before the baseline visit
OPERATOR = operator_actor("console")
ALL_CLINIC = ClinicValues(
    hct=Decimal("38.5"),
    hct_unit="%",
    weight_kg=Decimal(61),
    mass="none",
    complications=dict.fromkeys(
        (
            "arthritis_arthralgia",
            "iritis_uveitis",
            "skin_mouth",
            "anal_fissure_fistula_abscess",
            "other_fistula",
            "fever_over_37_8",
        ),
        False,
    ),
    antidiarrhoeal=False,
)


def shanghai(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant by the site's wall clock."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@dataclass
class SiteStudy:
    """A migrated study database with the seed protocol, and short words for what a site does."""

    database: Database
    study: Study = field(default_factory=lambda: Study(load_protocol(seed_protocol_path())))

    @contextmanager
    def trail(self, now: datetime, *, actor: Actor = OPERATOR, code: str | None = None) -> Iterator[Trail]:
        with self.database.write() as session:
            yield Trail(session, now, actor, Origin.COMMAND, participant=code)

    @contextmanager
    def acting(self, now: datetime, code: str = "SH-001", *, actor: Actor = OPERATOR) -> Iterator[tuple[Trail, Any]]:
        """A transaction about one participant."""
        with self.trail(now, actor=actor, code=code) as audit:
            yield audit, participant_by_code(audit.session, code)

    def enrol(self, now: datetime = ENROLLED_AT, **values: Any) -> Enrolled:
        given: dict[str, Any] = {
            "code": "SH-001",
            "site": "seh",
            "sex": "male",
            "height_cm": Decimal(172),
            "language": "en",
            "timezone": "Asia/Shanghai",
            "baseline_on": W00,
        }
        with self.trail(now) as audit:
            return enrol(audit, Enrolment(**(given | values)), study=self.study)

    def fill(self, day: date, stools: int, pain: int, wellbeing: int, *, timing: str = "on_time") -> None:
        """Store one day's entry as the chat would, in time unless said otherwise."""
        with self.acting(shanghai(day, 20)) as (audit, participant):
            entry = EntryRow(
                participant_id=participant.id,
                diary_day=day,
                revision=1,
                stools=stools,
                pain=pain,
                wellbeing=wellbeing,
                submitted_at=audit.now,
                timing=timing,
                tzid="Asia/Shanghai",
                utc_offset_minutes=480,
                source="participant",
                language="en",
                wording_version="1",
                protocol=self.study.protocol.fingerprint,
                rules=self.study.protocol.rules.hash,
                reference=f"test/{day}",
            )
            add_entry(audit, entry, previous=None)

    def check_in(self, code: str = "W00", *, now: datetime | None = None, at: datetime | None = None) -> CheckedIn:
        with self.acting(now or shanghai(W00, 9)) as (audit, participant):
            return check_in(audit, participant, code, study=self.study, at=at)

    def assess(self, code: str, values: ClinicValues = ALL_CLINIC, *, now: datetime, actor: Actor = OPERATOR) -> Any:
        with self.acting(now, actor=actor) as (audit, participant):
            return assess(audit, participant, code, values, study=self.study)

    def draft(self, code: str, now: datetime) -> PulledDraft:
        with self.database.read() as session:
            return pull_draft(session, "SH-001", code, study=self.study, now=now)

    def participant(self, code: str = "SH-001") -> ParticipantRow:
        with self.database.read() as session:
            return participant_by_code(session, code)

    def events(self, action: str) -> list[AuditRow]:
        with self.database.read() as session:
            return list(session.exec(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.seq)))  # type: ignore[arg-type]

    def rows(self, table: type[Any], **where: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.exec(select(table).filter_by(**where)))


@contextmanager
def site_study(folder: Path) -> Iterator[SiteStudy]:
    """A fresh study, closed at the end."""
    with study_database(folder) as database:
        site = SiteStudy(database)
        with site.trail(ENROLLED_AT) as audit:
            put_first_protocol_in_force(audit, site.study.protocol, seed_protocol_path())
        yield site
