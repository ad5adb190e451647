"""Record the preparation and endoscopy days before a visit; they never count, and the diary reaches back for them."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from bot.actions.site_acts import (
    bring_in_step,
    check_may,
    check_not_withdrawn,
    standing_cards,
)
from bot.actions.study import Study
from bot.actions.void_signatures import void_if_changed
from bot.errors import InvalidInputError, RefusedError
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow, PreparationRow
from bot.storage.trail import Trail, insert, update
from bot.storage.visits import calendar_of, preparation_rows
from schedules.visits import ScheduledVisit


def prepare_visit(
    audit: Trail,
    participant: ParticipantRow,
    code: str,
    *,
    bowel_prep: Sequence[date],
    endoscopy_on: date | None,
    study: Study,
) -> ScheduledVisit:
    """Replace the preparation days of a visit and return the visit as it then stands; no days at all clears them."""
    check_may(audit.actor, Permission.RUN_DIARY, "record preparation days")
    check_not_withdrawn(participant, "no visit is planned any more")
    visit = calendar_of(audit.session, participant, study.protocol).visit(code)
    if visit.held:
        raise RefusedError("%(visit)s has been held: its preparation days stay as they are.", visit=code)
    wanted = {(day, "bowel_prep") for day in bowel_prep} | ({(endoscopy_on, "endoscopy")} if endoscopy_on else set())
    _check_days(visit, sorted(set(bowel_prep)), endoscopy_on, study)
    before = standing_cards(audit.session, participant, study, audit.now)
    _replace(audit, participant, code, wanted)
    bring_in_step(audit, participant, before, study=study)
    void_if_changed(audit, participant, "preparation", study=study)
    return calendar_of(audit.session, participant, study.protocol).visit(code)


def _check_days(visit: ScheduledVisit, bowel_prep: Sequence[date], endoscopy_on: date | None, study: Study) -> None:
    reach = timedelta(days=study.protocol.rules.lookback_days)
    for day in (*bowel_prep, *([endoscopy_on] if endoscopy_on else [])):
        if not visit.on - reach <= day <= visit.on + reach:
            raise InvalidInputError(
                "%(day)s is more than %(number)s days from %(visit)s on %(on)s: check the date.",
                day=day,
                number=reach.days,
                visit=visit.code,
                on=visit.on,
                code="date_invalid",
            )
    late = [day for day in bowel_prep if endoscopy_on is not None and day > endoscopy_on]
    if late:
        raise InvalidInputError(
            "The bowel preparation of %(day)s comes after the endoscopy of %(on)s: check both dates.",
            day=late[0],
            on=endoscopy_on,
            code="date_invalid",
        )


def _replace(audit: Trail, participant: ParticipantRow, code: str, wanted: Iterable[tuple[date, str]]) -> None:
    stored = {
        (row.on, row.kind): row for row in preparation_rows(audit.session, participant.id or 0) if row.code == code
    }
    target = set(wanted)
    for key, row in stored.items():
        if key not in target:
            update(audit, row, "remove_preparation", removed_at=audit.now)
    for day, kind in sorted(target - set(stored)):
        row = PreparationRow(participant_id=participant.id or 0, code=code, on=day, kind=kind)
        insert(audit, row, "prepare_visit", fields=("code", "on", "kind"))
    audit.session.flush()
