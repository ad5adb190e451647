"""Heartbeats of the service, and the outages read from their gaps."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from bot.people.actor import SYSTEM, Origin
from bot.storage.facts import insert_once
from bot.storage.outbox import UNSENT, in_states
from bot.storage.participants import lock_everybody
from bot.storage.tables import HeartbeatRow, MessageRow, OutageRow
from bot.storage.trail import Trail, insert
from schedules.protocol import OutagePolicy

PART = "intake"
MISSED_BY = timedelta(seconds=60)


def last_heard(session: Session) -> datetime | None:
    """The study time of the last heartbeat."""
    beat = session.get(HeartbeatRow, PART)
    return beat.study_at if beat is not None else None


def silent_since(session: Session, system_now: datetime, at_least: timedelta) -> datetime | None:
    """Since when, by study time, nothing could come in, if the silence is at least so long by the system clock."""
    beat = session.get(HeartbeatRow, PART)
    return beat.study_at if beat is not None and system_now - beat.system_at >= at_least else None


def hold_beat(session: Session) -> HeartbeatRow | None:
    """The last heartbeat, kept from every other replica until the transaction ends."""
    return session.get(HeartbeatRow, PART, with_for_update=True, populate_existing=True)


def note_alive(
    session: Session,
    policy: OutagePolicy,
    *,
    system_now: datetime,
    now: datetime,
    shifted: bool,
    restarted: bool = False,
) -> bool:
    """Beat once; answers True when the gap since the last beat is an outage, which is then recorded.

    A real silence of the policy's minimum is an outage. A forward step of the study clock is one when nobody
    served meanwhile (`restarted`), else only when it leapt over an instant at which something was due; stepping
    from due instant to due instant is not. Of several replicas that come back together the first notes it, and
    the others find a fresh beat.
    """
    beat = hold_beat(session)
    if beat is None:
        insert_once(session, HeartbeatRow(part=PART, system_at=system_now, study_at=now))
        return False
    out = is_outage(session, policy, system_now=system_now, now=now, restarted=restarted)
    if out:
        lock_everybody(session)
        trail = Trail(session, now, SYSTEM, Origin.HOUSEKEEPING, shifted, request_id=f"outage/{now.isoformat()}")
        insert(trail, OutageRow(started_at=beat.study_at, ended_at=now), "outage", fields=("started_at", "ended_at"))
    beat.system_at, beat.study_at = system_now, max(now, beat.study_at)
    session.add(beat)
    return out


def is_outage(
    session: Session, policy: OutagePolicy, *, system_now: datetime, now: datetime, restarted: bool = False
) -> bool:
    """Whether the time since the last beat is an outage, as far as it has lasted."""
    beat = session.get(HeartbeatRow, PART)
    if beat is None:
        return False
    silent = system_now - beat.system_at
    leapt = (now - beat.study_at) - silent
    if silent >= policy.minimum:
        return True
    return leapt >= policy.minimum and (restarted or _something_was_due(session, beat.study_at, now))


def _something_was_due(session: Session, after: datetime, now: datetime) -> bool:
    """Whether a planned message fell due inside the leap rather than at its end."""
    query = (
        select(MessageRow.id)
        .where(
            in_states(UNSENT),
            MessageRow.due_at > after,
            MessageRow.due_at < now - MISSED_BY,
        )
        .limit(1)
    )
    return session.exec(query).first() is not None


def note_step(session: Session, *, by: timedelta, now: datetime, shifted: bool) -> None:
    """Record that the system clock was stepped, forwards when `by` is positive: times beside it can then be judged."""
    trail = Trail(session, now, SYSTEM, Origin.HOUSEKEEPING, shifted, request_id=f"clock/{now.isoformat()}")
    trail.record("clock_stepped", "clock", "system", field_name="seconds", new=str(round(by.total_seconds())))
