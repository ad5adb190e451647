"""One visit's stored days and values, gathered into what the CDAI draft is built from."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlmodel import Session, col, select

from bot.diary.completeness import UNDECIDED, DayState, Timing
from bot.errors import RefusedError
from bot.scoring.draft import Draft, as_baseline, build_draft
from bot.scoring.draft_input import Baseline, DraftInput
from bot.scoring.inputs import ClinicInputs, DiaryDayInput, ExcludedDay, LabValue
from bot.scoring.sescd import SesCd, read_sescd
from bot.storage.assessments import accepted_value, value_of
from bot.storage.tables import AssessmentRow, ParticipantRow, ProtocolRow, VisitRow
from bot.storage.views.days import DayRecord, Diary, Ground, assemble_diary
from bot.storage.views.kept import FOR_EVER
from bot.storage.views.records import PersonRecord, Records, read_record
from schedules.errors import Term
from schedules.loader import parse_protocol
from schedules.protocol import StudyProtocol
from schedules.rule_set import RuleSet
from schedules.visits import STOPPED, ScheduledVisit, VisitCalendar

PERCENT = 100
NEAR = timedelta(days=4)  # whatever the zone and the outages, no earlier day is open


@dataclass(frozen=True, slots=True)
class DraftSources:
    """A draft with the visit and protocol version it was built for, and the rows it was read from."""

    draft: Draft
    visit: ScheduledVisit
    protocol: StudyProtocol
    clinic: Mapping[str, AssessmentRow]
    diary: Diary


def read_draft(
    session: Session, participant: ParticipantRow, code: str, protocol: StudyProtocol, now: datetime
) -> DraftSources:
    """Build the draft of a visit as of `now`, under the protocol version that the visit was held with.

    Raises RefusedError for a visit that does not take place.
    """
    person, records = read_record(session, participant)
    return Drafts(person, records, protocol, now).draft(code)


@dataclass
class Drafts:
    """One participant's drafts as of `now`, built from records already read; each is built once."""

    person: PersonRecord
    records: Records
    protocol: StudyProtocol
    now: datetime
    _built: dict[str, DraftSources] = field(default_factory=dict)
    _calendars: dict[str, VisitCalendar] = field(default_factory=dict)

    def draft(self, code: str) -> DraftSources:
        """The draft of a visit. Raises RefusedError for a visit that does not take place."""
        if code not in self._built:
            self._built[code] = self._build(code)
        return self._built[code]

    def calendar(self, protocol: StudyProtocol) -> VisitCalendar:
        """The visit calendar under a protocol version, planned once."""
        if protocol.fingerprint not in self._calendars:
            self._calendars[protocol.fingerprint] = self.person.calendar(protocol)
        return self._calendars[protocol.fingerprint]

    def protocol_at(self, code: str) -> StudyProtocol:
        """The version a held visit was held under, else the version in force."""
        row = self.person.visits.get(code)
        if row is None or row.protocol is None or row.protocol == self.protocol.fingerprint:
            return self.protocol
        return parsed_version(row, self.records.protocols.get(row.protocol))

    def hold_until(self) -> datetime:
        """The next instant at which a day opens or closes that one of the drafts built so far looks at."""
        near = self.now.date() - NEAR
        days = {
            (on, sources.diary.records[on].day)
            for sources in self._built.values()
            for on in (day.on for day in sources.draft.given.days)
            if on >= near
        }
        instants = (at for _on, day in days for at in (day.opens_at, day.closes_at))
        return min((at for at in instants if at > self.now), default=FOR_EVER)

    def _build(self, code: str) -> DraftSources:
        own = self.protocol_at(code)
        calendar = self.calendar(own)
        visit = calendar.visit(code)
        if visit.state in STOPPED:
            raise RefusedError(
                "%(visit)s of %(who)s is recorded as %(state)s: it has no draft.",
                visit=code,
                who=self.person.participant.code,
                state=Term(visit.state.value),
            )
        diary = self._diary_around(visit, calendar, own)
        draft = build_draft(self._input(visit, diary, own))
        return DraftSources(draft, visit, own, _read_from(draft, self.person.assessments), diary)

    def _diary_around(self, visit: ScheduledVisit, calendar: VisitCalendar, own: StudyProtocol) -> Diary:
        """The diary over the whole look-back of a visit, the visit day included."""
        reach = range(own.rules.lookback_days + 1)
        days = {visit.on - timedelta(days=back) for back in reach} | set(visit.scoring_days)
        person = self.person
        ground = Ground(own, person.participant.site, calendar, person.zones, self.records.outages)
        return assemble_diary(person.participant, ground, person.days, sorted(days), self.now)

    def _input(self, visit: ScheduledVisit, diary: Diary, own: StudyProtocol) -> DraftInput:
        participant, rows = self.person.participant, self.person.assessments
        standard = participant.standard_weight_kg
        return DraftInput(
            participant=participant.code,
            visit=visit.code,
            visit_on=visit.on,
            held=visit.held,
            as_of=self.now,
            rules=own.rules,
            sex=participant.sex,
            height_cm=Decimal(participant.height_cm),
            standard_weight_kg=None if standard is None else Decimal(standard),
            stoma=participant.stoma,
            days=tuple(_days(diary, visit, self.person.days.entries)),
            excluded=tuple(_excluded(diary.calendar)),
            clinic=clinic_inputs(rows, visit.code),
            sescd=_sescd(rows, visit.code),
            is_baseline=visit.baseline,
            baseline=None if visit.baseline else self._baseline(),
            carried_components=self._carried(visit, diary.calendar, own.rules),
        )

    def _baseline(self) -> Baseline | None:
        """The baseline visit's draft as of now; None when that visit does not take place."""
        try:
            return as_baseline(self.draft(self.protocol.baseline.code).draft)
        except RefusedError:
            return None

    def _carried(self, visit: ScheduledVisit, calendar: VisitCalendar, rules: RuleSet) -> dict[str, Fraction]:
        """Points of the latest earlier held visit, component by component; only where the rule set carries them."""
        points: dict[str, Fraction] = {}
        if rules.missing_component != "carry_forward":
            return points
        earlier = calendar.visits[: calendar.visits.index(visit)]
        for other in (one for one in earlier if one.held):
            result = self.draft(other.code).draft.result
            points.update({key: value for key, value in result.points.items() if value is not None})
        return points


