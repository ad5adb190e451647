"""Check a visit in: day -1 closes, the diary days are anchored, and later visits follow the baseline's date."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.actions.move_visit import preview_visit_move
from bot.actions.site_acts import (
    as_utc,
    bring_in_step,
    check_may,
    site_clock,
    site_day,
    standing_cards,
    visit_to_write,
)
from bot.actions.study import Study
from bot.actions.void_signatures import void_if_changed
from bot.errors import InvalidInputError, RefusedError
from bot.people.roles import Permission
from bot.storage.diary import entries_of
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update
from bot.storage.visits import calendar_of
from schedules.visits import MovePreview, ScheduledVisit, VisitState

EARLIEST = timedelta(days=60)  # a check-in farther back than this is a slip in the year or month
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The visit as held, and what holding it on that date changed.

    `entered_after` is when day -1 was submitted, if that was after this check-in: recorded late, it closed a
    day that had been answered meanwhile. The entry stays as it was acknowledged.
    """

    visit: ScheduledVisit
    held_at: datetime
    held_on: date
    preview: MovePreview
    entered_after: datetime | None


def check_in(
    audit: Trail, participant: ParticipantRow, code: str, *, study: Study, at: datetime | None = None
) -> CheckedIn:
    """Record that the visit began at `at`, now unless given, and keep the protocol version it was held under."""
    check_may(audit.actor, Permission.RUN_DIARY, "check visits in")
    held_at = as_utc(at or audit.now)
    held_on = site_day(held_at, participant, study)
    preview = preview_check_in(audit.session, participant, code, held_at, study=study, now=audit.now)
    before = standing_cards(audit.session, participant, study, audit.now)
    row = visit_to_write(audit, participant, code)
    update(
        audit, row, "check_in",
        held_at=held_at,
        held_on=held_on,
        state=VisitState.HELD.value,
        outside_tolerance=preview.outside_tolerance,
        protocol=study.protocol.fingerprint,
    )  # fmt: skip
    bring_in_step(audit, participant, before, study=study)
    void_if_changed(audit, participant, "visit", study=study)
    visit = calendar_of(audit.session, participant, study.protocol).visit(code)
    return CheckedIn(visit, held_at, held_on, preview, _entered_after(audit.session, participant, held_on, held_at))


def _entered_after(session: Session, participant: ParticipantRow, held_on: date, held_at: datetime) -> datetime | None:
    day = held_on - ONE_DAY
    entries = entries_of(session, participant.id or 0, [day]).get(day)
    return entries[0].submitted_at if entries and entries[0].submitted_at > held_at else None


def preview_check_in(
    session: Session, participant: ParticipantRow, code: str, held_at: datetime, *, study: Study, now: datetime
) -> MovePreview:
    """What holding the visit at this instant would change; raises when it cannot have been held then."""
    visit = calendar_of(session, participant, study.protocol).visit(code)
    if visit.held and visit.held_at is not None:
        raise RefusedError(
            "%(visit)s was checked in at %(at)s (site time): a held visit stays as it is.",
            visit=code,
            at=site_clock(visit.held_at, participant, study),
        )
    if visit.state is VisitState.TERMINATED:
        raise RefusedError(
            "The visits of %(who)s were terminated: %(visit)s cannot be checked in.", who=participant.code, visit=code
        )
    _check_instant(participant, code, held_at, study, now)
    held_on = site_day(held_at, participant, study)
    return preview_visit_move(session, participant, code, held_on, study=study, now=now)


def _check_instant(participant: ParticipantRow, code: str, held_at: datetime, study: Study, now: datetime) -> None:
    held_on, today = site_day(held_at, participant, study), site_day(now, participant, study)
    if held_at > now:
        raise InvalidInputError(
            "%(visit)s cannot have begun at %(at)s: at the site it is %(now)s.",
            visit=code,
            at=site_clock(held_at, participant, study),
            now=site_clock(now, participant, study),
            code="instant_invalid",
        )
    enrolled_on = site_day(participant.enrolled_at, participant, study)
    earliest = min(enrolled_on, participant.baseline_on, today) - EARLIEST
    if participant.consent_on is not None:
        earliest = max(earliest, participant.consent_on)
    if held_on < earliest:
        raise InvalidInputError(
            "%(visit)s cannot have been held on %(on)s: the earliest date that makes sense for "
            "%(who)s is %(earliest)s.",
            visit=code,
            on=held_on,
            who=participant.code,
            earliest=earliest,
            code="instant_invalid",
        )
