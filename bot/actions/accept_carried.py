"""Accept a haematocrit or weight that a visit's draft had to carry forward; until then its total is provisional."""

from bot.actions.permission import check_permission
from bot.actions.study import Study
from bot.actions.void_signatures import void_if_changed
from bot.errors import InvalidInputError, RefusedError
from bot.people.actor import ActorKind
from bot.people.roles import Permission
from bot.scoring.draft import Draft
from bot.scoring.selection import CARRIED_FORWARD, Selected
from bot.storage.assessments import accepted_value, add_assessment, as_json, assessments_at, value_of
from bot.storage.tables import AssessmentRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.draft import read_draft
from schedules.errors import Term

MEASURED = ("hct", "weight")


def accept_carried(
    audit: Trail, participant: ParticipantRow, code: str, component: str, *, study: Study
) -> AssessmentRow:
    """Record that a clinician accepts the carried-forward value of `hct` or `weight` for this visit.

    The acceptance names value and date: another value that takes its place is provisional again. Raises
    NotAllowedError, InvalidInputError for another component, RefusedError when there is nothing to accept.
    """
    check_permission(audit.actor, Permission.ASSESS)
    if component not in MEASURED:
        raise InvalidInputError(
            "%(component)s is never carried forward; hct and weight are.", component=component, code="value_missing"
        )
    draft = read_draft(audit.session, participant, code, study.protocol, audit.now).draft
    chosen = _to_accept(draft, component)
    previous = assessments_at(audit.session, participant.id or 0, code).get("accepted")
    before = value_of(previous) if previous is not None else {}
    value = {**(before if isinstance(before, dict) else {}), component: accepted_value(chosen.value, chosen.on)}
    row = AssessmentRow(
        participant_id=participant.id or 0,
        visit=code,
        component="accepted",
        revision=previous.revision + 1 if previous else 1,
        value=as_json(value),
        source="staff" if audit.actor.kind is ActorKind.STAFF else "operator",
        entered_at=audit.now,
        entered_by=audit.actor.id,
    )
    add_assessment(audit, row, previous=previous)
    void_if_changed(audit, participant, "clinic", study=study)
    return row


def _to_accept(draft: Draft, component: str) -> Selected:
    chosen = draft.result.hct if component == "hct" else draft.result.weight
    about = {"component": Term(component), "who": draft.given.participant, "visit": draft.given.visit}
    if chosen is None or chosen.rule != CARRIED_FORWARD:
        raise RefusedError(
            "The %(component)s of %(who)s %(visit)s is not carried forward: there is nothing to accept.", **about
        )
    if chosen.accepted:
        raise RefusedError(
            "The %(component)s of %(who)s %(visit)s, measured on %(on)s, is accepted already.", **about, on=chosen.on
        )
    return chosen
