"""Put a changed protocol file in force: first what that changes for visits not yet held, then the row itself."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlmodel import Session, select

from bot.actions.plan_messages import plan_due
from bot.actions.site_acts import check_may, check_reason
from bot.actions.study import Study, protocol_in_force
from bot.actions.void_signatures import void_if_changed
from bot.errors import RefusedError
from bot.people.roles import Permission
from bot.storage.participants import all_participants, lock_everybody
from bot.storage.tables import ParticipantRow, ProtocolRow, VisitRow
from bot.storage.trail import Trail, insert
from bot.storage.visits import calendar_of
from schedules.loader import load_protocol, parse_protocol
from schedules.protocol import StudyProtocol
from schedules.visits import ScheduledVisit

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """One value of the file that differs, as written; None where it is absent."""

    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class ChangedVisit:
    """One visit not yet held, before and after."""

    participant: str
    visit: str
    before: ScheduledVisit
    after: ScheduledVisit


@dataclass(frozen=True, slots=True)
class AdoptionPreview:
    """What adopting the file would change; held visits keep the version they were held under."""

    old_version: str | None
    new_version: str
    fingerprint: str
    values: tuple[ChangedValue, ...]
    visits: tuple[ChangedVisit, ...]


def preview_adoption(session: Session, path: Path) -> AdoptionPreview:
    """Compare a protocol file with the one in force; raises when it is the same, or does not fit the study."""
    new, row = load_protocol(path), protocol_in_force(session)
    if row is None:
        return AdoptionPreview(None, new.version, new.fingerprint, (), ())
    if row.fingerprint == new.fingerprint:
        raise RefusedError(f"{path.name} is in force already, since {row.from_on}: nothing was changed.")
    _check_fits(session, new)
    old = parse_protocol(row.text, f"protocol version {row.version}")
    return AdoptionPreview(
        row.version, new.version, new.fingerprint, _changed_values(old, new), tuple(_changed_visits(session, old, new))
    )


def adopt_protocol(audit: Trail, path: Path, *, from_on: date, reason: str | None) -> AdoptionPreview:
    """Store the file word for word, and plan every participant's messages by it."""
    check_may(audit.actor, Permission.MANAGE_STAFF, "adopt a protocol")  # settings belong to the administrator
    words = check_reason(reason, "adopt a protocol")
    preview = preview_adoption(audit.session, path)
    before = protocol_in_force(audit.session)
    if before is not None and from_on < before.from_on:
        raise RefusedError(
            f"The protocol in force holds from {before.from_on}: a later version cannot hold from {from_on}."
        )
    if from_on > audit.now.date() + ONE_DAY:  # somewhere it may be tomorrow already
        raise RefusedError(f"A protocol holds from the moment it is adopted: adopt this one on {from_on}, not before.")
    new = load_protocol(path)
    row = ProtocolRow(
        fingerprint=new.fingerprint,
        version=new.version,
        text=path.read_text(encoding="utf-8"),
        from_on=from_on,
        adopted_at=audit.now,
        reason=words,
    )
    lock_everybody(audit.session)
    insert(audit, row, "adopt_protocol", fields=("fingerprint", "version", "from_on"), reason=words)
    adopted = Study(new)
    plan_due(audit.session, study=adopted, now=audit.now)
    for participant in all_participants(audit.session):
        void_if_changed(audit, participant, "protocol", study=adopted, reason=words)
    return preview


def _check_fits(session: Session, new: StudyProtocol) -> None:
    """Refuse a file that drops a site with participants or a visit on which something is recorded."""
    codes, sites = {visit.code for visit in new.visits}, {site.id for site in new.sites}
    for participant in session.exec(select(ParticipantRow)):
        if participant.site not in sites:
            raise RefusedError(
                f"{participant.code} is enrolled at {participant.site}, a site that this file does not have: add it."
            )
    for row in session.exec(select(VisitRow)):
        if row.code not in codes:
            raise RefusedError(
                f"{row.code} has been recorded for a participant, and this file does not have it: add it."
            )


def _changed_values(old: StudyProtocol, new: StudyProtocol) -> tuple[ChangedValue, ...]:
    before = {value.key: f"{value.value} ({value.source.value})" for value in old.values}
    after = {value.key: f"{value.value} ({value.source.value})" for value in new.values}
    keys = [*before, *(key for key in after if key not in before)]
    return tuple(
        ChangedValue(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    )


def _changed_visits(session: Session, old: StudyProtocol, new: StudyProtocol) -> list[ChangedVisit]:
    taking_part = (one for one in all_participants(session) if one.withdrawn_at is None)
    return [change for participant in taking_part for change in _changes_of(session, participant, old, new)]


def _changes_of(
    session: Session, participant: ParticipantRow, old: StudyProtocol, new: StudyProtocol
) -> list[ChangedVisit]:
    before = {visit.code: visit for visit in calendar_of(session, participant, old).visits}
    after = calendar_of(session, participant, new).visits
    return [
        ChangedVisit(participant.code, visit.code, before[visit.code], visit)
        for visit in after
        if visit.code in before and not visit.held and before[visit.code] != visit
    ]
