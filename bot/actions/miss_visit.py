"""Record that a visit does not take place: no-show, not done, or the end of all visits."""

from bot.actions.site_acts import bring_in_step, check_may, check_reason, standing_cards, visit_to_write
from bot.actions.study import Study
from bot.errors import InvalidInputError, RefusedError
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update
from bot.storage.visits import calendar_of
from schedules.errors import Term, Terms
from schedules.visits import STOPPED, VisitCalendar, VisitState


def miss_visit(
    audit: Trail, participant: ParticipantRow, code: str, *, state: str, reason: str | None, study: Study
) -> None:
    """Store the state with its reason and end the visit's prompts; `terminated` ends every later visit too."""
    check_may(audit.actor, Permission.RUN_DIARY, "record missed visits")
    if state not in STOPPED:
        known = Terms(sorted(STOPPED))
        raise InvalidInputError(
            "A missed visit is one of %(known)s, not %(state)s.", known=known, state=state, code="state_invalid"
        )
    words = check_reason(reason, "record a missed visit")
    calendar = calendar_of(audit.session, participant, study.protocol)
    _check_can_miss(participant, calendar, code, VisitState(state))
    before = standing_cards(audit.session, participant, study, audit.now)
    update(audit, visit_to_write(audit, participant, code), "miss_visit", state=state, reason=words)
    bring_in_step(audit, participant, before, study=study)


def _check_can_miss(participant: ParticipantRow, calendar: VisitCalendar, code: str, state: VisitState) -> None:
    visit = calendar.visit(code)
    if visit.held:
        raise RefusedError("%(visit)s has been held on %(on)s: a held visit stays as it is.", visit=code, on=visit.on)
    if visit.state is state:
        raise RefusedError(
            "%(visit)s of %(who)s is recorded as %(state)s already.",
            visit=code,
            who=participant.code,
            state=Term(state.value),
        )
    later = calendar.visits[calendar.visits.index(visit) + 1 :]
    held = [other.code for other in later if other.held]
    if state is VisitState.TERMINATED and held:
        raise RefusedError(
            "%(held)s has been held, so %(visit)s cannot have ended the visits.", held=held[-1], visit=code
        )
