"""Enter the clinic components of a visit: each value given becomes a new revision, all others stay as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from bot.actions.site_acts import check_may, site_day
from bot.actions.study import Study
from bot.actions.void_signatures import void_if_changed
from bot.errors import InvalidInputError, RefusedError
from bot.people.actor import ActorKind
from bot.people.roles import Permission
from bot.scoring.inputs import COMPLICATION_GROUPS
from bot.scoring.sescd import SEGMENTS, read_sescd
from bot.scoring.validation import check_complications, check_hct, check_mass, check_weight, is_unusual
from bot.storage.assessments import add_assessment, as_json, assessments_at, value_of
from bot.storage.tables import AssessmentRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.draft import protocol_of_visit
from bot.storage.visits import calendar_of, visit_row
from schedules.errors import Term, Terms
from schedules.rule_set import Range, RuleSet
from schedules.visits import STOPPED, ScheduledVisit

LABORATORY = frozenset({"hct", "weight"})  # what a coordinator may enter as well


@dataclass(frozen=True, slots=True)
class ClinicValues:
    """What is entered; None leaves a component as it is.

    `hct` is in `hct_unit` (% or L/L), `weight_kg` in kilograms. `complications` answers the groups it names.
    `sescd` maps each segment to its four grades, or None where it was not explored. `confirmed` says that
    unusual values were looked at again.
    """

    hct: Decimal | None = None
    hct_unit: str | None = None
    hct_on: date | None = None
    weight_kg: Decimal | None = None
    weight_on: date | None = None
    mass: str | None = None
    complications: Mapping[str, bool] | None = None
    antidiarrhoeal: bool | None = None
    sescd: Mapping[str, object] | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """One component that may be stored: its value as JSON will hold it, and the date of a measured one."""

    component: str
    value: object
    on: date | None = None


def assess(
    audit: Trail,
    participant: ParticipantRow,
    code: str,
    values: ClinicValues,
    *,
    study: Study,
    reason: str | None = None,
) -> Sequence[AssessmentRow]:
    """Store the values given and return their new revisions; the same value again stores nothing.

    A changed value makes signatures that rest on it void; `reason` is recorded with them.
    """
    stored = assessments_at(audit.session, participant.id or 0, code)
    checked = check_values(audit.session, participant, code, values, study=study, now=audit.now)
    if not checked:
        raise RefusedError("Nothing was given for %(visit)s: name at least one component.", visit=code)
    for one in checked:
        permission = Permission.ENTER_LABORATORY if one.component in LABORATORY else Permission.ASSESS
        check_may(audit.actor, permission, Term("enter %(component)s", component=Term(one.component)))
    rows = [_store(audit, participant, code, one, stored.get(one.component)) for one in checked]
    void_if_changed(audit, participant, "clinic", study=study, reason=reason)
    return [row for row in rows if row is not None]


def read_complications(text: str) -> Mapping[str, bool]:
    """Read `none`, a list of the groups present (all six are answered), or `group=yes|no,...` (those named are).

    Raises InvalidInputError: complication_unknown, complications_mixed.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    named = [part for part in parts if "=" in part]
    if named and len(named) == len(parts):
        return dict(_one_group(part) for part in parts)
    if named or not parts:
        raise InvalidInputError(
            "Complications are either a list of those present, or group=yes and group=no for each one named; "
            "`none` says that all six are absent.",
            code="complications_mixed",
        )
    present = () if parts == ["none"] else check_complications(parts)
    return {group: group in present for group in COMPLICATION_GROUPS}


def _one_group(part: str) -> tuple[str, bool]:
    group, _, answer = (piece.strip() for piece in part.partition("="))
    if group not in COMPLICATION_GROUPS:
        raise InvalidInputError(
            "The complication group %(group)s is not known; known are %(known)s.",
            group=group,
            known=Terms(COMPLICATION_GROUPS),
            code="complication_unknown",
        )
    if answer not in ("yes", "no"):
        raise InvalidInputError(
            "%(group)s is yes or no, not %(answer)s.",
            group=Term(group),
            answer=answer or Term("empty"),
            code="complication_unknown",
        )
    return group, answer == "yes"


