"""The clinic part as a form: what is filled in, what was typed, what is refused and what is unusual."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlmodel import Session

from bot.actions.assess import Checked, ClinicValues, check_values
from bot.actions.study import Study
from bot.clinic.words import say
from bot.errors import InvalidInputError
from bot.i18n import Message, clinic_text, format_day
from bot.scoring.inputs import COMPLICATION_GROUPS, MASS_GRADES
from bot.scoring.sescd import GRADE_MAX, ITEMS, SEGMENTS
from bot.storage.assessments import as_json, value_of
from bot.storage.tables import AssessmentRow, ParticipantRow
from bot.storage.views.draft import Drafts, DraftSources
from schedules.rule_set import Range, RuleSet

LONGEST_NUMBER: Final = 12
MEASURED: Final = {"hct": ("hct", "hct_unit", "hct_on"), "weight": ("weight_kg", "weight_on")}

NOT_A_NUMBER: Final = clinic_text("clinic_part", "“%(text)s” is not a number.")
NOT_A_DATE: Final = clinic_text("clinic_part", "“%(text)s” is not a date: year-month-day.")
VALUE_MISSING: Final = clinic_text("clinic_part", "A unit or date was given without a value.")
UNIT_MISSING: Final = clinic_text("clinic_part", "Choose the unit on the report: %% or L/L.")
DATE_MISSING: Final = clinic_text("clinic_part", "Say when it was measured.")
IN_FUTURE: Final = clinic_text("clinic_part", "It cannot have been measured after today, %(today)s.")
HCT_OUTSIDE: Final = clinic_text(
    "clinic_part", "%(value)s %(unit)s is outside %(low)s–%(high)s %%: check value and unit."
)
WEIGHT_OUTSIDE: Final = clinic_text("clinic_part", "%(value)s kg is outside %(low)s–%(high)s kg.")
SEGMENT_PART: Final = clinic_text("clinic_part", "Give all four grades of a segment, or say that it was not explored.")
UNUSUAL: Final = clinic_text("clinic_part", "%(value)s %(unit)s is unusual (usual: %(low)s–%(high)s %(base)s).")
REFUSED: Final[Mapping[str, Message]] = {
    "hct_unit_required": UNIT_MISSING,
    "hct_out_of_range": HCT_OUTSIDE,
    "weight_out_of_range": WEIGHT_OUTSIDE,
    "date_required": DATE_MISSING,
    "date_invalid": IN_FUTURE,
    "value_missing": VALUE_MISSING,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Haematocrit or weight as the form shows it; `unusual` asks to confirm exactly this text."""

    text: str = ""
    unit: str = ""
    on: str = ""
    error: str = ""
    unusual: str = ""


@dataclass(frozen=True)
class ClinicForm:
    """The clinic part as shown: stored values, or what was typed on top of them."""

    groups: Mapping[str, str] = field(default_factory=dict)
    mass: str = ""
    antidiarrhoeal: str = ""
    hct: Measured = Measured()
    weight: Measured = Measured()
    segments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sescd_error: str = ""
    from_diary: bool = False

    @property
    def groups_left(self) -> int:
        return len(COMPLICATION_GROUPS) - len(self.groups)

    @property
    def refused(self) -> bool:
        """Whether something must be mended before anything is stored."""
        notes = (self.hct.error, self.weight.error, self.hct.unusual, self.weight.unusual, self.sescd_error)
        return any(notes)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a posted form says: the values that may be stored, and the form as it is to be shown again."""

    values: ClinicValues
    form: ClinicForm
    checked: tuple[Checked, ...]

    @property
    def empty(self) -> bool:
        return not self.checked


def form_from(sources: DraftSources, rows: Mapping[str, AssessmentRow], today: date) -> ClinicForm:
    """The form with what is stored for this visit; `rows` are the visit's own revisions, by component."""
    found = {component: value_of(row) for component, row in rows.items()}
    groups: Any = found.get("complications") or {}
    segments: Any = found.get("sescd") or {}
    day = sources.visit.on.isoformat() if sources.visit.held or sources.visit.on == today else ""
    return ClinicForm(
        groups={key: _yes_no(value) for key, value in groups.items()},
        mass=str(found.get("mass") or ""),
        antidiarrhoeal="" if found.get("antidiarrhoeal") is None else _yes_no(found["antidiarrhoeal"]),
        hct=_stored(rows.get("hct"), day),
        weight=_stored(rows.get("weight"), day),
        segments={name: _segment(segments[name]) for name in segments},
    )


