"""Local days and the hours in which a diary day can be answered; every instant is aware and in UTC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from schedules.protocol import DiaryPlan, OutagePolicy

ONE_DAY = timedelta(days=1)
MIDNIGHT = time(0)
NEVER = datetime.max.replace(tzinfo=UTC)


class DayPhase(StrEnum):
    """Where an instant lies in the life of a diary day."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ZonePeriod:
    """From this diary day on, the participant lives by this IANA zone."""

    from_day: date
    tzid: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch of time in which the service could not be reached."""

    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class DiaryDay:
    """One diary day with its instants; it can be answered from `opens_at` up to, not including, `closes_at`.

    An answer submitted from `midnight_at` on is late. `regular_closes_at` is the closing without any outage.
    `next_tzid` is the zone in force on the following date.
    """

    on: date
    tzid: str
    opens_at: datetime
    closes_at: datetime
    midnight_at: datetime
    regular_closes_at: datetime
    outage: bool
    next_tzid: str

    def phase(self, at: datetime) -> DayPhase:
        """Name the phase at an instant; closed wins where a check-in came before the opening."""
        if at >= self.closes_at:
            return DayPhase.CLOSED
        return DayPhase.OPEN if at >= self.opens_at else DayPhase.NOT_OPEN

    def is_open(self, at: datetime) -> bool:
        """Say whether the day can be answered at this instant."""
        return self.opens_at <= at < self.closes_at

    def is_late(self, at: datetime) -> bool:
        """Say whether an answer submitted at this instant comes after the day itself."""
        return at >= self.midnight_at


def zone_on(history: Sequence[ZonePeriod], day: date) -> str:
    """Return the zone in force on a date; before the first period the first one holds."""
    if len(history) == 1:  # as with nearly everybody
        return history[0].tzid
    held = [period for period in history if period.from_day <= day]
    found = max(held, key=lambda p: p.from_day) if held else min(history, key=lambda p: p.from_day)
    return found.tzid


@lru_cache(maxsize=65_536)  # a study has few dates, wall times and zones, and asks for each thousands of times
def instant(day: date, wall: time, tzid: str) -> datetime:
    """Return the instant of a wall time.

    In a gap the wall time moves forward by the gap; of a doubled hour the first counts (PEP 495, fold 0).
    A date that the zone skipped altogether (Samoa, 30 December 2011) stands for the next midnight there was.
    """
    zone = ZoneInfo(tzid)
    at = datetime.combine(day, wall.replace(fold=0), zone).astimezone(UTC)
    if at.astimezone(zone).date() != day and not _exists(day, zone):
        return instant(day + ONE_DAY, MIDNIGHT, tzid)
    return at


def _exists(day: date, zone: ZoneInfo) -> bool:
    noon = datetime.combine(day, time(12), zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


def local_day(at: datetime, history: Sequence[ZonePeriod]) -> date:
    """Return the participant's date: the latest one whose midnight, in its own zone, has passed."""
    day = at.astimezone(UTC).date() + 2 * ONE_DAY
    while instant(day, MIDNIGHT, zone_on(history, day)) > at:
        day -= ONE_DAY
    return day


def next_diary_day(at: datetime, history: Sequence[ZonePeriod]) -> date:
    """Return the first diary day that a zone told at this instant can hold for."""
    return local_day(at, history) + ONE_DAY


def diary_day(
    on: date,
    history: Sequence[ZonePeriod],
    plan: DiaryPlan,
    outage_policy: OutagePolicy,
    *,
    day_minus_one_closing: datetime | None = None,
    outages: Iterable[Outage] = (),
    submitted_at: datetime | None = None,
) -> DiaryDay:
    """Compute the instants of one diary day.

    `day_minus_one_closing` is the check-in, recorded or planned, of the visit on the following date; it
    closes the day if it is earlier, and no outage reaches past it. After `submitted_at` an outage takes
    nothing away. A day lives wholly in the zone of its own date; where the next one, in a zone farther
    east, opens before the older one would close, the older one gives way: one day is open at a time.
    """
    tzid, next_tzid = zone_on(history, on), zone_on(history, on + ONE_DAY)
    opens_at = instant(on, plan.opens, tzid)
    gives_way_at = instant(on + ONE_DAY, plan.opens, next_tzid)
    ceiling = day_minus_one_closing or NEVER
    regular = min(instant(on + ONE_DAY, plan.closes, tzid), gives_way_at, ceiling)
    latest = min(instant(on + 2 * ONE_DAY, outage_policy.latest, tzid), ceiling)
    closes_at, hit = _extended(opens_at, regular, latest, outage_policy, outages, submitted_at)
    return DiaryDay(
        on=on,
        tzid=tzid,
        opens_at=opens_at,
        closes_at=closes_at,
        midnight_at=instant(on + ONE_DAY, MIDNIGHT, tzid),
        regular_closes_at=regular,
        outage=hit,
        next_tzid=next_tzid,
    )


def _extended(
    opens_at: datetime,
    closes_at: datetime,
    latest: datetime,
    policy: OutagePolicy,
    outages: Iterable[Outage],
    submitted_at: datetime | None,
) -> tuple[datetime, bool]:
    """Return the closing after every outage that took open, unsubmitted time away, and whether one did."""
    hit = False
    for outage in sorted(outages, key=lambda o: (o.started_at, o.ended_at)):
        until = closes_at if submitted_at is None else min(closes_at, submitted_at)
        long_enough = outage.ended_at - outage.started_at >= policy.minimum
        if long_enough and outage.started_at < until and outage.ended_at > opens_at and until > opens_at:
            hit = True
            closes_at = max(closes_at, min(outage.ended_at + policy.grace, latest))
    return closes_at, hit
