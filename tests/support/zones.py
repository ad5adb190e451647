"""Every course of local time that the zone database knows for 2024 to 2028, walked through in real time."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

ONE = timedelta(days=1)


def distinct_zones() -> list[str]:
    """Return one zone for each course of offsets in 2024 to 2028."""
    seen: dict[tuple[object, ...], str] = {}
    days = [datetime(2024, 1, 1, 12, tzinfo=UTC) + n * ONE for n in range(1827)]
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        seen.setdefault(tuple(at.astimezone(zone).utcoffset() for at in days), name)
    return list(seen.values())


def transitions(zone: ZoneInfo) -> list[date]:
    """Return the local dates of 2024 to 2028 on which a zone's offset changes."""
    noons = [datetime(2024, 1, 1, 12, tzinfo=UTC) + n * ONE for n in range(1827)]
    offsets = [at.astimezone(zone).utcoffset() for at in noons]
    return [b.date() for (a, b), (x, y) in zip(pairwise(noons), pairwise(offsets), strict=True) if x != y]


def first_instants(zone: ZoneInfo, around: date) -> tuple[dict[datetime, datetime], Counter[datetime]]:
    """Walk through real time by quarter hours and note when each wall time comes first, and how often it comes."""
    first: dict[datetime, datetime] = {}
    often: Counter[datetime] = Counter()
    at = datetime.combine(around - 3 * ONE, time(0), UTC)
    while at < datetime.combine(around + 4 * ONE, time(0), UTC):
        wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
        first.setdefault(wall, at)
        often[wall] += 1
        at += timedelta(minutes=15)
    return first, often