def _read_from(draft: Draft, rows: Sequence[AssessmentRow]) -> dict[str, AssessmentRow]:
    """The row behind each clinic component: laboratory and weight by the date that was chosen, at whichever visit."""
    found = {row.component: row for row in rows if row.visit == draft.given.visit}
    for component, chosen in (("hct", draft.result.hct), ("weight", draft.result.weight)):
        found.pop(component, None)
        for row in rows:
            if chosen is not None and row.component == component and row.measured_on == chosen.on:
                found[component] = row
    return found


def protocol_of_visit(session: Session, row: VisitRow | None, protocol: StudyProtocol) -> StudyProtocol:
    """The version a held visit was held under, else the version in force."""
    if row is None or row.protocol is None or row.protocol == protocol.fingerprint:
        return protocol
    stored = session.exec(
        select(ProtocolRow).where(ProtocolRow.fingerprint == row.protocol).order_by(col(ProtocolRow.id).desc())
    ).first()
    return parsed_version(row, stored)


def parsed_version(row: VisitRow, stored: ProtocolRow | None) -> StudyProtocol:
    """The protocol version a visit was held under, read from its stored text."""
    if stored is None:
        raise RefusedError(
            "%(visit)s was held under a protocol version that is not in the study database: "
            "restore the database from a complete backup.",
            visit=row.code,
        )
    return _parsed(stored.text, stored.version)


@lru_cache(maxsize=16)
def _parsed(text: str, version: str) -> StudyProtocol:
    return parse_protocol(text, f"protocol version {version}")


def _days(diary: Diary, visit: ScheduledVisit, entered: Container[date]) -> list[DiaryDayInput]:
    """The scoring days, and any other day near the visit that was asked or entered."""
    withdrawn = diary.participant.withdrawn_at is not None
    wanted = (
        on for on in sorted(diary.records) if on in visit.scoring_days or on in entered or diary.asked(on) is not None
    )
    return [day_input(diary.records[on], withdrawn=withdrawn) for on in wanted]


def day_input(record: DayRecord, *, withdrawn: bool = False) -> DiaryDayInput:
    """A stored day as the score reads it; answers that were never submitted are shown once the day has closed."""
    entry = record.entry
    state = _final_state(record) if withdrawn else record.state
    values = record.submitted_values or ({} if state in UNDECIDED else record.values)
    antidiarrhoeal = values.get("antidiarrhoeal")
    sources = [answer.source for answer in record.answers.values()] if values else []
    return DiaryDayInput(
        on=record.on,
        state=state.value,
        stools=values.get("stools"),
        pain=values.get("pain"),
        wellbeing=values.get("wellbeing"),
        antidiarrhoeal=None if antidiarrhoeal is None else bool(antidiarrhoeal),
        source=entry.source if entry else (sources[-1] if sources else None),
        corrected=entry is not None and entry.revision > 1,
        helped=record.helped,
        outage=record.day.outage,
        revision=entry.revision if entry else None,
        after_closing=entry is not None and entry.timing == Timing.AFTER_CLOSING,
    )


def _final_state(record: DayRecord) -> DayState:
    """After a withdrawal no day can be filled any more."""
    if record.state not in UNDECIDED:
        return record.state
    return DayState.PARTIAL if record.answers else DayState.MISSED


def _excluded(calendar: VisitCalendar) -> list[ExcludedDay]:
    return [ExcludedDay(on, reason.value) for on, reason in sorted(calendar.marked.items())]


def clinic_inputs(rows: Sequence[AssessmentRow], code: str) -> ClinicInputs:
    """The clinic's part: laboratory and weight of every visit by date, the rest as entered at this visit."""
    here: dict[str, Any] = {row.component: value_of(row) for row in rows if row.visit == code}
    accepted = here.get("accepted") or {}
    return ClinicInputs(
        hct=tuple(_lab(row, accepted) for row in rows if row.component == "hct"),
        weight=tuple(_lab(row, accepted) for row in rows if row.component == "weight"),
        mass=here.get("mass"),
        complications=here.get("complications") or {},
        antidiarrhoeal=here.get("antidiarrhoeal"),
    )


def _lab(row: AssessmentRow, accepted: Mapping[str, object]) -> LabValue:
    """A measured value; accepted when exactly this value of this date was accepted for the visit."""
    given: Any = value_of(row)
    number = Fraction(given["value"]) * (PERCENT if given["unit"] == "L/L" else 1)
    said = accepted_value(number, row.measured_on)
    return LabValue(number, row.measured_on, accepted=accepted.get(row.component) == said)


def _sescd(rows: Sequence[AssessmentRow], code: str) -> SesCd | None:
    found = [row for row in rows if row.component == "sescd" and row.visit == code]
    if not found:
        return None
    grades: Any = value_of(found[-1])
    return read_sescd(grades)
