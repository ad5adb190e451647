"""The pause that the channel has asked for, kept so that a restart or another leader obeys it too.

Instants are the system clock's: the channel knows no study time. The row of the lease would be no better place, since
a database file has none.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from bot.storage.facts import note_fact
from bot.storage.tables import InstanceRow

PAUSE: Final = "paused_until"


def keep_pause(session: Session, seconds: float, *, system_now: datetime) -> None:
    """Remember that nothing may be sent for so long from now."""
    note_fact(session, PAUSE, (system_now + timedelta(seconds=seconds)).isoformat(), at=system_now)


def kept_pause(session: Session, *, system_now: datetime) -> float:
    """Seconds for which nothing may be sent; 0 when there is no pause.

    A system clock that was put back meanwhile makes the pause last its whole length again, but no longer.
    """
    kept = session.get(InstanceRow, PAUSE)
    if kept is None:
        return 0.0
    until = datetime.fromisoformat(kept.value)
    return max((until - max(system_now, kept.learnt_at)).total_seconds(), 0.0)
