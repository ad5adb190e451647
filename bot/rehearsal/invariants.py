"""What must hold at the end of a rehearsal whatever happened in it, checked on what was stored and seen."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session, col, select

from bot.actions.study import Study
from bot.audit import AuditEvent, verify_chain
from bot.rehearsal.phone import Attempt
from bot.sandbox.state import Violation
from bot.storage.chain import stored_chain
from bot.storage.participants import all_participants, zone_history
from bot.storage.tables import AuditRow, CardRow, EntryRow, MessageRow, ParticipantRow
from bot.storage.tables.traffic import ENDS, UNASKED
from schedules.protocol import ReminderPolicy
from schedules.reminders import REMINDERS, in_quiet_hours
from schedules.windows import local_day, zone_on

EXAMPLES = 5
COPY_MARKS = re.compile(r"([+#]\d+)+$")  # of a successor or a resend; an instant within a key has a plus, too
# In any weather: two taps at one instant leave two edits, and the first is worded when both have been handled. The
# refusal of the second says that the card stands as it should.
HARMLESS = "not_modified"
# Refusals that bad weather makes unavoidable: an answer is repeated when nobody knows whether it arrived,
# and a chat may close, or a tap grow old, while a request is on its way.
WEATHER = ("late_callback", "repeated_callback", "blocked", "conflict")


@dataclass
class Invariant:
    """One promise: how many cases were looked at, and which of them broke it (codes and keys, no values)."""

    name: str
    checked: int = 0
    examples: list[str] = field(default_factory=list)
    broken: int = 0

    def look(self, case: str, *, holds: bool) -> None:
        """Count one case."""
        self.checked += 1
        if not holds:
            self.broken += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(case)


@dataclass(frozen=True)
class Meant:
    """What one participant meant: every Submit by card key, and how many of each card's were seen to be saved."""

    attempts: Mapping[str, Sequence[Attempt]]
    confirmed: Mapping[str, int]


@dataclass(frozen=True)
class Evidence:
    """Everything the promises are checked against."""

    study: Study
    people: Mapping[int, ParticipantRow]
    messages: Sequence[MessageRow]
    entries: Mapping[tuple[int, date], Sequence[EntryRow]]
    cards: Sequence[CardRow]
    silences: Mapping[int, Sequence[tuple[datetime, datetime | None]]]
    meant: Mapping[str, Meant]
    violations: Sequence[Violation]
    session: Session


def gather(session: Session, study: Study, meant: Mapping[str, Meant], violations: Sequence[Violation]) -> Evidence:
    """Read what the promises are about."""
    people = {person.id or 0: person for person in all_participants(session)}
    entries: dict[tuple[int, date], list[EntryRow]] = defaultdict(list)
    for row in session.exec(select(EntryRow).order_by(col(EntryRow.revision))).all():
        entries[row.participant_id, row.diary_day].append(row)
    return Evidence(
        study=study,
        people=people,
        messages=session.exec(select(MessageRow).order_by(col(MessageRow.id))).all(),
        entries=entries,
        cards=session.exec(select(CardRow).order_by(col(CardRow.id))).all(),
        silences={key: list(_silences(session, person)) for key, person in people.items()},
        meant=meant,
        violations=violations,
        session=session,
    )


def check_all(found: Evidence, *, weather: bool) -> list[Invariant]:
    """Check every promise."""
    return [
        check_stopped(found),
        check_quiet(found),
        check_completed(found),
        check_not_after(found),
        check_keys(found),
        check_ends(found),
        check_entries(found),
        check_chain(found),
        check_rules(found, weather=weather),
    ]


def check_stopped(found: Evidence) -> Invariant:
    """No unasked message after a stop or withdrawal."""
    result = Invariant("no unasked message after a stop or withdrawal")
    for row, at in _unasked(found):
        silences = found.silences[row.participant_id or 0]
        holds = not any(since < at and (until is None or at < until) for since, until in silences)
        result.look(row.dedupe_key, holds=holds)
    return result


def check_quiet(found: Evidence) -> Invariant:
    """No unasked message in the participant's own quiet hours."""
    result = Invariant("no unasked message in quiet hours")
    policy: ReminderPolicy = found.study.protocol.reminders
    zones = {key: zone_history(found.session, key) for key in found.people}
    for row, at in _unasked(found):
        history = zones[row.participant_id or 0]
        tzid = row.tzid or zone_on(history, local_day(at, history))
        result.look(row.dedupe_key, holds=not in_quiet_hours(at, tzid, policy))
    return result