def _stored(row: AssessmentRow | None, day: str) -> Measured:
    if row is None:
        return Measured(on=day)
    given: Any = value_of(row)
    return Measured(given["value"], given["unit"], row.measured_on.isoformat() if row.measured_on else "")


def _segment(grades: Any) -> dict[str, str]:
    if grades is None:
        return {"seen": "no"}
    return {"seen": "yes"} | {item: str(grade) for item, grade in zip(ITEMS, grades, strict=True)}


def _yes_no(value: object) -> str:
    return "yes" if value else "no"


@dataclass(frozen=True, slots=True)
class Desk:
    """What reading a form needs to know: whose visit, under which rules, and in which language to answer."""

    session: Session
    participant: ParticipantRow
    visit: str
    study: Study
    rules: RuleSet
    now: datetime
    today: date
    language: str

    def check(self, values: ClinicValues) -> list[Checked]:
        return check_values(self.session, self.participant, self.visit, values, study=self.study, now=self.now)


def read_form(desk: Desk, given: Mapping[str, str], shown: ClinicForm, *, examination: bool) -> Reading:
    """Read what was posted over what was `shown`; `examination` says whether more than laboratory values may be given.

    Whatever cannot be stored leaves its sentence at its field; the other values stay as typed.
    """
    values, form, checked = ClinicValues(), shown, []
    if examination:
        groups = {key: given[f"group_{key}"] for key in COMPLICATION_GROUPS if given.get(f"group_{key}") in _ANSWERS}
        mass = given.get("mass", "") if given.get("mass") in MASS_GRADES else ""
        anti = given.get("antidiarrhoeal", "") if given.get("antidiarrhoeal") in _ANSWERS else ""
        values = ClinicValues(
            complications={key: text == "yes" for key, text in groups.items()} or None,
            mass=mass or None,
            antidiarrhoeal=None if not anti else anti == "yes",
        )
        form = replace(
            form,
            groups={**shown.groups, **groups},
            mass=mass or shown.mass,
            antidiarrhoeal=anti or shown.antidiarrhoeal,
        )
        checked += desk.check(values) if groups or mass or anti else []
    hct, hct_values, hct_checked = _read_hct(desk, given, shown.hct)
    weight, weight_values, weight_checked = _read_weight(desk, given, shown.weight)
    values = replace(
        values,
        hct=hct_values.hct,
        hct_unit=hct_values.hct_unit,
        hct_on=hct_values.hct_on,
        weight_kg=weight_values.weight_kg,
        weight_on=weight_values.weight_on,
        confirmed=True,  # what is unusual has been asked field by field
    )
    form = replace(form, hct=hct, weight=weight)
    return Reading(values, form, (*checked, *hct_checked, *weight_checked))


def read_sescd_form(desk: Desk, given: Mapping[str, str], shown: ClinicForm) -> Reading:
    """Read the endoscopy by segment: every segment is explored with four grades, or not explored."""
    segments = {name: dict(_segment_given(given, name)) for name in SEGMENTS}
    whole = all(_is_whole(one) for one in segments.values())
    if not whole:
        form = replace(shown, segments=segments, sescd_error=say(SEGMENT_PART, desk.language))
        return Reading(ClinicValues(), form, ())
    grades = {
        name: None if one["seen"] == "no" else [int(one[item]) for item in ITEMS] for name, one in segments.items()
    }
    values = ClinicValues(sescd=grades)
    return Reading(values, replace(shown, segments=segments), tuple(desk.check(values)))


_ANSWERS: Final = ("yes", "no")
_GRADES: Final = tuple(str(grade) for grade in range(GRADE_MAX + 1))


def _segment_given(given: Mapping[str, str], name: str) -> Iterator[tuple[str, str]]:
    if given.get(f"{name}_seen") in _ANSWERS:
        yield "seen", given[f"{name}_seen"]
    for item in ITEMS:
        if given.get(f"{name}_{item}") in _GRADES:
            yield item, given[f"{name}_{item}"]


def _is_whole(segment: Mapping[str, str]) -> bool:
    return segment.get("seen") == "no" or all(item in segment for item in ("seen", *ITEMS))


Taken = tuple[Measured, ClinicValues, list[Checked]]


