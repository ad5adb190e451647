"""Move a visit to another date, after showing what that changes; nothing entered is lost or asked again."""

from datetime import date, datetime, time

from sqlmodel import Session

from bot.actions.site_acts import (
    bring_in_step,
    check_may,
    check_not_withdrawn,
    check_reason,
    entered_days,
    site_day,
    standing_cards,
    visit_to_write,
)
from bot.actions.study import Study
from bot.actions.void_signatures import void_if_changed
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.participants import zone_history
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update
from bot.storage.visits import calendar_of, visit_facts
from schedules.errors import Term
from schedules.visits import MovePreview, VisitState, preview_move


def preview_visit_move(
    session: Session,
    participant: ParticipantRow,
    code: str,
    to: date,
    *,
    study: Study,
    now: datetime,
    at: time | None = None,
) -> MovePreview:
    """What moving the visit to a date would change; `at` is a planned check-in, site time. Nothing is stored."""
    study.protocol.visit(code)
    return preview_move(
        study.protocol,
        participant.baseline_on,
        visit_facts(session, participant.id or 0, study.protocol),
        code,
        to,
        entered=entered_days(session, participant, study),
        now=now,
        history=zone_history(session, participant.id or 0),
        at=at,
        site_tz=study.protocol.site(participant.site).timezone,
    )


def check_can_move(
    session: Session, participant: ParticipantRow, code: str, to: date, *, study: Study, now: datetime
) -> None:
    """Refuse a date that has passed, and a visit that will not take place any more."""
    check_not_withdrawn(participant, "no visit is planned any more")
    visit = calendar_of(session, participant, study.protocol).visit(code)
    if visit.state is VisitState.TERMINATED:
        raise RefusedError(
            "The visits of %(who)s were terminated: %(visit)s cannot be moved.", who=participant.code, visit=code
        )
    today = site_day(now, participant, study)
    if to < today and not visit.held:
        raise RefusedError(
            "%(visit)s cannot be planned for %(to)s: at the site it is %(today)s already. "
            "If the visit took place, check it in with the time at which it began.",
            visit=code,
            to=to,
            today=today,
        )


def move_visit(
    audit: Trail,
    participant: ParticipantRow,
    code: str,
    to: date,
    *,
    study: Study,
    at: time | None = None,
    reason: str | None = None,
) -> MovePreview:
    """Move the visit and plan anew; a date outside the tolerance needs a reason and is marked."""
    check_may(audit.actor, Permission.RUN_DIARY, "move visits")
    check_can_move(audit.session, participant, code, to, study=study, now=audit.now)
    preview = preview_visit_move(audit.session, participant, code, to, study=study, now=audit.now, at=at)
    words = (reason or "").strip() or None
    if preview.outside_tolerance:
        visit = preview.after
        act = Term(
            "move %(visit)s to %(to)s, outside its tolerance of %(first)s to %(last)s,",
            visit=code,
            to=to,
            first=visit.first,
            last=visit.last,
        )
        words = check_reason(reason, act)
    before = standing_cards(audit.session, participant, study, audit.now)
    row = visit_to_write(audit, participant, code)
    update(
        audit, row, "move_visit",
        scheduled_on=to,
        moved_against=None if preview.after.baseline else preview.after.planned_on,
        time=row.time if at is None else f"{at:%H:%M}",
        state=VisitState.PLANNED.value,
        outside_tolerance=preview.outside_tolerance,
        reason=words,
    )  # fmt: skip
    bring_in_step(audit, participant, before, study=study)
    void_if_changed(audit, participant, "visit", study=study, reason=words)
    return preview
