"""Beat: note that answers can come in, record an outage, and come back after a silence, in one transaction."""

from datetime import datetime

from sqlmodel import Session

from bot.actions.come_back import TAPS_LAST, come_back
from bot.actions.keep_time import hold_beat, last_heard, note_alive, silent_since
from bot.actions.study import Study


def beat(
    session: Session, *, study: Study, system_now: datetime, now: datetime, shifted: bool, restarted: bool = False
) -> bool:
    """Beat once; answers True when the silence before was an outage.

    After a silence in which taps are lost, or an outage, open cards are redrawn. Of several replicas that beat at the
    same time, each finds what the one before it has noted.
    """
    hold_beat(session)
    since, before = silent_since(session, system_now, TAPS_LAST), last_heard(session)
    policy = study.protocol.outages
    out = note_alive(session, policy, system_now=system_now, now=now, shifted=shifted, restarted=restarted)
    if since is not None or (out and before is not None):
        come_back(session, study=study, silent_since=since or before or now, now=now)
    return out