def _read_hct(desk: Desk, given: Mapping[str, str], shown: Measured) -> Taken:
    text, unit, on = (_plain(given.get(name, "")) for name in MEASURED["hct"])
    typed = Measured(text, unit if unit in ("%", "L/L") else "", on)
    if not text:
        return _nothing(typed, shown, desk)
    return _checked(desk, given, "hct", typed, lambda number, day: ClinicValues(
        hct=number, hct_unit=typed.unit or None, hct_on=day
    ))  # fmt: skip


def _read_weight(desk: Desk, given: Mapping[str, str], shown: Measured) -> Taken:
    text, on = (_plain(given.get(name, "")) for name in MEASURED["weight"])
    typed = Measured(text, "kg", on)
    if not text:
        return _nothing(typed, shown, desk)
    return _checked(desk, given, "weight", typed, lambda number, day: ClinicValues(weight_kg=number, weight_on=day))


def _nothing(typed: Measured, shown: Measured, desk: Desk) -> Taken:
    """An empty field leaves the stored value as it is; the date alone is only what the page had proposed."""
    if shown.text or typed.unit in ("", "kg"):
        return replace(shown, on=shown.on or typed.on), ClinicValues(), []
    return replace(typed, error=say(VALUE_MISSING, desk.language)), ClinicValues(), []


def _checked(desk: Desk, given: Mapping[str, str], name: str, typed: Measured, make: Any) -> Taken:
    number, day, problem = _number_and_day(typed, desk.language)
    if problem:
        return replace(typed, error=problem), ClinicValues(), []
    values = make(number, day)
    confirmed = given.get(f"confirm_{name}") == typed.text
    try:
        checked = desk.check(replace(values, confirmed=confirmed))
    except InvalidInputError as refusal:
        if refusal.code == "confirmation_required":
            return replace(typed, unusual=_unusual(name, typed, desk)), ClinicValues(), []
        return replace(typed, error=_refusal(refusal.code, name, typed, desk)), ClinicValues(), []
    return typed, values, checked


def _number_and_day(typed: Measured, language: str) -> tuple[Decimal | None, date | None, str]:
    number = _number(typed.text)
    if number is None:
        return None, None, say(NOT_A_NUMBER, language, text=typed.text[:LONGEST_NUMBER])
    try:
        return number, date.fromisoformat(typed.on) if typed.on else None, ""
    except ValueError:
        return None, None, say(NOT_A_DATE, language, text=typed.on[:LONGEST_NUMBER])


def _number(text: str) -> Decimal | None:
    """A typed number, with a comma or a point; None for anything else."""
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() and len(text) <= LONGEST_NUMBER else None


def _plain(text: str) -> str:
    """Typed text with full-width signs made plain and blanks trimmed."""
    return unicodedata.normalize("NFKC", text).strip()


def _refusal(code: str, name: str, typed: Measured, desk: Desk) -> str:
    accepted = desk.rules.accepted.hct_percent if name == "hct" else desk.rules.accepted.weight_kg
    return say(
        REFUSED[code], desk.language, value=typed.text, unit=typed.unit, **_ends(accepted),
        today=format_day(desk.today, desk.language),
    )  # fmt: skip


def _unusual(name: str, typed: Measured, desk: Desk) -> str:
    usual = desk.rules.usual.hct_percent if name == "hct" else desk.rules.usual.weight_kg
    base = "%" if name == "hct" else "kg"
    return say(UNUSUAL, desk.language, value=typed.text, unit=typed.unit, base=base, **_ends(usual))


def _ends(limits: Range) -> dict[str, str]:
    return {"low": f"{float(limits.low):g}", "high": f"{float(limits.high):g}"}


def with_typed(drafts: Drafts, visit: str, checked: tuple[Checked, ...], now: datetime) -> Drafts:
    """The participant's drafts as they would be with these values; nothing is stored."""
    typed = {one.component: one for one in checked}
    kept = [row for row in drafts.person.assessments if row.visit != visit or row.component not in typed]
    added = [
        AssessmentRow(
            participant_id=drafts.person.participant.id or 0,
            visit=visit,
            component=one.component,
            revision=1,
            value=as_json(one.value),
            measured_on=one.on,
            source="staff",
            entered_at=now,
            entered_by="",
        )
        for one in checked
    ]
    return Drafts(replace(drafts.person, assessments=[*kept, *added]), drafts.records, drafts.protocol, drafts.now)
