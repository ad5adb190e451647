"""Put a day's card off for a while, never past its closing and never into quiet hours."""

from bot.actions.plan_messages import plan_day
from bot.actions.study import Study
from bot.storage.tables import CardRow, ParticipantRow
from bot.storage.trail import Trail
from bot.storage.views.days import DayRecord
from schedules.reminders import snooze_options


def snooze(
    audit: Trail, participant: ParticipantRow, card: CardRow, record: DayRecord, code: str, *, study: Study
) -> bool:
    """Remind again at the chosen instant; answers False when that choice is no longer on offer."""
    until = dict(snooze_options(record.day, audit.now, study.protocol.reminders)).get(code)
    if until is None:
        return False
    card.snoozed_until, card.snooze_count = until, card.snooze_count + 1
    audit.session.add(card)
    audit.record("snooze", "card", f"{audit.participant}/{record.on}", field_name="snoozed_until", new=until)
    plan_day(audit.session, participant, record.on, study=study, now=audit.now)
    return True