def check_values(
    session: Session, participant: ParticipantRow, code: str, values: ClinicValues, *, study: Study, now: datetime
) -> list[Checked]:
    """Check the values given and answer what would be stored, component by component; nothing is stored.

    Raises RefusedError for a visit that does not take place, InvalidInputError for a value that cannot be right or
    is unusual and not confirmed.
    """
    visit = calendar_of(session, participant, study.protocol).visit(code)
    if visit.state in STOPPED:
        raise RefusedError(
            "%(visit)s is recorded as %(state)s: it has no clinic components.",
            visit=code,
            state=Term(visit.state.value),
        )
    stored = assessments_at(session, participant.id or 0, code)
    row = visit_row(session, participant.id or 0, visit.code)
    rules = protocol_of_visit(session, row, study.protocol).rules
    today = site_day(now, participant, study)
    found = [_check_hct(values, visit, rules, today), _check_weight(values, visit, rules, today)]
    if values.mass is not None:
        found.append(Checked("mass", check_mass(values.mass)))
    if values.complications is not None:
        found.append(Checked("complications", _answered(values.complications, stored.get("complications"))))
    if values.antidiarrhoeal is not None:
        found.append(Checked("antidiarrhoeal", values.antidiarrhoeal))
    if values.sescd is not None:
        grades = read_sescd(values.sescd).segments
        found.append(Checked("sescd", {name: _listed(grades[name]) for name in SEGMENTS}))
    return [one for one in found if one is not None]


def _listed(grades: tuple[int, ...] | None) -> list[int] | None:
    return None if grades is None else list(grades)


def _answered(given: Mapping[str, bool], row: AssessmentRow | None) -> dict[str, bool]:
    """The groups answered so far, with those given now on top."""
    before = value_of(row) if row is not None else {}
    return {**(before if isinstance(before, dict) else {}), **given}


def _check_hct(values: ClinicValues, visit: ScheduledVisit, rules: RuleSet, today: date) -> Checked | None:
    if values.hct is None:
        _refuse_without_value("haematocrit", "--hct", values.hct_unit or values.hct_on)
        return None
    percent = check_hct(values.hct, values.hct_unit, rules)
    if is_unusual("hct_percent", percent, rules) and not values.confirmed:
        usual = rules.usual.hct_percent
        raise _unusual("haematocrit", f"{values.hct} {values.hct_unit}", f"{_span(usual)} %")
    on = _measured_on(values.hct_on, visit, today, "haematocrit", "--hct-on")
    return Checked("hct", {"value": format(values.hct, "f"), "unit": values.hct_unit}, on)


def _check_weight(values: ClinicValues, visit: ScheduledVisit, rules: RuleSet, today: date) -> Checked | None:
    if values.weight_kg is None:
        _refuse_without_value("weight", "--weight-kg", values.weight_on)
        return None
    weight = check_weight(values.weight_kg, rules)
    if is_unusual("weight_kg", weight, rules) and not values.confirmed:
        usual = rules.usual.weight_kg
        raise _unusual("weight", f"{values.weight_kg} kg", f"{_span(usual)} kg")
    on = _measured_on(values.weight_on, visit, today, "weight", "--weight-on")
    return Checked("weight", {"value": format(values.weight_kg, "f"), "unit": "kg"}, on)


def _refuse_without_value(name: str, option: str, detail: object) -> None:
    if detail is not None:
        raise InvalidInputError(
            "A date or unit was given without a %(name)s: add %(option)s.",
            name=Term(name),
            option=option,
            code="value_missing",
        )


def _unusual(name: str, value: str, usual: str) -> InvalidInputError:
    return InvalidInputError(
        "A %(name)s of %(value)s is unusual (usual: %(usual)s): check it, and give --confirm if it is right.",
        name=Term(name),
        value=value,
        usual=usual,
        code="confirmation_required",
    )


def _span(usual: Range) -> str:
    return f"{float(usual.low):g} to {float(usual.high):g}"


def _measured_on(given: date | None, visit: ScheduledVisit, today: date, name: str, option: str) -> date:
    """The date given, else the visit's own once it is held or is today; a date is never guessed before that."""
    if given is None:
        if not visit.held and visit.on != today:
            raise InvalidInputError(
                "%(visit)s is planned for %(on)s and not held yet: say when the %(name)s was measured "
                "with %(option)s DATE.",
                visit=visit.code,
                on=visit.on,
                name=Term(name),
                option=option,
                code="date_required",
            )
        return visit.on
    if given > today:
        raise InvalidInputError(
            "The %(name)s cannot have been measured on %(on)s: at the site it is %(today)s.",
            name=Term(name),
            on=given,
            today=today,
            code="date_invalid",
        )
    return given


def _store(
    audit: Trail, participant: ParticipantRow, code: str, one: Checked, previous: AssessmentRow | None
) -> AssessmentRow | None:
    value = as_json(one.value)
    if previous is not None and (previous.value, previous.measured_on) == (value, one.on):
        return None
    row = AssessmentRow(
        participant_id=participant.id or 0,
        visit=code,
        component=one.component,
        revision=previous.revision + 1 if previous else 1,
        value=value,
        measured_on=one.on,
        source="staff" if audit.actor.kind is ActorKind.STAFF else "operator",
        entered_at=audit.now,
        entered_by=audit.actor.id,
    )
    add_assessment(audit, row, previous=previous)
    return row
