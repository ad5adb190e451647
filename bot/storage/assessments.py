"""Clinic components as entered at visits: revisions that are only ever added to, and the one that counts."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from sqlalchemy import bindparam
from sqlmodel import Session, col

from bot.storage.prepared import Prepared, adding
from bot.storage.tables import AssessmentRow
from bot.storage.tracked import every_column
from bot.storage.trail import Trail

ADD = adding(AssessmentRow)
ENTERED = Prepared[AssessmentRow](
    every_column(AssessmentRow)
    .where(col(AssessmentRow.participant_id) == bindparam("participant"))
    .order_by(col(AssessmentRow.entered_at), col(AssessmentRow.id))
)
COMPONENTS = ("hct", "weight", "mass", "complications", "antidiarrhoeal", "sescd")


def assessments_of(session: Session, participant_id: int) -> Sequence[AssessmentRow]:
    """The revision that counts of every component of every visit, in the order of entry."""
    return counting(ENTERED.all(session, participant=participant_id))


def counting(rows: Sequence[AssessmentRow]) -> Sequence[AssessmentRow]:
    """Of revisions in the order of entry, the newest of every component of every visit."""
    newest: dict[tuple[str, str], AssessmentRow] = {}
    for row in rows:
        key = (row.visit, row.component)
        if key not in newest or newest[key].revision < row.revision:
            newest[key] = row
    return [row for row in rows if newest[row.visit, row.component] is row]


def assessments_at(session: Session, participant_id: int, visit: str) -> Mapping[str, AssessmentRow]:
    """The revision that counts of each component of one visit; a component never entered is absent."""
    return {row.component: row for row in assessments_of(session, participant_id) if row.visit == visit}


def value_of(row: AssessmentRow) -> object:
    """The value as it was entered, read from its JSON text."""
    return json.loads(row.value)


def as_json(value: object) -> str:
    """The one spelling in which a value is stored, so that equal values are equal texts."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def accepted_value(number: Fraction, on: date | None) -> dict[str, str | None]:
    """How the acceptance of a carried-forward value names it: the exact number, in % or kg, and its date."""
    return {"value": str(number), "on": on.isoformat() if on else None}


def add_assessment(audit: Trail, row: AssessmentRow, *, previous: AssessmentRow | None) -> None:
    """Store one more revision of a component, with an audit event for the value and one for its date."""
    ADD.run(audit.session, **row.model_dump(exclude={"id"}))
    action = "assess" if previous is None else "revise_assessment"
    entity_id = f"{audit.participant}/{row.visit}/{row.component}/{row.revision}"
    for name in ("value", "measured_on"):
        old, new = (getattr(previous, name) if previous else None), getattr(row, name)
        if old != new:
            audit.record(action, "assessment", entity_id, field_name=name, old=old, new=new)
