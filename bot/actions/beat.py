"""Beat: note that answers can come in, and, in the same transaction, an outage and what must follow a silence."""

from datetime import datetime

from sqlmodel import Session

from bot.actions.come_back import TAPS_LAST, begin_return
from bot.actions.keep_time import hold_beat, last_heard, note_alive, silent_since
from bot.actions.study import Study


def beat(
    session: Session, *, study: Study, system_now: datetime, now: datetime, shifted: bool, restarted: bool = False
) -> bool:
    """Beat once; answers True when the silence before was an outage.

    After a silence in which taps are lost, or an outage, open cards must be redrawn: `come_back` does it. Of several
    replicas that beat at the same time, each finds what the one before it has noted.
    """
    hold_beat(session)
    since, before = silent_since(session, system_now, TAPS_LAST), last_heard(session)
    policy = study.protocol.outages
    out = note_alive(session, policy, system_now=system_now, now=now, shifted=shifted, restarted=restarted)
    if since is not None or (out and before is not None):
        begin_return(session, silent_since=since or before or now, now=now)
    return out
