"""The rest of the demonstration: signatures, missed visits, days told by phone, words to the site, an outage."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from bot.actions.acknowledge_message import acknowledge_message, site_message_by_id
from bot.actions.assess import ClinicValues, assess
from bot.actions.enter_day import enter_day
from bot.actions.miss_visit import miss_visit
from bot.actions.sign_draft import Signer, missing_to_sign, record_hash, sign_draft
from bot.diary.items import Item
from bot.people.roles import ALL_SITES
from bot.rehearsal.behaviours import Deed, Role
from bot.rehearsal.course import days_between, draw_answers, draw_clinic
from bot.rehearsal.play import Play
from bot.rehearsal.site import CLINICIAN, COORDINATOR
from bot.storage.signatures import latest_signature
from bot.storage.views.days import read_diary
from bot.storage.views.draft import read_draft
from bot.storage.views.inbox import read_inbox
from bot.storage.visits import calendar_of
from schedules.visits import VisitState
from schedules.windows import instant

SIGNS_AFTER: Final = (timedelta(days=2), timedelta(days=8))  # when the laboratory has answered; when it was moved
MENDS_AFTER: Final = timedelta(days=9)
SIGNS_AT, MISSES_AT, PHONES_AT, WRITES_AT, ASKS_AT, READS_AT = (
    time(16, 20), time(8, 35), time(9, 40), time(8, 12), time(8, 20), time(9, 15)
)  # fmt: skip
READS_EVERY, READ_LAST = timedelta(days=2), timedelta(days=2)  # the messages of the last days still wait
MOST_READ: Final = 50  # at a time
OUT_FROM, OUT_FOR = time(18, 40), timedelta(hours=2, minutes=10)
MENDED: Final = (20, 31, 38)  # of the cast; the first of them with a signature gets another haematocrit after it
MISSED: Final = ((17, "W04", "no_show", 1), (21, "W04", "not_done", 1), (33, "W04", "terminated", 2))  # days ago
# Who told the day before by phone, if it was still open and empty: when, and how many days ago. The last has lost too
# many days before that, so this morning's list names the earliest date that can be evaluated.
TOLD_BY_PHONE: Final = ((23, PHONES_AT, 1), (3, PHONES_AT, 1), (17, PHONES_AT, 1), (31, MISSES_AT, 0))
WRITES: Final = 4  # who wrote this morning
ASKS: Final = 0  # who asks for a correction this morning


def tell(play: Play, roles: Sequence[Role], today: datetime) -> None:
    """Book the demonstration's own events before the play begins; what cannot happen in the end does not."""
    Teller(play, today).book(roles)


class Teller:
    """Books and carries out what the rehearsal's site leaves undone."""

    def __init__(self, play: Play, today: datetime) -> None:
        self._play, self._study, self._site = play, play.study, play.site
        self._mended = False
        self._tzid = self._study.protocol.sites[0].timezone
        self._today = today.astimezone(ZoneInfo(self._tzid)).date()

    def book(self, roles: Sequence[Role]) -> None:
        """Everything, for a cast of any size."""
        for role in roles:
            self._book_signatures(role)
        for role in (roles[number] for number in MENDED if number < len(roles)):
            self._at(role.baseline_on + MENDS_AFTER, time(17), partial(self._mend_laboratory, role))
        for number, code, state, ago in MISSED:
            if number < len(roles):
                self._at(self._today - timedelta(days=ago), MISSES_AT, partial(self._miss, roles[number], code, state))
        for number, at, ago in TOLD_BY_PHONE:
            if number < len(roles):
                on = self._today - timedelta(days=ago)
                self._at(on, at, partial(self._tell_by_phone, roles[number], on - timedelta(days=1)))
        for number, at, deed in ((WRITES, WRITES_AT, Deed.TALK), (ASKS, ASKS_AT, Deed.CORRECTION)):
            if number < len(roles):
                self._at(self._today, at, partial(self._play.do, roles[number], deed))
        if roles:
            self._book_reading(roles, min(role.baseline_on for role in roles))
        out = instant(self._today - timedelta(days=3), OUT_FROM, self._tzid)
        self._play.book_interruption(out, OUT_FOR)

    def _at(self, on: date, at: time, act: Callable[[], None]) -> None:
        self._play.book(instant(on, at, self._tzid), act)

    def _book_signatures(self, role: Role) -> None:
        for visit in self._study.protocol.visits:
            for after in SIGNS_AFTER:
                on = role.baseline_on + timedelta(days=visit.day_offset) + after
                if on < self._today:
                    self._at(on, SIGNS_AT, partial(self._sign, role, visit.code))

    def _sign(self, role: Role, code: str) -> None:
        """Sign what is complete; what is not stays in the queue."""
        with self._site.about(CLINICIAN, role) as (trail, participant):
            if latest_signature(trail.session, participant.id or 0, code) is not None:
                return
            sources = read_draft(trail.session, participant, code, self._study.protocol, trail.now)
            if not missing_to_sign(sources.draft):
                signer = Signer(CLINICIAN.id, "password_and_code", "zh")
                sign_draft(trail, participant, code, shown=record_hash(sources), signer=signer, study=self._study)

    def _book_reading(self, roles: Sequence[Role], first: date) -> None:
        on = self._today - READ_LAST
        while on > first:
            self._at(on, READS_AT, partial(self._read_messages, roles))
            on -= READS_EVERY

    def _read_messages(self, roles: Sequence[Role]) -> None:
        """The team has read what was written since it last looked."""
        by_code = {role.code: role for role in roles}
        with self._site.database.read() as session:
            waiting = read_inbox(session, ALL_SITES, offset=0, limit=MOST_READ).waiting
            unread = [(by_code[line.code], line.message.id or 0) for line in waiting]
        for role, message_id in unread:
            with self._site.about(COORDINATOR, role) as (trail, participant):
                acknowledge_message(trail, site_message_by_id(trail.session, message_id), participant)

    def _mend_laboratory(self, role: Role) -> None:
        """The laboratory sends a corrected haematocrit: the signature no longer stands."""
        found = draw_clinic(role.course, 0.0, role.sex, role.weight_kg, self._site.rng(role, "mended"))
        values = ClinicValues(hct=found.hct, hct_unit="%", hct_on=role.baseline_on, confirmed=True)
        with self._site.about(COORDINATOR, role) as (trail, participant):
            if not self._mended and latest_signature(trail.session, participant.id or 0, "W00") is not None:
                self._mended = True
                assess(trail, participant, "W00", values, study=self._study)

    def _miss(self, role: Role, code: str, state: str) -> None:
        with self._site.about(COORDINATOR, role) as (trail, participant):
            visit = calendar_of(trail.session, participant, self._study.protocol).visit(code)
            if visit.state is VisitState.PLANNED:
                miss_visit(trail, participant, code, state=state, reason="told by phone", study=self._study)

    def _tell_by_phone(self, role: Role, day: date) -> None:
        """Enter a day for somebody who has not, while it is open."""
        answers = draw_answers(role.course, days_between(role.baseline_on, day), self._site.rng(role, "told"))
        values = {Item(item): value for item, value in answers.items()}
        if self._waits(role, day):
            with self._site.about(COORDINATOR, role) as (trail, participant):
                enter_day(trail, participant, day, values, reason="told by phone", study=self._study)

    def _waits(self, role: Role, day: date) -> bool:
        with self._site.about(COORDINATOR, role) as (trail, participant):
            diary = read_diary(trail.session, participant, self._study.protocol, trail.now)
            record = diary.record(day) if diary.asked(day) else None
            return record is not None and record.day.is_open(trail.now) and record.entry is None
