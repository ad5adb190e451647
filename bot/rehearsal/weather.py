"""Bad weather for a rehearsal: faults of Telegram and of the line, and hours in which the service is down."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from bot.sandbox.faults import Fault, FaultKind, Switchboard
from schedules.windows import instant

# Shares of all calls; every kind strikes often enough in 24 weeks to be counted, and most calls still succeed.
SHARES: Final = (
    (FaultKind.TOO_MANY, 0.006),
    (FaultKind.SERVER_ERROR, 0.004),
    (FaultKind.BAD_GATEWAY, 0.003),
    (FaultKind.HTML_BODY, 0.002),
    (FaultKind.TRUNCATED, 0.002),
    (FaultKind.RESET, 0.003),
    (FaultKind.TIMEOUT_BEFORE, 0.003),
    (FaultKind.TIMEOUT_AFTER, 0.004),
)
LENGTHS: Final = (
    timedelta(minutes=4),
    timedelta(minutes=20),
    timedelta(minutes=45),
    timedelta(hours=3),
    timedelta(hours=11),
    timedelta(hours=23, minutes=50),
)
OUTAGES_APART: Final = (6, 16)  # days


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch in which the service is down."""

    at: datetime
    length: timedelta


def spoil(switches: Switchboard) -> None:
    """Switch on every fault of Telegram and of the line, each for its share of the calls."""
    for kind, share in SHARES:
        switches.on(Fault(kind, probability=share, retry_after=3))


def draw_outages(seed: int, begins: datetime, ends: datetime, tzid: str) -> list[Outage]:
    """Outages over the whole study, most of them at hours at which somebody answers."""
    rng = Random(f"{seed}/outages")  # noqa: S311  # play, not secrecy
    day, found = begins.date() + timedelta(days=10), []
    while (at := instant(day, time(rng.choice((8, 11, 18, 19, 20, 21)), rng.randrange(60)), tzid)) < ends:
        found.append(Outage(at, rng.choice(LENGTHS)))
        day += timedelta(days=rng.randrange(*OUTAGES_APART))
    return found
