"""Give a participant another time zone, from the next diary day."""

from datetime import date

from bot.actions.enrol import check_timezone
from bot.actions.site_acts import bring_in_step, check_may, check_not_withdrawn, check_reason, standing_cards
from bot.actions.study import Study
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.participants import zone_history
from bot.storage.tables import ParticipantRow, ZoneRow
from bot.storage.trail import Trail, insert
from schedules.windows import next_diary_day, zone_on


def change_zone(audit: Trail, participant: ParticipantRow, tzid: str, *, reason: str | None, study: Study) -> date:
    """Store the zone and return the diary day from which it holds; today's day keeps the zone it began in."""
    check_may(audit.actor, Permission.RUN_DIARY, "change a time zone")
    check_not_withdrawn(participant, "no day is asked any more")
    check_timezone(tzid)
    words = check_reason(reason, "change a time zone")
    history = zone_history(audit.session, participant.id or 0)
    from_on = next_diary_day(audit.now, history)
    if zone_on(history, from_on) == tzid:
        raise RefusedError("%(who)s lives by %(zone)s already: nothing was changed.", who=participant.code, zone=tzid)
    before = standing_cards(audit.session, participant, study, audit.now)
    row = ZoneRow(participant_id=participant.id or 0, from_on=from_on, tzid=tzid, set_at=audit.now, reason=words)
    insert(audit, row, "change_zone", fields=("from_on", "tzid"), reason=words)
    bring_in_step(audit, participant, before, study=study)
    return from_on
