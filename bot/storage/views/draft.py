"""One visit's stored days and values, gathered into what the CDAI draft is built from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from bot.storage.assessments import assessments_of, value_of
from bot.storage.tables import AssessmentRow, ParticipantRow, ProtocolRow, VisitRow
from bot.storage.views.days import DayRecord, Diary, read_diary
from bot.storage.visits import visit_row
from schedules.loader import parse_protocol
from schedules.protocol import StudyProtocol
from schedules.rule_set import RuleSet
from schedules.visits import STOPPED, ScheduledVisit, VisitCalendar

PERCENT = 100


@dataclass(frozen=True, slots=True)
class DraftSources:
    """A draft with the visit and protocol version it was built for, and the rows behind its clinic components."""

    draft: Draft
    visit: ScheduledVisit
    protocol: StudyProtocol
    clinic: Mapping[str, AssessmentRow]


def read_draft(
    session: Session, participant: ParticipantRow, code: str, protocol: StudyProtocol, now: datetime
) -> DraftSources:
    """Build the draft of a visit as of `now`, under the protocol version that the visit was held with.

    Raises RefusedError for a visit that does not take place.
    """
    own = protocol_of_visit(session, visit_row(session, participant.id or 0, code), protocol)
    diary = _diary_around(session, participant, code, own, now)
    visit = diary.calendar.visit(code)
    if visit.state in STOPPED:
        raise RefusedError(f"{code} of {participant.code} is recorded as {visit.state.value}: it has no draft.")
    rows = assessments_of(session, participant.id or 0)
    given = _input(session, participant, visit, diary, rows, own, protocol, now)
    draft = build_draft(given)
    return DraftSources(draft, visit, own, _read_from(draft, rows))


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
    if stored is None:
        raise RefusedError(
            f"{row.code} was held under a protocol version that is not in the study database: "
            "restore the database from a complete backup."
        )
    return _parsed(stored.text, stored.version)


@lru_cache(maxsize=16)
def _parsed(text: str, version: str) -> StudyProtocol:
    return parse_protocol(text, f"protocol version {version}")


def _diary_around(
    session: Session, participant: ParticipantRow, code: str, protocol: StudyProtocol, now: datetime
) -> Diary:
    """The diary over the whole look-back of a visit, the visit day included."""
    visit = read_diary(session, participant, protocol, now, days=()).calendar.visit(code)
    reach = range(protocol.rules.lookback_days + 1)
    days = {visit.on - timedelta(days=back) for back in reach} | set(visit.scoring_days)
    return read_diary(session, participant, protocol, now, days=days)


def _input(
    session: Session,
    participant: ParticipantRow,
    visit: ScheduledVisit,
    diary: Diary,
    rows: Sequence[AssessmentRow],
    own: StudyProtocol,
    in_force: StudyProtocol,
    now: datetime,
) -> DraftInput:
    rules = own.rules
    return DraftInput(
        participant=participant.code,
        visit=visit.code,
        visit_on=visit.on,
        held=visit.held,
        as_of=now,
        rules=rules,
        sex=participant.sex,
        height_cm=Decimal(participant.height_cm),
        standard_weight_kg=None if participant.standard_weight_kg is None else Decimal(participant.standard_weight_kg),
        stoma=participant.stoma,
        days=tuple(_days(diary, visit)),
        excluded=tuple(_excluded(diary.calendar)),
        clinic=clinic_inputs(rows, visit.code),
        sescd=_sescd(rows, visit.code),
        is_baseline=visit.baseline,
        baseline=None if visit.baseline else _baseline(session, participant, in_force, now),
        carried_components=_carried(session, participant, visit, diary.calendar, rules, in_force, now),
    )


def _days(diary: Diary, visit: ScheduledVisit) -> list[DiaryDayInput]:
    """The scoring days, and any other day near the visit that was asked or entered."""
    withdrawn = diary.participant.withdrawn_at is not None
    wanted = [
        record
        for on, record in sorted(diary.records.items())
        if on in visit.scoring_days or diary.asked(on) is not None or record.entries
    ]
    return [day_input(record, withdrawn=withdrawn) for record in wanted]


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
    return ClinicInputs(
        hct=tuple(_lab(row) for row in rows if row.component == "hct"),
        weight=tuple(_lab(row) for row in rows if row.component == "weight"),
        mass=here.get("mass"),
        complications=here.get("complications") or {},
        antidiarrhoeal=here.get("antidiarrhoeal"),
    )


def _lab(row: AssessmentRow) -> LabValue:
    given: Any = value_of(row)
    number = Fraction(given["value"]) * (PERCENT if given["unit"] == "L/L" else 1)
    return LabValue(number, row.measured_on)


def _sescd(rows: Sequence[AssessmentRow], code: str) -> SesCd | None:
    found = [row for row in rows if row.component == "sescd" and row.visit == code]
    if not found:
        return None
    grades: Any = value_of(found[-1])
    return read_sescd(grades)


def _baseline(session: Session, participant: ParticipantRow, protocol: StudyProtocol, now: datetime) -> Baseline | None:
    """The baseline visit's draft as of now; None when that visit does not take place."""
    try:
        return as_baseline(read_draft(session, participant, protocol.baseline.code, protocol, now).draft)
    except RefusedError:
        return None


def _carried(
    session: Session,
    participant: ParticipantRow,
    visit: ScheduledVisit,
    calendar: VisitCalendar,
    rules: RuleSet,
    protocol: StudyProtocol,
    now: datetime,
) -> dict[str, Fraction]:
    """Points of the latest earlier held visit, component by component; only where the rule set carries them."""
    points: dict[str, Fraction] = {}
    if rules.missing_component != "carry_forward":
        return points
    earlier = calendar.visits[: calendar.visits.index(visit)]
    for other in (one for one in earlier if one.held):
        result = read_draft(session, participant, other.code, protocol, now).draft.result
        points.update({key: value for key, value in result.points.items() if value is not None})
    return points