def check_completed(found: Evidence) -> Invariant:
    """No prompt, reminder or last call after that day's completion."""
    result = Invariant("no prompt, reminder or last call after that day's completion")
    for row, at in _unasked(found):
        if row.kind in REMINDERS and row.diary_day is not None:
            entries = found.entries.get((row.participant_id or 0, row.diary_day), ())
            result.look(row.dedupe_key, holds=not entries or at <= entries[0].submitted_at)
    return result


def check_not_after(found: Evidence) -> Invariant:
    """Nothing after its not-after."""
    result = Invariant("nothing after its not-after")
    for row in found.messages:
        if row.sending_at is not None and row.not_after is not None:
            result.look(row.dedupe_key, holds=row.sending_at <= row.not_after)
    return result


def check_keys(found: Evidence) -> Invariant:
    """At most one live row per key, and one delivery; a further copy follows only an unknown outcome."""
    result = Invariant("at most one live row per key")
    by_key: dict[str, list[MessageRow]] = defaultdict(list)
    for row in found.messages:
        by_key[COPY_MARKS.sub("", row.dedupe_key)].append(row)
    for key, rows in by_key.items():
        live = sum(row.state not in ENDS for row in rows)
        sent = sum(row.state == "sent" for row in rows)
        result.look(key, holds=live <= 1 and live + sent <= 1)
    return result


def check_ends(found: Evidence) -> Invariant:
    """Every row has an end, and every end but `sent` its reason."""
    result = Invariant("every planned row accounted for")
    for row in found.messages:
        result.look(row.dedupe_key, holds=row.state == "sent" or (row.state in ENDS and bool(row.reason)))
    return result


def check_entries(found: Evidence) -> Invariant:
    """The stored entry of each day is what its participant submitted last."""
    result = Invariant("stored entries are what was meant")
    cards = {card.key: card for card in found.cards}
    seen: set[tuple[int, date]] = set()
    for meant in found.meant.values():
        for key, attempts in meant.attempts.items():
            card = cards[key]
            place = (card.participant_id, card.diary_day)
            seen.add(place)
            stored = found.entries.get(place, ())
            holds = _as_meant(stored, attempts, meant.confirmed.get(key, 0))
            result.look(f"{found.people[card.participant_id].code}/{card.diary_day}", holds=holds)
    for place in found.entries:
        if place not in seen:
            result.look(f"{found.people[place[0]].code}/{place[1]}", holds=False)
    return result


def check_chain(found: Evidence) -> Invariant:
    """The audit chain verifies."""
    result = Invariant("audit chain verifies")
    events = Counter[str]()
    finding = verify_chain(_counted(found.session, events))
    result.checked, result.broken = events["all"], int(finding is not None)
    result.examples = [f"{finding.kind} at {finding.seq}"] if finding is not None else []
    return result


def check_rules(found: Evidence, *, weather: bool) -> Invariant:
    """No request that the Bot API would refuse."""
    result = Invariant("no rule of the Bot API broken")
    result.checked = sum(row.sending_at is not None for row in found.messages)
    for violation in found.violations:
        if violation.kind != HARMLESS and not (weather and violation.kind in WEATHER):
            result.look(f"{violation.method}: {violation.kind}", holds=False)
    return result


def _unasked(found: Evidence) -> Iterator[tuple[MessageRow, datetime]]:
    """Unasked messages that went out, or may have, and when."""
    for row in found.messages:
        if row.kind in UNASKED and row.sending_at is not None:
            yield row, row.sending_at


def _as_meant(stored: Sequence[EntryRow], attempts: Sequence[Attempt], confirmed: int) -> bool:
    """Whether the newest revision is the last answer known to be saved, or a later one whose fate was not seen."""
    possible = [attempt.answers for attempt in attempts[max(confirmed - 1, 0) :]]
    if not stored:
        return confirmed == 0
    last = stored[-1]
    return (("pain", last.pain), ("stools", last.stools), ("wellbeing", last.wellbeing)) in possible


def _counted(session: Session, events: Counter[str]) -> Iterator[tuple[AuditEvent, str, str]]:
    for item in stored_chain(session):
        events["all"] += 1
        yield item


def _silences(session: Session, person: ParticipantRow) -> Iterator[tuple[datetime, datetime | None]]:
    """From when to when nothing unasked may go out, read from the audit trail."""
    query = (
        select(AuditRow)
        .where(AuditRow.participant == person.code, col(AuditRow.field).in_(("stopped_at", "withdrawn_at")))
        .order_by(col(AuditRow.seq))
    )
    since: dict[str, datetime] = {}
    for event in session.exec(query).all():
        what = event.field or ""
        if event.new is not None:
            since.setdefault(what, event.at)
        elif what in since:
            yield since.pop(what), event.at
    for at in since.values():
        yield at, None
